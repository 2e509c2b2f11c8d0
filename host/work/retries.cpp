#include "work/retries.hpp"

#include <limits>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"

namespace sluice {
namespace {

constexpr const char* no_reason = "the handler gave no reason";

}  // namespace

std::int64_t Retries::after_failure_ns(Message* message, std::int64_t delay_ms, std::string text) {
    if (!policy_.park || message->view.attempt >= policy_.attempts) {
        give_up(message, std::move(text));
        return 0;
    }
    counters_.retried.add();
    const std::int64_t backoff = backoff_.after_ns(message->view.attempt, delay_ms);
    const bool has_reason = !text.empty();
    if (!has_reason) text = no_reason;
    say_failed(*message, backoff, text);
    message->fail(std::move(text));  // for `why`, as long as it waits
    ++message->view.attempt;
    reports_.failed_attempt(*message, backoff, has_reason ? std::string_view(message->failure->text) : std::string_view());
    return clock_.now() + backoff;
}

std::int64_t Retries::after_outage_ns(Message* message, std::int64_t delay_ms, std::string text) {
    const std::int64_t wait = backoff_.outage_ns(message->outages, delay_ms);
    if (message->outages != std::numeric_limits<std::uint16_t>::max()) ++message->outages;
    const auto left_out = notices_.pass(PoolNotices::About::outage, clock_.now());
    logger_.log(left_out ? LogLevel::warn : LogLevel::debug,
                "message {} is tried again in {} ms, which does not count as an attempt, since what its handler depends on is "
                "unreachable: {}{}",
                clean_text(view_of(message->view.id)), wait / ns_per_ms, text.empty() ? "it gave no reason" : text,
                PoolNotices::more(left_out.value_or(0)));
    message->fail(std::move(text));
    return clock_.now() + wait;
}

void Retries::give_up(Message* message, std::string text) {
    message->outcome = Outcome::dead_letter;
    message->fail(text.empty() ? std::string(no_reason) : std::move(text));
}

void Retries::say_failed(const Message& message, std::int64_t backoff_ns, std::string_view text) {
    const auto left_out = notices_.pass(PoolNotices::About::failed_attempt, clock_.now());
    logger_.log(left_out ? LogLevel::warn : LogLevel::debug,
                "message {} failed at attempt {} of {} and is tried again in {} ms: {}{}", clean_text(view_of(message.view.id)),
                message.view.attempt, policy_.attempts, backoff_ns / ns_per_ms, text, PoolNotices::more(left_out.value_or(0)));
}

}  // namespace sluice
