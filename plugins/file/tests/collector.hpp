// The host's end of a source, which keeps what it is given.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sluice/sdk/queue.hpp"

namespace sluice::file {

struct Received {
    std::string body;
    std::string id;
    std::string stream;
    std::string refused;
    std::uint64_t tag = 0;
    std::uint64_t position = 0;
    std::uint64_t position_end = 0;
};

class Collector {
public:
    SourceSink sink() { return SourceSink(&table_); }

    std::size_t room = ~std::size_t{0};     // messages it takes before it says full
    std::size_t largest = ~std::size_t{0};  // body it takes
    std::vector<Received> received;
    std::map<std::uint64_t, sluice_status> settled;
    std::uint64_t confirmed_below = 0;
    std::string confirmed_stream;

    std::vector<std::string> bodies() const {
        std::vector<std::string> all;
        for (const Received& each : received) all.push_back(each.body);
        return all;
    }
    std::vector<std::string> ids() const {
        std::vector<std::string> all;
        for (const Received& each : received) all.push_back(each.id);
        return all;
    }
    sluice_settlement ack(std::size_t index) const { return {received.at(index).tag, SLUICE_ACK, 0, 0, {}, 0, 0}; }
    sluice_settlement release(std::size_t index, std::int64_t delay_ms = 0) const {
        return {received.at(index).tag, SLUICE_RELEASE, 0, delay_ms, {}, 0, 0};
    }

private:
    static sluice_status push(void* context, const sluice_incoming* message) {
        auto& self = *static_cast<Collector*>(context);
        if (self.received.size() >= self.room) return SLUICE_FULL;
        if (message->refused.size == 0 && message->body.size > self.largest) return SLUICE_INVALID;
        self.received.push_back({std::string(view(message->body)), std::string(view(message->id)),
                                 std::string(view(message->id).substr(0, message->stream_size)),
                                 std::string(view(message->refused)), message->tag, message->position, message->position_end});
        return SLUICE_OK;
    }
    static void settle(void* context, const std::uint64_t* tags, std::uint64_t count, sluice_status status) {
        for (std::uint64_t i = 0; i < count; ++i) static_cast<Collector*>(context)->settled[tags[i]] = status;
    }
    static void confirm(void* context, sluice_bytes stream, std::uint64_t position) {
        auto& self = *static_cast<Collector*>(context);
        self.confirmed_stream = view(stream);
        self.confirmed_below = position;
    }

    sluice_queue_sink table_{sizeof(sluice_queue_sink), 0, this, &push, nullptr, nullptr, &settle, &confirm, nullptr, nullptr};
};

}  // namespace sluice::file
