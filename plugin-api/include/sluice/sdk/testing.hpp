// Fakes for the unit tests of handlers: a host without a host. Works with any test framework.
//
//   sluice::FakeHost host;
//   auto orders = host.handler(orders_component, {{"table", "orders"}});
//   auto outcome = orders.handle({.body = R"({"id":"o-1"})", .key = "o-1"});
//   EXPECT_EQ(outcome.verdict, SLUICE_DONE);
//   EXPECT_EQ(outcome.writes[0].sql, "INSERT INTO orders VALUES(?, ?)");
//   EXPECT_EQ(outcome.writes[0].values, (std::vector<std::string>{"'o-1'", "12.5"}));
//
// The handler is driven through its C table, as the real host does it: its exceptions have become verdicts. For sources and
// targets see testing_queue.hpp, for databases testing_database.hpp.
//
// Threads    one; host.deferred and what a Completer does: any.
// Ownership  the FakeHost outlives what it creates. A message's memory is gone after handle(): a sanitizer finds views that
//            were kept.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/sdk/testing_host.hpp"

namespace sluice::inline sdk {

struct FakeMessage {
    std::string body;
    std::string key{};
    std::string id = "message-1";
    std::string source = "test";
    std::vector<std::pair<std::string, std::string>> headers{};
    std::uint32_t attempt = 1;
    std::int64_t enqueued_ms = 0;
    std::string message_key{};
    std::string subject{};
    bool redelivered = false;
    std::uint32_t deliveries = 0;
};

// What came of one message.
struct FakeOutcome {
    sluice_verdict verdict = 0;
    sluice_status status = SLUICE_OK;  // with a text
    std::string text;
    std::optional<std::chrono::milliseconds> delay;  // what retry() asked for
    bool counts = false;                             // a retry that counts as an attempt; an outage does not
    std::vector<FakeWrite> writes;                   // the host keeps them only if the verdict is done
    std::vector<FakePublished> published;
    sluice_ticket ticket = 0;
};

// A started handler; stopped and destroyed with this object.
class FakeHandler {
public:
    FakeHandler(FakeHost& host, const sluice_handler* table, const FakeOptions& options) : host_(host) {
        std::memcpy(&table_, table, std::min<std::size_t>(table->struct_size, sizeof table_));
        detail::FaultBuffer buffer;
        host_.is_created_ = host_.is_connected_ = false;
        host_.metrics = {};
        host_.can_resume_ = table_.resume != nullptr;
        sluice_status status = table_.create(&host_.setup(SLUICE_ROLE_HANDLER, options), &self_, &buffer.fault);
        if (status != SLUICE_OK) throw Failure(status, std::string(buffer.text()));
        host_.is_created_ = host_.is_connected_ = true;
        if (table_.start != nullptr) status = table_.start(self_, &buffer.fault);
        if (status == SLUICE_OK) return;
        table_.destroy(self_);
        throw Failure(status, std::string(buffer.text()));
    }
    FakeHandler(const FakeHandler&) = delete;
    FakeHandler& operator=(const FakeHandler&) = delete;
    ~FakeHandler() {
        if (table_.stop != nullptr) table_.stop(self_);
        table_.destroy(self_);
    }

    FakeOutcome handle(const FakeMessage& message) {
        return run(std::make_shared<Kept>(message, host_.worker), [this](const sluice_message* raw, sluice_fault* fault) {
            return table_.handle(self_, raw, host_.running_, fault);
        });
    }
    // Goes on with a deferred message that the handler wants to be resumed: an end of host.deferred with the verdict 0.
    FakeOutcome resume(const FakeEnd& end) {
        auto message = std::static_pointer_cast<Kept>(host_.deferred.take_resumed(end.ticket));
        if (message == nullptr || table_.resume == nullptr)
            throw Failure(SLUICE_CONTRACT, "no message with this ticket is to be resumed by this handler");
        return run(std::move(message), [&](const sluice_message* raw, sluice_fault* fault) {
            return table_.resume(self_, raw, host_.running_, end.cookie, fault);
        });
    }
    const void* extension(std::string_view id) { return detail::extension_of(table_, self_, id); }
    void cancel(sluice_ticket ticket) {
        if (table_.cancel != nullptr) table_.cancel(self_, ticket);
    }
    template <std::convertible_to<std::string_view> Body>
    FakeOutcome handle(const Body& body) {
        return handle(FakeMessage{.body = std::string(body)});
    }

private:
    // A message with memory of its own.
    struct Kept {
        Kept(const FakeMessage& from, std::uint32_t worker) : message(from), body(padded(from.body), &std::free) {
            for (const auto& [name, value] : message.headers) headers.push_back({bytes(name), bytes(value)});
            raw = {sizeof(sluice_message),
                   message.attempt,
                   {body.get(), message.body.size()},
                   bytes(message.id),
                   bytes(message.key),
                   bytes(message.source),
                   headers.data(),
                   static_cast<std::uint32_t>(headers.size()),
                   worker,
                   message.enqueued_ms,
                   bytes(message.message_key),
                   bytes(message.subject),
                   message.redelivered ? SLUICE_MESSAGE_REDELIVERED : 0u,
                   message.deliveries};
            // As the host hands it out: a message of which the engine says no more ends before it.
            if (raw.message_key.size == 0 && raw.subject.size == 0 && raw.flags == 0 && raw.deliveries == 0)
                raw.struct_size = offsetof(sluice_message, message_key);
        }
        FakeMessage message;
        std::unique_ptr<char, void (*)(void*)> body;
        std::vector<sluice_header> headers;
        sluice_message raw{};
    };

    template <typename Call>
    FakeOutcome run(std::shared_ptr<Kept> message, Call&& call) {
        host_.writes_.clear();
        host_.published_.clear();
        host_.work_done.clear();
        detail::FaultBuffer buffer;
        FakeOutcome outcome;
        outcome.ticket = ++host_.tickets_;
        host_.body_ = view(message->raw.body);
        host_.deferred.running(outcome.ticket);
        host_.running_ = outcome.ticket;
        outcome.verdict = judged(call, message->raw, buffer.fault);
        host_.running_ = 0;
        host_.deferred.ended(outcome.ticket, std::move(message), outcome.verdict == SLUICE_DEFER);
        host_.texts_.clear();
        if (outcome.verdict == SLUICE_DEFER) warn_of_views();
        outcome.status = buffer.fault.status;
        outcome.text = buffer.text();
        outcome.counts =
            outcome.verdict == SLUICE_RETRY && outcome.status != SLUICE_UNAVAILABLE && outcome.status != SLUICE_CONFLICT;
        if (const std::int64_t delay = buffer.fault.retry_delay_ms; delay != 0)
            outcome.delay = std::chrono::milliseconds(std::max<std::int64_t>(delay, 0));
        outcome.writes = std::move(host_.writes_);
        outcome.published = std::move(host_.published_);
        return outcome;
    }
    // What is no verdict, or is thrown by a handler that does without the SDK, is a retry with the host's text.
    template <typename Call>
    static sluice_verdict judged(Call& call, const sluice_message& message, sluice_fault& fault) {
        try {
            const sluice_verdict verdict = call(&message, &fault);
            if (verdict >= SLUICE_DONE && verdict <= SLUICE_DEFER) return verdict;
            detail::say(&fault, SLUICE_CONTRACT, "the handler answered with the unknown verdict " + std::to_string(verdict));
        } catch (const std::exception& thrown) {
            detail::say(&fault, SLUICE_CONTRACT, std::string("an exception left the handler: ") + thrown.what());
        } catch (...) {
            detail::say(&fault, SLUICE_CONTRACT, "an exception left the handler: an exception that is not a std::exception");
        }
        return SLUICE_RETRY;
    }
    void warn_of_views() {
        if (table_.cancel == nullptr && (table_.flags & SLUICE_HANDLER_KEEPS_NO_VIEWS) == 0 && !std::exchange(warned_, true))
            host_.log.push_back(
                {Level::warn, "the handler defers messages, has no `cancel`, and does not say that it keeps no views of them"});
    }
    static char* padded(const std::string& body) {
        const std::size_t size = (body.size() + SLUICE_BODY_PADDING + SLUICE_BODY_ALIGNMENT - 1) / SLUICE_BODY_ALIGNMENT;
        void* room = std::aligned_alloc(SLUICE_BODY_ALIGNMENT, size * SLUICE_BODY_ALIGNMENT);
        if (room == nullptr) throw std::bad_alloc();
        std::memset(room, 0, size * SLUICE_BODY_ALIGNMENT);
        std::memcpy(room, body.data(), body.size());
        return static_cast<char*>(room);
    }

    FakeHost& host_;
    sluice_handler table_{};  // what a smaller one lacks is NULL
    void* self_ = nullptr;
    bool warned_ = false;
};

template <std::size_t Count>
FakeHandler FakeHost::handler(const Component<Count>& component, const FakeOptions& options) {
    return handler(static_cast<const sluice_handler*>(component.table), component.options, options);
}
inline FakeHandler FakeHost::handler(const sluice_handler* table, const FakeOptions& options) {
    return FakeHandler(*this, table, options);
}
inline FakeHandler FakeHost::handler(const sluice_handler* table, std::span<const Option> declared,
                                     const FakeOptions& options) {
    return FakeHandler(*this, table, detail::checked(declared, options));
}

}  // namespace sluice::inline sdk
