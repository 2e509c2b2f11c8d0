// What a worker does with a message whose handler says that something it depends on is unreachable: a service, a printer.
//
// The message waits with its key, every other key goes on: an outage may concern the customer of one message alone. If it
// concerns all of them, all of them wait, up to the bound of parked messages, and the worker takes nothing new until one has
// come through.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"
#include "work/worker.hpp"

namespace sluice {

// When it is tried again. The attempt stays the same.
std::int64_t Worker::after_outage_ns(Message* message, std::int64_t delay_ms, std::string text) {
    const std::int64_t wait = backoff_.outage_ns(message->outages, delay_ms);
    if (message->outages != std::numeric_limits<std::uint16_t>::max()) ++message->outages;
    const auto left_out = notices_.pass(PoolNotices::About::outage, clock_.now());
    logger_.log(left_out ? LogLevel::warn : LogLevel::debug,
                "message {} is tried again in {} ms, which does not count as an attempt, since what its handler depends on is "
                "unreachable: {}{}",
                clean_text(view_of(message->view.id)), wait / 1'000'000, text.empty() ? "it gave no reason" : text,
                PoolNotices::more(left_out.value_or(0)));
    message->fail(std::move(text));
    return clock_.now() + wait;
}

}  // namespace sluice
