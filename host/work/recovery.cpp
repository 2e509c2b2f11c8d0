#include "work/recovery.hpp"

#include <algorithm>
#include <optional>

namespace sluice {
namespace {

constexpr std::int64_t pause_first_ns = 100 * ns_per_ms;
constexpr std::int64_t pause_max_ns = 5'000 * ns_per_ms;

}  // namespace

void Recovery::unit_failed(const Unit& unit) {
    if (!is_to_restart_) pause(unit.retry_later, unit.answer.text, unit.messages.size() == 1);
    is_to_restart_ = true;
}

void Recovery::unit_worked(const Unit& unit) {
    failures_in_a_row_ = 0;  // the message at which it paused last stood first: something has worked since
    if (unit.has_effects) suspicion_.worked();
}

void Recovery::pause(bool something_is_away, std::string_view why, bool alone) {
    why_.assign(why);
    if (gate_.shut()) {  // the circuit has said why, and says when
        gate_.note_loss();
        suspicion_.lost(why, alone);
        return;
    }
    const std::uint32_t doublings = std::min(failures_in_a_row_++, 10u);
    const std::int64_t first = something_is_away ? pause_first_ns : ns_per_ms;
    const std::int64_t wait = std::min(first << doublings, pause_max_ns);
    again_at_ns_ = clock_.now() + wait;
    const auto left_out = something_is_away ? notices_.pass(PoolNotices::About::pause, clock_.now()) : std::nullopt;
    logger_.log(left_out ? LogLevel::warn : LogLevel::debug,
                "pauses for {} ms and tries again, which does not count as an attempt: {}{}", wait / ns_per_ms, why,
                PoolNotices::more(left_out.value_or(0)));
}

Message* Recovery::judge(Backlog& backlog) {
    Message* next = backlog.first_again();
    switch (suspicion_.judge(gate_.loss_was_spurious(), next != nullptr && next->suspect)) {
        case Suspicion::Verdict::none: return nullptr;
        case Suspicion::Verdict::suspect:
            logger_.warn(
                "loses its database again and again, although it responds when it is asked: runs its messages one by one, to "
                "find the one that causes it: {}",
                suspicion_.why());
            backlog.suspect_again(policy_.batch_max);
            return nullptr;
        case Suspicion::Verdict::blame: break;
    }
    backlog.take_first_again();
    return next;
}

}  // namespace sluice
