#include "source/poller.hpp"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::int64_t poll_retry_first_ns = 100 * ns_per_ms;
constexpr std::int64_t poll_retry_max_ns = 5'000 * ns_per_ms;
constexpr std::uint32_t longest_wait_ms = 1'000;                 // an adapter that can be woken
constexpr std::uint32_t longest_wait_without_wake_ms = 10;       // one that cannot
constexpr std::int64_t poll_empty_again_ns = 1'000 * ns_per_ms;  // an empty queue that pools may still publish to

}  // namespace

std::uint32_t Poller::wait_ms() const {
    if (!came_empty_) return 0;
    return queue_.can_wake() ? longest_wait_ms : longest_wait_without_wake_ms;
}

MessageList Poller::poll(const PollAllowance& allowance, std::uint32_t wait_ms, std::int64_t& now_ns) {
    const auto max = static_cast<std::uint32_t>(std::min<std::uint64_t>(allowance.messages, limits::poll_batch));
    if (stages_ != nullptr) stored_seen_ = stages_->begin_poll(stage_);
    supply_ = Supply::open;
    intake_.open(max, allowance.bytes, now_ns);
    FaultBuffer fault;
    // In the ABI a bound of 0 is none.
    const sluice_poll asked{sizeof(sluice_poll), max, std::max<std::uint64_t>(allowance.bytes, 1), wait_ms, 0};
    const sluice_status status = queue_.poll(asked, fault);
    MessageList polled = intake_.close();
    came_empty_ = polled.empty();
    if (!came_empty_ && wait_ms != 0) {  // received after the wait, not before
        now_ns = clock_.now();
        for (Message* message = polled.first(); message != nullptr; message = message->next) message->received_ns = now_ns;
    }
    answered(status, fault);
    return polled;
}

void Poller::answered(sluice_status status, const FaultBuffer& fault) {
    if (status == SLUICE_OK || status == SLUICE_END) {
        if (failures_ != 0) {
            logger_.info("responds again after {:.1f} s", static_cast<double>(clock_.now() - away_since_ns()) / 1e9);
            away_since_ns_.store(0, std::memory_order_relaxed);
        }
        failures_ = 0;
        if (status == SLUICE_END) {
            const bool is_fed = stages_ != nullptr && stages_->is_fed(stage_);
            supply_ = is_fed ? Supply::at_end : Supply::over;
        }
        // Others than pools may put something there too.
        again_ns_ = supply_ == Supply::at_end ? clock_.now() + poll_empty_again_ns : 0;
    } else if (status == SLUICE_FAILED || status == SLUICE_CORRUPT || status == SLUICE_INVALID || status == SLUICE_CONTRACT ||
               status == SLUICE_UNSUPPORTED) {
        failed_ = fault.error(status).message;
    } else {
        again_ns_ = clock_.now() + std::min(poll_retry_first_ns << std::min(failures_, 10u), poll_retry_max_ns);
        if (failures_++ == 0) {
            away_since_ns_.store(clock_.now(), std::memory_order_relaxed);
            logger_.warn("the source is unreachable and is tried again: {}", fault.error(status).message);
        }
    }
}

}  // namespace sluice
