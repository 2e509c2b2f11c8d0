// Many messages in one call, for handlers that have a function handle_batch.
//
//   void handle_batch(sluice::Batch& batch, sluice::Context& context) {
//       const Prices prices = look_up(batch, context);  // one query for all of them
//       batch.each([&](const sluice::Message& message) {
//           context.database("shop").execute("INSERT INTO sale VALUES(?, ?)", message.id(), prices.of(message.key()));
//           return sluice::done();
//       });
//   }
//
// Messages  no two of a batch have the same key. One that is left without a verdict, or for which retry() or reject() was said
//           or an exception thrown, is handled again by itself: what it has written is dropped, and handle() decides.
// Outages   what unavailable() says of one, or a Failure with SLUICE_UNAVAILABLE or SLUICE_CONFLICT, it says of the call:
//           each() ends, and all that have no verdict yet are tried again later, which does not count as an attempt.
// Context   acts for a message inside each() and one(). Outside it has none: query_committed() works there, execute() does not.
// Threads   that of the handler's worker, until handle_batch() returns.
#pragma once

#include <concepts>
#include <cstddef>
#include <vector>

#include "sluice/handler.h"
#include "sluice/sdk/context.hpp"
#include "sluice/sdk/message.hpp"
#include "sluice/sdk/verdict.hpp"

namespace sluice::inline sdk {

class Batch {
public:
    Batch(const sluice_batch& batch, Context& context, sluice_fault* fault)
        : batch_(batch),
          context_(context),
          fault_(fault),
          tried_(batch.count) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    std::size_t size() const noexcept { return batch_.count; }
    // To be looked at for what is done for all of them.
    Message operator[](std::size_t index) const {
        return Message(*batch_.messages[index], &context_.services(), batch_.tickets[index]);
    }

    // Handles one of them: `handle` is called with it, and its verdict counts. False: an outage, see above.
    template <std::invocable<const Message&> Handle>
    bool one(std::size_t index, Handle&& handle) {
        tried_[index] = true;
        const Context::Call under_way(context_, batch_.messages[index], batch_.tickets[index]);
        try {
            const Verdict verdict = handle((*this)[index]);
            batch_.verdicts[index] = verdict.number();
            if (verdict.number() != SLUICE_RETRY || !is_outage(verdict.status())) [[likely]]
                return true;
            detail::say(fault_, verdict.status(), verdict.text());
            if (fault_ != nullptr) fault_->retry_delay_ms = verdict.delay_ms();
            return false;
        } catch (const Failure& failure) {
            if (is_outage(failure.code())) throw;
        } catch (...) {  // handled by itself it says why
        }
        return true;
    }
    // Handles each of them in turn, but those that were handled already. False: an outage, see above.
    template <std::invocable<const Message&> Handle>
    bool each(Handle&& handle) {
        for (std::size_t index = 0; index < size(); ++index)
            if (!tried_[index] && !one(index, handle)) return false;
        return true;
    }

private:
    static bool is_outage(sluice_status status) { return status == SLUICE_UNAVAILABLE || status == SLUICE_CONFLICT; }

    const sluice_batch& batch_;
    Context& context_;
    sluice_fault* fault_;
    std::vector<bool> tried_;
};

}  // namespace sluice::inline sdk
