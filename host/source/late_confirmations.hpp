// Asks a source to confirm what it was told, where it confirms only when it is called: it would wait for us as we wait for it.
//
// Threads      the source thread.
// Errors       what the source answers instead is logged; at its end once.
#pragma once

#include <cstdint>
#include <utility>

#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "settle/settlement.hpp"

namespace sluice {

class LateConfirmations {
public:
    LateConfirmations(Settlement& settlement, const Clock& clock, Logger logger)
        : settlement_(settlement),
          clock_(clock),
          logger_(logger) {}

    // It is polled: it may confirm by itself.
    void polled() { since_ns_ = 0; }
    // It is not, for now.
    void rests(std::int64_t now_ns) {
        if (!settlement_.unconfirmed())
            since_ns_ = 0;
        else if (since_ns_ == 0)
            since_ns_ = now_ns;
    }
    // When it is to be asked; 0 = never.
    std::int64_t due_ns() const { return since_ns_ == 0 ? 0 : since_ns_ + after_ns; }
    void ask_if_due() {
        if (since_ns_ == 0 || clock_.now() < due_ns()) return;
        since_ns_ = 0;
        if (auto flushed = settlement_.flush(); !flushed) logger_.warn("{}", flushed.error().message);
    }
    // Nothing more comes. True: it has confirmed all.
    bool ask_for_all() {
        if (auto flushed = settlement_.flush(); !flushed) {
            if (!std::exchange(said_, true)) logger_.warn("the source does not confirm yet: {}", flushed.error().message);
            return false;
        }
        return settlement_.in_flight() == 0;
    }

private:
    static constexpr std::int64_t after_ns = 100 * ns_per_ms;

    Settlement& settlement_;
    const Clock& clock_;
    const Logger logger_;
    std::int64_t since_ns_ = 0;  // it has not been called since, and has not confirmed all; 0 = it has
    bool said_ = false;
};

}  // namespace sluice
