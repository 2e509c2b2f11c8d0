// Queues: faults around poll, settle and publish, before what was settled is confirmed, and lines for what came and what was
// confirmed.
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "faults.hpp"
#include "tables.hpp"

namespace faulty {
namespace {

sluice_queue real{};

// One open source. All but its place in the map belongs to its source's thread.
struct OpenSource {
    const sluice_queue_sink* host = nullptr;
    sluice_queue_sink mine{};
    std::string lines;                 // of this poll
    std::set<std::uint64_t> acking{};  // answers to others are no confirmations of acks

    void received(const sluice_incoming& message) {
        if (records())
            append_line(lines, "r " + std::string(view(message.id)) + ' ' + std::to_string(message.tag) + ' ' +
                                   std::to_string(message.attempt));
    }
    void confirmed(std::uint64_t tag) {
        if (records()) append_line(lines, "c " + std::to_string(tag));
    }
    void write() {
        record(lines);
        lines.clear();
    }
};

std::mutex mutex;
std::map<void*, std::unique_ptr<OpenSource>> open_sources;

OpenSource& source_of(void* self) {
    const std::lock_guard lock(mutex);
    return *open_sources.at(self);
}

OpenSource& of(void* context) {
    return *static_cast<OpenSource*>(context);
}

sluice_status push(void* context, const sluice_incoming* message) {
    at("deliver");
    const sluice_status status = of(context).host->push(of(context).host->context, message);
    if (status == SLUICE_OK) of(context).received(*message);
    return status;
}
char* reserve(void* context, std::uint64_t size) {
    return of(context).host->reserve(of(context).host->context, size);
}
sluice_status commit(void* context, const sluice_incoming* message) {
    at("deliver");
    const sluice_status status = of(context).host->commit(of(context).host->context, message);
    if (status == SLUICE_OK) of(context).received(*message);
    return status;
}
void settled(void* context, const std::uint64_t* tags, std::uint64_t count, sluice_status status) {
    for (std::uint64_t i = 0; i < count; ++i)
        if (of(context).acking.erase(tags[i]) != 0 && status == SLUICE_OK) of(context).confirmed(tags[i]);
    of(context).write();
    at("confirm.before");
    of(context).host->settled(of(context).host->context, tags, count, status);
}
void confirmed_below(void* context, sluice_bytes stream, std::uint64_t position) {
    of(context).host->confirmed_below(of(context).host->context, stream, position);
}
void revoke(void* context, std::uint32_t lane, std::uint32_t how, std::uint64_t token) {
    of(context).host->revoke(of(context).host->context, lane, how, token);
}
void lost(void* context, const std::uint64_t* tags, std::uint64_t count) {
    of(context).host->lost(of(context).host->context, tags, count);
}

sluice_status open_source(void* self, const sluice_queue_sink* sink, sluice_fault* fault) {
    auto source = std::make_unique<OpenSource>();
    source->host = sink;
    source->mine = {sizeof source->mine,
                    0,
                    source.get(),
                    &push,
                    sink->reserve == nullptr ? nullptr : &reserve,
                    sink->commit == nullptr ? nullptr : &commit,
                    &settled,
                    sink->confirmed_below == nullptr ? nullptr : &confirmed_below,
                    sink->revoke == nullptr ? nullptr : &revoke,
                    sink->lost == nullptr ? nullptr : &lost};
    const sluice_queue_sink* mine = &source->mine;
    {
        const std::lock_guard lock(mutex);
        open_sources[self] = std::move(source);
    }
    return real.open_source(self, mine, fault);
}

sluice_status poll(void* self, const sluice_poll* asked, sluice_fault* fault) {
    if (const auto status = at("poll.before")) return *status;
    const sluice_status status = real.poll(self, asked, fault);
    OpenSource& source = source_of(self);
    const bool came = !source.lines.empty() || !records();
    source.write();
    if (came) at("poll.after");  // of the polls that brought something: the others are countless
    return status;
}

sluice_status settle(void* self, const sluice_settlement* items, std::uint64_t count, sluice_fault* fault) {
    if (const auto status = at("settle.before")) return *status;
    OpenSource& source = source_of(self);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (items[i].action == SLUICE_ACK) source.acking.insert(items[i].tag);
        if (items[i].action == SLUICE_ACKED_IN_UNIT) source.confirmed(items[i].tag);  // the commit has been its ack
    }
    const sluice_status status = real.settle(self, items, count, fault);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (items[i].action != SLUICE_ACK || status == SLUICE_QUEUED) continue;
        if (source.acking.erase(items[i].tag) != 0 && status == SLUICE_OK) source.confirmed(items[i].tag);
    }
    source.write();
    at("settle.after");
    return status;
}

sluice_status publish(void* self, const sluice_outgoing* const* messages, std::uint64_t count, std::uint64_t first_token,
                      sluice_fault* fault) {
    if (const auto status = at("publish.before")) return *status;
    const sluice_status status = real.publish(self, messages, count, first_token, fault);
    at("publish.after");
    return status;
}

}  // namespace

const void* faulty_queue(const sluice_queue& table) {
    static sluice_queue made;
    real = copy_of(table);
    made = real;
    if (real.open_source != nullptr) {
        made.open_source = &open_source;
        made.poll = &poll;
        made.settle = &settle;
    }
    if (real.publish != nullptr) made.publish = &publish;
    return &made;
}

}  // namespace faulty
