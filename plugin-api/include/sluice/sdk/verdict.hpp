// What a handler says of a message.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

// What becomes of a message. Made by done(), retry(), unavailable(), reject(), skip() and defer().
class [[nodiscard]] Verdict {
public:
    explicit Verdict(sluice_verdict number) noexcept : number_(number) {}
    Verdict(sluice_verdict number, std::string text, std::int64_t delay_ms = 0, sluice_status status = SLUICE_FAILED) noexcept
        : number_(number),
          status_(status),
          delay_ms_(delay_ms),
          text_(std::move(text)) {}

    sluice_verdict number() const noexcept { return number_; }
    std::int64_t delay_ms() const noexcept { return delay_ms_; }  // as sluice_fault.retry_delay_ms
    const std::string& text() const noexcept { return text_; }
    sluice_status status() const noexcept { return status_; }  // goes with the text

private:
    sluice_verdict number_;
    sluice_status status_ = SLUICE_FAILED;
    std::int64_t delay_ms_ = 0;
    std::string text_;
};

// Effects are committed, publishes sent, the message acked.
inline Verdict done() noexcept {
    return Verdict(SLUICE_DONE);
}
namespace detail {
constexpr std::int64_t delay_of(std::chrono::milliseconds delay) {
    return delay.count() > 0 ? delay.count() : SLUICE_AT_ONCE;
}
}  // namespace detail

// No effects; again after the pool's backoff or after `delay`, until the attempts are used up.
inline Verdict retry(std::string text) {
    return {SLUICE_RETRY, std::move(text)};
}
inline Verdict retry(std::string text, std::chrono::milliseconds delay) {
    return {SLUICE_RETRY, std::move(text), detail::delay_of(delay)};
}
// No effects; again, because something that the handler depends on is unreachable, a service or a printer: it does not count as
// an attempt. The wait is `delay`, or grows with each time in a row up to 5 seconds; other keys go on meanwhile.
inline Verdict unavailable(std::string text) {
    return {SLUICE_RETRY, std::move(text), 0, SLUICE_UNAVAILABLE};
}
inline Verdict unavailable(std::string text, std::chrono::milliseconds delay) {
    return {SLUICE_RETRY, std::move(text), detail::delay_of(delay), SLUICE_UNAVAILABLE};
}
// No effects; a dead letter now. The text says why to whoever reads it there.
inline Verdict reject(std::string text) {
    return {SLUICE_REJECT, std::move(text)};
}
// No effects; acked and counted.
inline Verdict skip() noexcept {
    return Verdict(SLUICE_SKIP);
}
// No effects now: what was written or published in this call is dropped, and the key of the message waits. It goes on when a
// Completer of this call says so, from any thread; until then the message and all its views live.
inline Verdict defer() noexcept {
    return Verdict(SLUICE_DEFER);
}

}  // namespace sluice::inline sdk
