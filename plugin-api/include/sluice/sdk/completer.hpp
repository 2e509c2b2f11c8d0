// Ends a deferred message: to be made in handle(), kept anywhere, and used from any thread.
//
//   sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
//       printer_.print(message.body(), [end = sluice::Completer(context)](bool printed) {
//           end.complete(printed ? sluice::done() : sluice::retry("the printer is out of paper"));
//       });
//       return sluice::defer();
//   }
//
// Threads    any, until stop() of the handler has returned; from then on there must be none.
// Ownership  a name, no memory: copies are equal, and one that is late or used twice answers false and changes nothing.
#pragma once

#include <cstdint>

#include "sluice/sdk/context.hpp"
#include "sluice/sdk/verdict.hpp"

namespace sluice::inline sdk {

class Completer {
public:
    Completer() = default;
    explicit Completer(const Context& context) : services_(&context.services()), ticket_(context.ticket()) {}

    // As the verdict of a call, but without effects. False: the ticket has ended, or this host knows no deferred messages.
    bool complete(const Verdict& verdict) const noexcept {
        if (services_ == nullptr) return false;
        const sluice_ending ending{
            sizeof(sluice_ending), verdict.number(),  verdict.text().empty() ? SLUICE_OK : verdict.status(), 0,
            bytes(verdict.text()), verdict.delay_ms()};
        return services_->api.complete(services_->host, ticket_, &ending) == SLUICE_OK;
    }
    // Has `Verdict resume(const Message&, Context&, std::uint64_t cookie)` of the handler called, to make effects. False: as
    // above, or the handler has no such function.
    bool resume(std::uint64_t cookie = 0) const noexcept {
        return services_ != nullptr && services_->api.resume(services_->host, ticket_, cookie) == SLUICE_OK;
    }
    // True once nobody waits for the end any more, or its time is over.
    bool cancelled() const noexcept { return services_ == nullptr || services_->api.cancelled(services_->host, ticket_) != 0; }
    sluice_ticket ticket() const noexcept { return ticket_; }

private:
    const detail::Services* services_ = nullptr;  // the context's
    sluice_ticket ticket_ = 0;
};

}  // namespace sluice::inline sdk
