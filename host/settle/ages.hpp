// When the messages in flight of one source were received: how many of each poll have not ended, so that the age of the oldest
// is known at any time.
//
// Threads      received, ended: the source thread. oldest_ns: any.
// Cost         nothing per message: one entry per poll that has brought something, one subtraction per run of ends whose
//              messages came with one poll (Settlement counts latencies so, too).
// Limits       at most twice as many entries as polls of which something is in flight, and a few.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

class Ages {
public:
    // A poll has brought `count` messages. Times do not run backwards.
    void received(std::int64_t at_ns, std::uint64_t count) {
        if (!polls_.empty() && polls_.back().received_ns == at_ns) {
            polls_.back().in_flight += count;
        } else {
            if (polls_.size() == polls_.capacity()) make_room();
            polls_.push_back({at_ns, count});
        }
        show();
    }

    // That many of those have ended.
    void ended(std::int64_t received_ns, std::uint64_t count) {
        const auto first = polls_.begin() + static_cast<std::ptrdiff_t>(oldest_);
        auto poll = first;  // mostly it is the oldest
        if (poll == polls_.end() || poll->received_ns != received_ns)
            poll = std::lower_bound(first, polls_.end(), received_ns,
                                    [](const Poll& one, std::int64_t ns) { return one.received_ns < ns; });
        if (poll == polls_.end() || poll->received_ns != received_ns) return;
        poll->in_flight -= std::min(poll->in_flight, count);
        if (poll == first && poll->in_flight == 0) show();
    }

    // When the oldest message in flight was received; 0 = none is.
    std::int64_t oldest_ns() const { return oldest_ns_.load(std::memory_order_relaxed); }  // nothing else is read with it

private:
    struct Poll {
        std::int64_t received_ns;
        std::uint64_t in_flight;
    };

    void show() {
        while (oldest_ < polls_.size() && polls_[oldest_].in_flight == 0) ++oldest_;
        if (oldest_ == polls_.size()) {
            polls_.clear();
            oldest_ = 0;
        }
        oldest_ns_.store(polls_.empty() ? 0 : polls_[oldest_].received_ns, std::memory_order_relaxed);
    }
    // One message that does not end must not keep an entry for all that came and went meanwhile.
    void make_room() {
        std::erase_if(polls_, [](const Poll& poll) { return poll.in_flight == 0; });
        oldest_ = 0;
        polls_.reserve(std::max<std::size_t>(2 * polls_.size(), 64));
    }

    std::vector<Poll> polls_;  // by time
    std::size_t oldest_ = 0;   // the first of which something is in flight
    std::atomic<std::int64_t> oldest_ns_{0};
};

}  // namespace sluice
