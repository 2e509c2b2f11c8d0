// What is in flight in one pool, per worker and per slot: routed, and not back from its worker.
//
// Threads      the source thread.
// Cost         per message: one count up and one down, per worker and slot. The search for a better worker: only for a slot of
//              which nothing is in flight, on a worker that has too much.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/limits.hpp"

namespace sluice {

class Loads {
public:
    Loads(std::uint32_t workers, bool by_slot) : workers_(workers), slots_(by_slot ? std::make_unique<Slots>() : nullptr) {}

    bool by_slot() const { return slots_ != nullptr; }

    void add(std::uint32_t worker) { ++workers_[worker]; }
    void remove(std::uint32_t worker) {
        --workers_[worker];
        ++removed_;
    }
    std::uint32_t of_worker(std::uint32_t worker) const { return workers_[worker]; }
    // The rest of these: by_slot. True: it was idle.
    bool add_to_slot(std::uint16_t slot) { return (*slots_)[slot]++ == 0; }
    void remove_from_slot(std::uint16_t slot) { --(*slots_)[slot]; }
    std::uint32_t of_slot(std::uint16_t slot) const { return (*slots_)[slot]; }

    // The worker with the fewest messages. One after the other among equals, so that messages that come singly do not all meet
    // the same.
    std::uint32_t least() {
        const auto count = static_cast<std::uint32_t>(workers_.size());
        std::uint32_t best = next_;
        for (std::uint32_t i = 1, at = next_; i < count; ++i) {
            at = at + 1 == count ? 0 : at + 1;
            if (workers_[at] < workers_[best]) best = at;
        }
        next_ = best + 1 == count ? 0 : best + 1;
        return best;
    }
    // May another have clearly fewer?
    bool seems_much(std::uint32_t worker) const { return workers_[worker] > enough_; }
    // Then where an idle slot of this worker had better go; here, if no other has.
    std::uint32_t better_than(std::uint32_t worker) {
        const std::uint32_t other = least();
        enough_ = workers_[other] + margin_;
        return workers_[worker] <= enough_ ? worker : other;
    }
    // Before messages are routed: workers may have finished some.
    void look(std::int64_t now_ns) {
        const std::int64_t passed_ns = now_ns - looked_ns_;
        if (passed_ns >= worth_ns) {
            margin_ = std::max(
                margin_min, static_cast<std::uint32_t>(static_cast<double>(removed_) * worth_ns /
                                                       static_cast<double>(passed_ns) / static_cast<double>(workers_.size())));
            looked_ns_ = now_ns;
            removed_ = 0;
        }
        enough_ = margin_;
    }

private:
    using Slots = std::array<std::uint32_t, limits::slots>;

    // A move is to save that much waiting: with handlers that take microseconds, keys stay although one worker has fifty more.
    static constexpr std::int64_t worth_ns = 1'000'000;
    static constexpr std::uint32_t margin_min = 2;

    std::vector<std::uint32_t> workers_;
    std::unique_ptr<Slots> slots_;
    std::uint32_t next_ = 0;             // where the search begins
    std::uint32_t margin_ = margin_min;  // about what a worker does in worth_ns
    std::uint32_t enough_ = margin_min;  // a worker with no more than that keeps its slots; grows while messages are routed
    std::uint32_t removed_ = 0;          // since the last look
    std::int64_t looked_ns_ = 0;
};

}  // namespace sluice
