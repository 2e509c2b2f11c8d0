// Keeps a source from being polled while more of its messages become dead letters than dead_letters.max_rate allows, and says so once
// each way.
//
// Threads      the source thread.
#pragma once

#include <cstdint>
#include <utility>

#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "settle/sliding_rate.hpp"

namespace sluice {

class DeadLetterPause {
public:
    explicit DeadLetterPause(Logger logger) : logger_(logger) {}

    void limit(SlidingRate rate) { rate_ = rate; }
    void add(std::int64_t now_ns) { rate_.add(now_ns); }
    bool on(std::int64_t now_ns) {
        if (rate_.exceeded(now_ns) == on_) return on_;
        on_ = !on_;
        if (on_ && (said_ = notices_.pass(now_ns).has_value()))
            logger_.warn("more dead letters come in than dead_letters.max_rate allows: nothing is polled until there are fewer");
        else if (!on_ && said_)
            logger_.info("dead letters are within dead_letters.max_rate again: polling goes on");
        return on_;
    }
    // When to look again; 0 = it is not on.
    std::int64_t until_ns() const { return on_ ? rate_.next_step_ns() : 0; }

private:
    const Logger logger_;
    SlidingRate rate_{0, 1};
    bool on_ = false;
    bool said_ = false;
    RateLimit notices_{60'000'000'000};
};

}  // namespace sluice
