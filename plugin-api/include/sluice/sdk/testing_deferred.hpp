// The part of the fake host that knows deferred messages: testing.hpp.
//
// Threads    any.
// Ownership  keeps a deferred message's memory until its end: a sanitizer finds views that were kept longer.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "sluice/handler.h"

namespace sluice::inline sdk {

// How a handler ended a deferred message.
struct FakeEnd {
    sluice_ticket ticket = 0;
    sluice_verdict verdict = 0;  // 0: resume it, with the cookie
    std::uint64_t cookie = 0;
    std::string text{};
    sluice_status status = SLUICE_OK;  // with a retry, SLUICE_UNAVAILABLE and SLUICE_CONFLICT do not count as an attempt
};

class FakeDeferred {
public:
    // The ends so far, once there are so many of them; fewer if they do not come in time.
    std::vector<FakeEnd> wait_for_ends(std::size_t count, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, deadline, [&] { return ends_.size() >= count; });
        return ends_;
    }
    std::size_t open() const {
        const std::lock_guard lock(mutex_);
        return open_.size();
    }

    bool is_open(sluice_ticket ticket) const {
        const std::lock_guard lock(mutex_);
        return open_.contains(ticket);
    }

    // ---- the fakes' own ----
    // A call with as many messages, whose tickets stand one behind the other; 0: none any more.
    void running(sluice_ticket first, std::size_t count) {
        const std::lock_guard lock(mutex_);
        running_ = first;
        running_count_ = count;
    }
    // A message of the call was deferred, and lives on.
    void deferred(sluice_ticket ticket, std::shared_ptr<void> memory) {
        const std::lock_guard lock(mutex_);
        const FakeEnd* early = end_of(ticket);
        if (early == nullptr)
            open_[ticket] = std::move(memory);
        else if (early->verdict == 0)
            resumed_[ticket] = std::move(memory);
    }
    sluice_status end(FakeEnd end) {
        const std::lock_guard lock(mutex_);
        const auto open = open_.find(end.ticket);
        const bool runs = running_ != 0 && end.ticket - running_ < running_count_;
        if (open == open_.end() && (!runs || end_of(end.ticket) != nullptr)) return SLUICE_STALE;
        if (open != open_.end()) {
            if (end.verdict == 0) resumed_[end.ticket] = std::move(open->second);
            open_.erase(open);
        }
        ends_.push_back(std::move(end));
        changed_.notify_all();
        return SLUICE_OK;
    }
    std::shared_ptr<void> take_resumed(sluice_ticket ticket) {
        const std::lock_guard lock(mutex_);
        auto memory = std::move(resumed_[ticket]);
        resumed_.erase(ticket);
        return memory;
    }

private:
    // Under the lock.
    const FakeEnd* end_of(sluice_ticket ticket) const {
        const auto found = std::find_if(ends_.begin(), ends_.end(), [&](const auto& end) { return end.ticket == ticket; });
        return found == ends_.end() ? nullptr : &*found;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<sluice_ticket, std::shared_ptr<void>> open_;
    std::map<sluice_ticket, std::shared_ptr<void>> resumed_;
    std::vector<FakeEnd> ends_;
    sluice_ticket running_ = 0;
    std::size_t running_count_ = 0;
};

}  // namespace sluice::inline sdk
