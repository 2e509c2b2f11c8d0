// How far a source has confirmed permanently that it will not deliver again: told by the source thread, passed on by workers to
// databases that keep records of what they have seen.
//
// Threads      write: the source thread. changes, read: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

class Confirmed {
public:
    struct Position {
        std::string source;  // its identity
        std::string stream;
        std::uint64_t below = 0;
        std::uint64_t changes = 0;
    };

    explicit Confirmed(std::string source) { position_.source = std::move(source); }

    void write(std::string_view stream, std::uint64_t below) {
        std::lock_guard lock(mutex_);
        position_.stream.assign(stream);
        position_.below = below;
        changes_.store(++position_.changes, std::memory_order_relaxed);  // only a hint that read() is worth its lock
    }
    std::uint64_t changes() const { return changes_.load(std::memory_order_relaxed); }
    Position read() const {
        std::lock_guard lock(mutex_);
        return position_;
    }

private:
    mutable std::mutex mutex_;
    Position position_;  // guarded by mutex_
    std::atomic<std::uint64_t> changes_{0};
};

}  // namespace sluice
