// What is routed to one worker and has no room in its queue yet, in order.
//
// Threads      the source thread.
// Ownership    owns the messages until they are taken or pushed.
#pragma once

#include <cstdint>

#include "core/message.hpp"
#include "observe/notice.hpp"
#include "work/worker.hpp"

namespace sluice {

struct Line {
    explicit Line(Worker& to) : worker(&to) {}

    [[gnu::always_inline]] void add(Message* message) {
        messages.push_back(message);
        bytes += message->charge;
    }
    Message* take_first() {
        Message* message = messages.pop_front();
        bytes -= message->charge;
        return message;
    }

    Worker* worker;
    MessageList messages;
    std::uint64_t bytes = 0;    // of them
    std::int64_t since_ns = 0;  // when they began to wait, which is when they were polled
    TwoWayNotice nearly_full{0.8, 0.5};
    RateLimit notices{60'000'000'000};  // a fast source fills a queue many times per second
    RateLimit releases{60'000'000'000};
    bool noticed = false;  // its end is to be said too
    bool listed = false;   // among those in use
};

}  // namespace sluice
