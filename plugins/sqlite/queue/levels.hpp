// How full a queue is, and whether there is room for more.
//
// What is submitted and not committed counts as coming, so that the bounds hold also while several publish.
//
// Threads  any.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "queue/table.hpp"

namespace sluice::sqlite {

class QueueLevels {
public:
    struct Bounds {  // 0 = none
        std::int64_t messages = 0;
        std::int64_t bytes = 0;
    };

    void set(const QueueCounts& counts) {
        const std::lock_guard lock(mutex_);
        counts_ = counts;
        room_.notify_all();
    }
    void add(const QueueCounts& change) {
        const std::lock_guard lock(mutex_);
        counts_.messages = std::max<std::int64_t>(counts_.messages + change.messages, 0);
        counts_.bytes = std::max<std::int64_t>(counts_.bytes + change.bytes, 0);
        counts_.dead = std::max<std::int64_t>(counts_.dead + change.dead, 0);
        if (change.messages < 0 || change.bytes < 0) room_.notify_all();
    }
    QueueCounts counts() const {
        const std::lock_guard lock(mutex_);
        return counts_;
    }

    // Of all the bounds that are asked for, the tightest hold.
    void bind(const Bounds& asked) {
        const std::lock_guard lock(mutex_);
        asked_.push_back(&asked);
        find_tightest();
    }
    void unbind(const Bounds& asked) {
        const std::lock_guard lock(mutex_);
        std::erase(asked_, &asked);
        find_tightest();
        room_.notify_all();
    }
    Bounds bounds() const {
        const std::lock_guard lock(mutex_);
        return bounds_;
    }

    // How many of these messages, from the first on, have room; they count as coming from now on. All or none, after waiting
    // for room up to `patience`; only where all could not be in the queue at once, as many as there is room for.
    std::size_t admit(std::span<const std::int64_t> sizes, std::chrono::milliseconds patience) {
        std::int64_t bytes = 0;
        for (const std::int64_t size : sizes) bytes += size;
        const auto count = static_cast<std::int64_t>(sizes.size());
        std::unique_lock lock(mutex_);
        const bool could_fit =
            (bounds_.messages == 0 || count <= bounds_.messages) && (bounds_.bytes == 0 || bytes <= bounds_.bytes);
        const auto fits = [&] { return could_fit ? has_room(count, bytes) : has_room(1, sizes.front()); };
        if (!room_.wait_for(lock, patience, fits)) return 0;
        std::size_t admitted = sizes.size();
        if (!could_fit)
            for (admitted = 0, bytes = 0; admitted < sizes.size(); bytes += sizes[admitted++])
                if (!has_room(static_cast<std::int64_t>(admitted) + 1, bytes + sizes[admitted])) break;
        coming_messages_ += static_cast<std::int64_t>(admitted);
        coming_bytes_ += bytes;
        return admitted;
    }
    // What was admitted is stored, and counted, or will not be.
    void arrived(std::int64_t messages, std::int64_t bytes) {
        const std::lock_guard lock(mutex_);
        coming_messages_ -= messages;
        coming_bytes_ -= bytes;
        room_.notify_all();
    }

private:
    void find_tightest() {
        const auto tighter = [](std::int64_t one, std::int64_t other) {
            return one == 0 || (other != 0 && other < one) ? other : one;
        };
        bounds_ = {};
        for (const Bounds* each : asked_)
            bounds_ = {tighter(bounds_.messages, each->messages), tighter(bounds_.bytes, each->bytes)};
    }
    bool has_room(std::int64_t messages, std::int64_t bytes) const {
        return (bounds_.messages == 0 || counts_.messages + coming_messages_ + messages <= bounds_.messages) &&
               (bounds_.bytes == 0 || counts_.bytes + coming_bytes_ + bytes <= bounds_.bytes);
    }

    mutable std::mutex mutex_;
    std::condition_variable room_;
    // guarded by mutex_
    QueueCounts counts_;
    std::vector<const Bounds*> asked_;
    Bounds bounds_;
    std::int64_t coming_messages_ = 0;
    std::int64_t coming_bytes_ = 0;
};

}  // namespace sluice::sqlite
