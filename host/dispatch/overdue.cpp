#include "dispatch/overdue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/bytes.hpp"
#include "core/clock.hpp"
#include "observe/readable.hpp"

namespace sluice {
namespace {

constexpr std::int64_t answer_ns = 100 * ns_per_ms;  // a worker that takes longer is inside a handler
// A message may stay that old for hours, and to walk many takes its time.
constexpr std::int64_t look_again_first_ns = 1'000 * ns_per_ms;
constexpr std::int64_t look_again_last_ns = 10'000 * ns_per_ms;
constexpr std::size_t shown_bytes = 60;

std::string span_of(std::int64_t ns) {
    return readable_duration(static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)));
}

std::string_view shown(const sluice_bytes& text) {
    return view_of(text).substr(0, shown_bytes);
}

std::string because(const std::string& why) {
    return why.empty() ? "" : ": " + why;
}

}  // namespace

std::string waits_for(const PoolQuestion& question, std::int64_t now_ns) {
    if (question.waiting_for_room != 0) return fmt::format("room in the queue of worker {}", question.worker);
    if (!question.answered.load(std::memory_order_acquire))
        return fmt::format("worker {}, which does not answer", question.worker);
    if (question.deferred) return "a message that its handler has deferred, until that is completed";
    if (question.parked != 0)
        return fmt::format("attempt {} of message {} in {}{}", question.attempt, question.parked_id,
                           span_of(question.due_ns - now_ns), because(question.parked_error));
    if (question.database_away) return "a database that is unreachable" + because(question.pauses_for);
    if (question.paused_until_ns > now_ns)
        return fmt::format("its unit of work to be tried again in {}{}", span_of(question.paused_until_ns - now_ns),
                           because(question.pauses_for));
    if (question.in_handler)
        return fmt::format("worker {}, which has been in a batch for {}, now with {}", question.worker,
                           span_of(now_ns - question.handling_since_ns), question.handling);
    if (question.run_again != 0) return "its unit of work, which failed, to run again";
    if (question.committing != 0) return "its unit of work to be committed, published and settled";
    if (question.blocked)
        return fmt::format("worker {}, which takes nothing new: a key has as many messages as park_limit allows",
                           question.worker);
    if (question.queued != 0)
        return fmt::format("its turn, behind {} others in the queue of worker {}", question.before, question.worker);
    if (question.held != 0) return fmt::format("its turn at worker {}", question.worker);
    return "its dead letter to be stored, or for an earlier one of its key";
}

void Overdue::add(WorkerPool& pool, Logger logger) {
    const std::int64_t warn_at_ns = pool.policy().warn_at_ms * ns_per_ms;
    pools_.push_back({.pool = &pool, .logger = logger, .warn_at_ns = warn_at_ns});
    if (warn_at_ns != 0) least_ns_ = std::min(least_ns_, warn_at_ns);
}

void Overdue::look(std::int64_t now_ns, const Ask& ask) {
    for (Pool& pool : pools_) pool.oldest = nullptr;
    store_.each_live([&](const Message& message) {
        if (message.pool >= pools_.size() || message.received_ns == 0) return;
        Pool& pool = pools_[message.pool];
        if (pool.warn_at_ns == 0 || now_ns - message.received_ns < pool.warn_at_ns) return;
        if (pool.oldest == nullptr || message.received_ns < pool.oldest->received_ns) pool.oldest = &message;
    });
    next_look_ns_ = now_ns + std::clamp(least_ns_, look_again_first_ns, look_again_last_ns);
    for (Pool& pool : pools_) {
        if (pool.asked != nullptr)
            say(pool, now_ns);
        else if (pool.oldest != nullptr)
            ask_about(pool, now_ns, ask);
        if (pool.asked != nullptr) next_look_ns_ = now_ns + answer_ns;
    }
}

void Overdue::ask_about(Pool& pool, std::int64_t now_ns, const Ask& ask) {
    const Message& message = *pool.oldest;
    const auto left_out = pool.notices.pass(now_ns);
    if (!left_out) return;
    const std::string_view key = shown(message.view.key);
    pool.about = fmt::format("message {}{} was received {} ago", shown(message.view.id),
                             key.empty() ? std::string(" without a key") : fmt::format(", key \"{}\",", key),
                             span_of(now_ns - message.received_ns));
    pool.remedy = key.empty() ? "a message without a key is not found by `sluice why`"
                              : fmt::format("`sluice why FILE --key '{}'` says more", key);
    pool.asked = ask(message);
    pool.asked_ns = now_ns;
}

void Overdue::say(Pool& pool, std::int64_t now_ns) {
    const auto is_answered = [&] { return pool.asked->answered.load(std::memory_order_acquire); };
    if (!is_answered()) pool.pool->worker(pool.asked->worker).answer_from_outside();
    if (!is_answered() && now_ns - pool.asked_ns < 5 * answer_ns) return;
    pool.logger.warn("{} and has not ended, which is longer than warn_at allows. It waits for {}; {}", pool.about,
                     waits_for(*pool.asked, now_ns), pool.remedy);
    pool.asked = nullptr;
}

}  // namespace sluice
