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
        status = share(&buffer.fault);
        if (status == SLUICE_OK && table_.start != nullptr) status = table_.start(self_, &buffer.fault);
        if (status == SLUICE_OK) return;
        table_.destroy(self_);
        free_shared();
        throw Failure(status, std::string(buffer.text()));
    }
    FakeHandler(const FakeHandler&) = delete;
    FakeHandler& operator=(const FakeHandler&) = delete;
    ~FakeHandler() {
        if (table_.stop != nullptr) table_.stop(self_);
        table_.destroy(self_);
        free_shared();
    }

    FakeOutcome handle(const FakeMessage& message) {
        const auto kept = std::make_shared<Kept>(message, host_.worker);
        return run({kept}, [&](auto& verdicts, sluice_fault* fault) {
            verdicts[0] = table_.handle(self_, &kept->raw, host_.running_, fault);
        })[0];
    }
    // Many messages in one call, and again each by itself of which the handler wants that: what came of each in the end.
    std::vector<FakeOutcome> handle_batch(const std::vector<FakeMessage>& messages) {
        if (table_.handle_batch == nullptr) throw Failure(SLUICE_UNSUPPORTED, "this handler has no handle_batch");
        std::vector<std::shared_ptr<Kept>> kept;
        std::vector<const sluice_message*> raw;
        std::vector<sluice_ticket> tickets;
        for (const FakeMessage& message : messages) {
            kept.push_back(std::make_shared<Kept>(message, host_.worker));
            raw.push_back(&kept.back()->raw);
            tickets.push_back(host_.tickets_ + raw.size());
        }
        auto outcomes = run(kept, [&](auto& verdicts, sluice_fault* fault) {
            const sluice_batch batch{sizeof batch, static_cast<std::uint32_t>(raw.size()), raw.data(), tickets.data(),
                                     verdicts.data()};
            host_.is_batch_ = true;
            table_.handle_batch(self_, &batch, fault);
        });
        host_.is_batch_ = false;
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            const sluice_verdict verdict = outcomes[i].verdict;
            const bool is_outage = outcomes[i].status == SLUICE_UNAVAILABLE || outcomes[i].status == SLUICE_CONFLICT;
            if (verdict != SLUICE_RETRY && verdict != SLUICE_REJECT) continue;
            if (!is_outage) outcomes[i] = handle(messages[i]);
            outcomes[i].verdict = is_outage ? SLUICE_RETRY : outcomes[i].verdict;
        }
        return outcomes;
    }
    // Goes on with a deferred message that the handler wants to be resumed: an end of host.deferred with the verdict 0.
    FakeOutcome resume(const FakeEnd& end) {
        const auto message = std::static_pointer_cast<Kept>(host_.deferred.take_resumed(end.ticket));
        if (message == nullptr || table_.resume == nullptr)
            throw Failure(SLUICE_CONTRACT, "no message with this ticket is to be resumed by this handler");
        return run({message}, [&](auto& verdicts, sluice_fault* fault) {
            verdicts[0] = table_.resume(self_, &message->raw, host_.running_, end.cookie, fault);
        })[0];
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
    sluice_status share(sluice_fault* fault) {
        if (table_.load_shared == nullptr) return SLUICE_OK;
        const sluice_status status = table_.load_shared(self_, &shared_, fault);
        if (status == SLUICE_OK && shared_ != nullptr) table_.use_shared(self_, shared_);
        return status;
    }
    void free_shared() {
        if (shared_ != nullptr && table_.free_shared != nullptr) table_.free_shared(shared_);
    }

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

    // One call with these messages; `call` is given the messages, the verdicts to be written, and the fault.
    template <typename Call>
    std::vector<FakeOutcome> run(const std::vector<std::shared_ptr<Kept>>& messages, Call&& call) {
        const sluice_ticket first = begin(messages);
        detail::FaultBuffer buffer;
        std::vector<sluice_verdict> verdicts(messages.size(), SLUICE_RETRY);
        judged(call, verdicts, buffer.fault);
        host_.running_ = 0;
        std::vector<FakeOutcome> outcomes;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            if (verdicts[i] == SLUICE_DEFER) host_.deferred.deferred(first + i, messages[i]);
            outcomes.push_back(outcome(verdicts[i], first + i, host_.messages_[i], buffer));
        }
        host_.deferred.running(0, 0);
        host_.texts_.clear();
        return outcomes;
    }
    sluice_ticket begin(const std::vector<std::shared_ptr<Kept>>& messages) {
        const sluice_ticket first = host_.tickets_ + 1;
        host_.tickets_ += messages.size();
        host_.work_done.clear();
        host_.messages_.clear();
        for (const auto& message : messages) host_.messages_.push_back({view(message->raw.body)});
        host_.deferred.running(first, messages.size());
        host_.running_count_ = messages.size();
        host_.running_ = first;
        return first;
    }
    FakeOutcome outcome(sluice_verdict verdict, sluice_ticket ticket, FakeHost::OfMessage& made,
                        const detail::FaultBuffer& buffer) {
        if (verdict == SLUICE_DEFER) warn_of_views();
        FakeOutcome outcome;
        outcome.verdict = verdict;
        outcome.ticket = ticket;
        outcome.status = buffer.fault.status;
        outcome.text = buffer.text();
        outcome.counts = verdict == SLUICE_RETRY && outcome.status != SLUICE_UNAVAILABLE && outcome.status != SLUICE_CONFLICT;
        if (const std::int64_t delay = buffer.fault.retry_delay_ms; delay != 0)
            outcome.delay = std::chrono::milliseconds(std::max<std::int64_t>(delay, 0));
        outcome.writes = std::move(made.writes);
        outcome.published = std::move(made.published);
        return outcome;
    }
    // What is no verdict, or is thrown by a handler that does without the SDK, is a retry with the host's text.
    template <typename Call>
    static void judged(Call& call, std::vector<sluice_verdict>& verdicts, sluice_fault& fault) {
        const auto thrown = [&](const char* what) {
            detail::say(&fault, SLUICE_CONTRACT, std::string("an exception left the handler: ") + what);
            std::fill(verdicts.begin(), verdicts.end(), SLUICE_RETRY);
        };
        try {
            call(verdicts, &fault);
        } catch (const std::exception& exception) {
            thrown(exception.what());
        } catch (...) {
            thrown("an exception that is not a std::exception");
        }
        for (sluice_verdict& verdict : verdicts) {
            if (verdict >= SLUICE_DONE && verdict <= SLUICE_DEFER) continue;
            detail::say(&fault, SLUICE_CONTRACT, "the handler answered with the unknown verdict " + std::to_string(verdict));
            verdict = SLUICE_RETRY;
        }
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
    void* shared_ = nullptr;
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
