// What the workers of one pool say of failures, together: the first at once, then one in ten seconds with the number of those
// that were left out. Ten workers that lose the same server are one line, not ten.
//
// Threads      any; taken only when something has failed.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "core/bytes.hpp"
#include "core/message.hpp"
#include "observe/notice.hpp"
#include "plugin/fault.hpp"

namespace sluice {

class PoolNotices {
public:
    enum class About : std::uint8_t { failed_attempt, outage, pause, misbehaviour, failed_batch, too_many_deferred, overdue };

    // The number left out since the last one said, or nothing if this one is to be left out.
    std::optional<std::uint64_t> pass(About about, std::int64_t now_ns) {
        const std::lock_guard lock(mutex_);
        return limits_[static_cast<std::size_t>(about)].pass(now_ns);
    }
    // How a message is named.
    static std::string id_of(const Message& message) { return clean_text(view_of(message.view.id)); }
    // How that number is said, at the end of a line.
    static std::string more(std::uint64_t left_out) {
        return left_out == 0 ? "" : " (" + std::to_string(left_out) + " more since the last such line)";
    }

private:
    struct Limit : RateLimit {
        constexpr Limit() : RateLimit(10'000'000'000) {}
    };

    std::mutex mutex_;
    Limit limits_[static_cast<std::size_t>(About::overdue) + 1];  // guarded by mutex_
};

}  // namespace sluice
