// What the threads of the host know of the processors they share.
//
// Threads  look: the watch. The rest: any.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

class Processors {
public:
    explicit Processors(std::uint32_t count) : count_(count) {}

    // `used_ns`: processor time of the whole process so far. Looks that follow each other at once are one.
    void look(std::int64_t now_ns, std::int64_t used_ns) {
        const std::int64_t passed_ns = now_ns - looked_ns_;
        if (passed_ns < shortest_look_ns) return;
        free_.store(used_ns - used_ns_ < passed_ns * count_ - passed_ns / 2, std::memory_order_relaxed);
        looked_ns_ = now_ns;
        used_ns_ = used_ns;
    }
    // Between the last two looks one was unused for half the time or more: another thread would find a place.
    bool has_free() const { return free_.load(std::memory_order_relaxed); }

private:
    static constexpr std::int64_t shortest_look_ns = 100'000;

    const std::int64_t count_;
    std::atomic<bool> free_{true};
    // the watch
    std::int64_t looked_ns_ = 0;
    std::int64_t used_ns_ = 0;
};

}  // namespace sluice
