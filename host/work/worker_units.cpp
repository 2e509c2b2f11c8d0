// How a worker ends its units of work: what is reported, what runs again, and how long it pauses before that.
#include <algorithm>
#include <unordered_set>

#include "core/clock.hpp"
#include "work/worker.hpp"

namespace sluice {
namespace {

constexpr std::int64_t pause_first_ns = 100 * ns_per_ms;
constexpr std::int64_t pause_max_ns = 5'000 * ns_per_ms;

}  // namespace

void Worker::finish_units() {
    while (Unit* unit = commits_.take_finished()) {
        // What comes after a unit that failed runs again too, or its keys would overtake.
        const bool earlier_failed = restart_;
        const bool whole = unit->failed || (earlier_failed && !unit->has_effects);
        MessageList again;
        std::unordered_set<std::uint64_t> keys_again;  // what follows of them in this unit runs again behind them
        std::uint64_t done = 0, skipped = 0, rejected = 0;
        for (std::uint32_t index = 0; index < unit->messages.size(); ++index) {
            Message* message = unit->messages[index];
            if (message == nullptr) continue;
            const bool is_lost = message->outcome == Outcome::lost_lease;
            const bool runs_again =
                !is_lost &&
                (whole || (!keys_again.empty() && !message->acked_in_unit && keys_again.contains(message->key_hash)));
            if (message->deferred && !unfinished(*unit, index, runs_again)) continue;
            if (runs_again || message->outcome == Outcome::none) {
                if (!whole && policy_.keep_order && message->key_hash != 0) keys_again.insert(message->key_hash);
                message->outcome = Outcome::none;
                message->acked_in_unit = message->recognised = false;
                message->failure.reset();
                again.push_back(message);
                continue;
            }
            done += message->outcome == Outcome::acked;
            skipped += message->outcome == Outcome::skipped;
            rejected += message->outcome == Outcome::dead_letter;
            if (message->resuming) forget_cookie(message);
            finished(message);
        }
        counters_.done.add(done);
        if (skipped != 0) counters_.skipped.add(skipped);
        if (rejected != 0) counters_.rejected.add(rejected);
        if (!again.empty()) {
            if (!earlier_failed) pause(unit->retry_later, unit->answer.text, unit->messages.size() == 1);
            // The first to fail goes before what has not even begun again, of which a part failed once more; those after it
            // follow.
            backlog_.run_again(again, earlier_failed);
            restart_ = true;
        } else if (done + skipped + rejected != 0) {
            failures_in_a_row_ = 0;  // the message at which it paused last stood first: something has worked since
            if (unit->has_effects) suspicion_.worked();
        }
        commits_.release(*unit);
    }
}

void Worker::pause(bool something_is_away, std::string_view why, bool alone) {
    pauses_for_.assign(why);
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

}  // namespace sluice
