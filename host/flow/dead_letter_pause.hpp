// Lets no more messages of a source become dead letters than dead_letters.max_rate allows. The others wait here for their turn,
// and while one waits nothing is polled; said once each way. So a fault that fails every message stops after as many, and a
// stop gives the rest back.
//
// Threads      the source thread.
// Ownership    holds the messages that wait.
// Limits       none of its own: they are in flight, and no more come while one waits.
#pragma once

#include <cstdint>
#include <utility>

#include "core/message.hpp"
#include "flow/sliding_rate.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"

namespace sluice {

class DeadLetterPause {
public:
    explicit DeadLetterPause(Logger logger) : logger_(logger) {}

    void limit(SlidingRate rate) { rate_ = rate; }
    // A message is to become a dead letter. False: it waits here. Out of line: it would weigh on the end of each message.
    [[gnu::noinline]] bool admit(Message* message, std::int64_t now_ns) {
        if (waiting_.empty() && rate_.allows(now_ns)) {
            rate_.add(now_ns);
            return true;
        }
        if (waiting_.empty()) begins(now_ns);
        waiting_.push_back(message);
        return false;
    }
    // The next one whose turn has come, or null.
    Message* next(std::int64_t now_ns) {
        if (waiting_.empty() || !rate_.allows(now_ns)) return nullptr;
        rate_.add(now_ns);
        Message* message = waiting_.pop_front();
        if (waiting_.empty()) ends();
        return message;
    }
    // All of them, whether their turn has come or not.
    void take_all(MessageList& out) {
        if (waiting_.empty()) return;
        out.splice_back(waiting_);
        ends();
    }
    bool on() const { return !waiting_.empty(); }
    std::uint32_t waiting() const { return waiting_.size(); }
    // When to ask for the next one; 0 = none waits.
    std::int64_t due_ns() const { return on() ? rate_.next_step_ns() : 0; }

private:
    void begins(std::int64_t now_ns) {
        if ((said_ = notices_.pass(now_ns).has_value()))
            logger_.warn(
                "more dead letters come in than dead_letters.max_rate allows: nothing is polled until there are fewer");
    }
    void ends() {
        if (std::exchange(said_, false)) logger_.info("dead letters are within dead_letters.max_rate again: polling goes on");
    }

    const Logger logger_;
    SlidingRate rate_{0, 1};
    MessageList waiting_;
    bool said_ = false;
    RateLimit notices_{60'000'000'000};
};

}  // namespace sluice
