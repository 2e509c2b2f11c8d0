// Fakes for the unit tests of handlers: a host without a host. Works with any test framework.
//
//   sluice::FakeHost host;
//   auto orders = host.handler(orders_component, {{"table", "orders"}});
//   auto outcome = orders.handle({.body = R"({"id":"o-1"})", .key = "o-1"});
//   EXPECT_EQ(outcome.verdict, SLUICE_DONE);
//   EXPECT_EQ(outcome.writes[0].sql, "INSERT INTO orders VALUES(?, ?)");
//   EXPECT_EQ(outcome.writes[0].values, (std::vector<std::string>{"'o-1'", "12.5"}));
//
// The handler is driven through its C table, as the real host does it: its exceptions have become verdicts.
//
// Threads    one; host.deferred and what a Completer does: any.
// Ownership  the FakeHost outlives what it creates. A message's memory is gone after handle(): a sanitizer finds views that
//            were kept.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/sdk/log.hpp"
#include "sluice/sdk/manifest.hpp"
#include "sluice/sdk/status.hpp"
#include "sluice/sdk/testing_deferred.hpp"
#include "sluice/sdk/testing_options.hpp"
#include "sluice/sdk/value.hpp"

namespace sluice::inline sdk {

// A statement that a handler ran, its values as SQL would write them: 'text', 42, 1.5, NULL, TRUE, x'00ff'.
struct FakeWrite {
    std::string database;
    std::string sql;
    std::vector<std::string> values;
    bool in_unit = true;  // false: query_committed
};

struct FakePublished {
    std::string target;
    std::string body;
    std::string key;
    std::string id;
    std::vector<std::pair<std::string, std::string>> headers;
    std::chrono::milliseconds delay{0};
};

struct FakeLogLine {
    Level level;
    std::string text;
};

struct FakeMessage {
    std::string body;
    std::string key{};
    std::string id = "message-1";
    std::string source = "test";
    std::vector<std::pair<std::string, std::string>> headers{};
    std::uint32_t attempt = 1;
    std::int64_t enqueued_ms = 0;
};

// What came of one message.
struct FakeOutcome {
    sluice_verdict verdict = 0;
    sluice_status status = SLUICE_OK;  // with a text
    std::string text;
    std::optional<std::chrono::milliseconds> delay;  // what retry() asked for
    std::vector<FakeWrite> writes;                   // the host keeps them only if the verdict is done
    std::vector<FakePublished> published;
    sluice_ticket ticket = 0;
};

class FakeHandler;

class FakeHost {
public:
    // ---- to be set by the test ----
    std::vector<std::string> databases = {};  // the configured ones; empty: every name is one
    std::vector<std::string> targets = {};    // the same
    std::string name = "pools.test.handler";
    std::string state_dir = {};
    std::uint32_t worker = 0;
    std::uint32_t workers = 1;
    std::int64_t now_ms = 0;
    std::atomic<bool> cancelled{false};
    std::int64_t deadline_ms = 0;
    std::function<Status(const FakeWrite&)> on_prepare;                             // no values yet
    std::function<Status(const FakeWrite&)> on_execute;                             // empty: queued
    std::function<std::vector<std::vector<FakeValue>>(const FakeWrite&)> on_query;  // rows; may throw a Failure
    std::function<Status(const FakePublished&)> on_publish;
    // What the handler is offered. Set a member to nullptr, or lower struct_size, to play a host that has less.
    sluice_host_api api = all_services();

    // ---- to be looked at by the test ----
    std::vector<FakeWrite> queries;
    std::vector<FakeLogLine> log;
    FakeDeferred deferred;  // which messages were deferred, and how they were ended

    FakeHost() = default;
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    // Creates and starts a handler. Options are checked against the component's. Throws a Failure if the handler refuses them.
    template <std::size_t Count>
    FakeHandler handler(const Component<Count>& component, const FakeOptions& options = {});
    // The same for a handler in C; options reach it as they are.
    FakeHandler handler(const sluice_handler* table, const FakeOptions& options = {});

    // What create() of any component receives. Valid until the next call; the options live as long as the host.
    const sluice_setup& setup(std::uint32_t role, const FakeOptions& options) {
        FakeValue& kept = *options_.emplace_back(std::make_unique<FakeValue>(FakeValue::map(options)));
        kept.place("test.yaml:1:1: " + name);
        setup_ = {sizeof(sluice_setup), role,        bytes(name), bytes(name), &api, self(),
                  FakeValue::api(),     kept.node(), worker,      workers};
        return setup_;
    }

private:
    friend class FakeHandler;

    struct Prepared {
        std::uint32_t database;
        std::string sql;
    };

    sluice_host* self() { return reinterpret_cast<sluice_host*>(this); }
    static FakeHost& of(sluice_host* host) { return *reinterpret_cast<FakeHost*>(host); }

    static std::string shown(const sluice_value& value);
    static sluice_host_api all_services();
    static sluice_status named(const std::vector<std::string>& known, std::vector<std::string>& used, sluice_bytes wanted,
                               std::uint32_t* number, const char* what, sluice_fault* fault);
    FakeWrite write(std::uint32_t statement, const sluice_value* values, std::uint32_t count) const;
    sluice_status rows(const FakeWrite& query, const sluice_row_sink* sink, sluice_fault* fault);

    std::vector<std::unique_ptr<FakeValue>> options_;
    sluice_setup setup_{};
    std::vector<std::string> used_databases_;
    std::vector<std::string> used_targets_;
    std::vector<Prepared> prepared_;
    std::vector<FakeWrite> writes_;
    std::vector<FakePublished> published_;
};

// A started handler; stopped and destroyed with this object.
class FakeHandler {
public:
    FakeHandler(FakeHost& host, const sluice_handler* table, const FakeOptions& options) : host_(host), table_(table) {
        detail::FaultBuffer buffer;
        sluice_status status = table_->create(&host_.setup(SLUICE_ROLE_HANDLER, options), &self_, &buffer.fault);
        if (status != SLUICE_OK) throw Failure(status, std::string(buffer.text()));
        if (table_->start != nullptr) status = table_->start(self_, &buffer.fault);
        if (status == SLUICE_OK) return;
        table_->destroy(self_);
        throw Failure(status, std::string(buffer.text()));
    }
    FakeHandler(const FakeHandler&) = delete;
    FakeHandler& operator=(const FakeHandler&) = delete;
    ~FakeHandler() {
        if (table_->stop != nullptr) table_->stop(self_);
        table_->destroy(self_);
    }

    FakeOutcome handle(const FakeMessage& message) {
        return run(std::make_shared<Kept>(message, host_.worker), [this](const sluice_message* raw, sluice_fault* fault) {
            return table_->handle(self_, raw, ticket_, fault);
        });
    }
    // Goes on with a deferred message that the handler wants to be resumed: an end of host.deferred with the verdict 0.
    FakeOutcome resume(const FakeEnd& end) {
        return run(std::static_pointer_cast<Kept>(host_.deferred.take_resumed(end.ticket)),
                   [&](const sluice_message* raw, sluice_fault* fault) { return table_->resume(self_, raw, ticket_, end.cookie, fault); });
    }
    void cancel(sluice_ticket ticket) {
        if (table_->cancel != nullptr) table_->cancel(self_, ticket);
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
                   message.enqueued_ms};
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
        detail::FaultBuffer buffer;
        FakeOutcome outcome;
        outcome.ticket = ++ticket_;
        host_.deferred.running(ticket_);
        outcome.verdict = call(&message->raw, &buffer.fault);
        host_.deferred.ended(ticket_, std::move(message), outcome.verdict == SLUICE_DEFER);
        outcome.status = buffer.fault.status;
        outcome.text = buffer.text();
        if (buffer.fault.retry_delay_ms >= 0) outcome.delay = std::chrono::milliseconds(buffer.fault.retry_delay_ms);
        outcome.writes = std::move(host_.writes_);
        outcome.published = std::move(host_.published_);
        return outcome;
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
    const sluice_handler* table_;
    void* self_ = nullptr;
    sluice_ticket ticket_ = 0;
};

template <std::size_t Count>
FakeHandler FakeHost::handler(const Component<Count>& component, const FakeOptions& options) {
    return FakeHandler(*this, static_cast<const sluice_handler*>(component.table), detail::checked(component.options, options));
}
inline FakeHandler FakeHost::handler(const sluice_handler* table, const FakeOptions& options) {
    return FakeHandler(*this, table, options);
}

inline std::string FakeHost::shown(const sluice_value& value) {
    switch (value.type) {
        case SLUICE_VALUE_NULL:
            return "NULL";
        case SLUICE_VALUE_BOOLEAN:
            return value.as.integer != 0 ? "TRUE" : "FALSE";
        case SLUICE_VALUE_TEXT:
            return "'" + std::string(view(value.as.bytes)) + "'";
        case SLUICE_VALUE_BLOB: {
            std::string hex = "x'";
            for (const char byte : view(value.as.bytes))
                for (const int shift : {4, 0})
                    hex.push_back("0123456789abcdef"[(static_cast<unsigned char>(byte) >> shift) & 15]);
            return hex + "'";
        }
        default: {
            std::string text;
            value.type == SLUICE_VALUE_REAL ? detail::append(text, value.as.real) : detail::append(text, value.as.integer);
            return text;
        }
    }
}

inline sluice_status FakeHost::named(const std::vector<std::string>& known, std::vector<std::string>& used, sluice_bytes asked,
                                     std::uint32_t* number, const char* what, sluice_fault* fault) {
    const std::string wanted(view(asked));
    bool found = known.empty();
    for (const std::string& each : known) found = found || each == wanted;
    if (!found) return detail::say(fault, SLUICE_INVALID, std::string("there is no ") + what + " " + wanted);
    used.push_back(wanted);
    *number = static_cast<std::uint32_t>(used.size() - 1);
    return SLUICE_OK;
}

inline FakeWrite FakeHost::write(std::uint32_t statement, const sluice_value* values, std::uint32_t count) const {
    const Prepared& prepared = prepared_.at(statement);
    FakeWrite made{used_databases_.at(prepared.database), prepared.sql, {}};
    for (std::uint32_t i = 0; i < count; ++i) made.values.push_back(shown(values[i]));
    return made;
}

inline sluice_status FakeHost::rows(const FakeWrite& query, const sluice_row_sink* sink, sluice_fault* fault) {
    return detail::guarded(fault, [&] {
        if (!on_query) return;
        for (const std::vector<FakeValue>& row : on_query(query)) {
            std::vector<sluice_value> columns;
            for (const FakeValue& column : row) switch (column.kind()) {
                    case SLUICE_NODE_TEXT:
                        columns.push_back(value(column.text()));
                        break;
                    case SLUICE_NODE_REAL:
                        columns.push_back(value(column.real()));
                        break;
                    case SLUICE_NODE_NULL:
                        columns.push_back(value(nullptr));
                        break;
                    default:
                        columns.push_back(value(column.integer()));
                }
            if (sink->row(sink->context, columns.data(), static_cast<std::uint32_t>(columns.size())) != SLUICE_OK) return;
        }
    });
}

inline sluice_host_api FakeHost::all_services() {
    sluice_host_api api{};
    api.struct_size = sizeof api;
    api.log_enabled = [](sluice_host*, std::uint32_t) -> std::uint32_t { return 1; };
    api.log = [](sluice_host* host, std::uint32_t level, sluice_bytes text) {
        of(host).log.push_back({static_cast<Level>(level), std::string(view(text))});
    };
    api.state_dir = [](sluice_host* host) { return bytes(of(host).state_dir); };
    api.now_ms = [](sluice_host* host) { return of(host).now_ms; };
    api.database = [](sluice_host* host, sluice_bytes wanted, std::uint32_t* database, sluice_fault* fault) {
        return named(of(host).databases, of(host).used_databases_, wanted, database, "database", fault);
    };
    api.prepare = [](sluice_host* host, std::uint32_t database, sluice_bytes sql, std::uint32_t* statement,
                     sluice_fault* fault) {
        return detail::guarded(fault, [&]() -> Status {
            FakeHost& self = of(host);
            if (self.on_prepare) {
                Status status = self.on_prepare({self.used_databases_.at(database), std::string(view(sql)), {}});
                if (!status.ok()) return status;
            }
            self.prepared_.push_back({database, std::string(view(sql))});
            *statement = static_cast<std::uint32_t>(self.prepared_.size() - 1);
            return SLUICE_OK;
        });
    };
    api.execute = [](sluice_host* host, sluice_ticket ticket, std::uint32_t, std::uint32_t statement,
                     const sluice_value* values, std::uint32_t count, sluice_fault* fault) {
        return detail::guarded(fault, [&]() -> Status {
            if (ticket == 0) return {SLUICE_CONTRACT, "a write outside handle()"};
            FakeWrite write = of(host).write(statement, values, count);
            Status status = of(host).on_execute ? of(host).on_execute(write) : Status(SLUICE_QUEUED);
            if (status.code() == SLUICE_OK || status.code() == SLUICE_QUEUED) of(host).writes_.push_back(std::move(write));
            return status;
        });
    };
    api.query = [](sluice_host* host, sluice_ticket ticket, std::uint32_t, std::uint32_t statement, const sluice_value* values,
                   std::uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) {
        FakeWrite query = of(host).write(statement, values, count);
        query.in_unit = ticket != 0;
        of(host).queries.push_back(query);
        return of(host).rows(query, sink, fault);
    };
    api.target = [](sluice_host* host, sluice_bytes wanted, std::uint32_t* target, sluice_fault* fault) {
        return named(of(host).targets, of(host).used_targets_, wanted, target, "target", fault);
    };
    api.publish = [](sluice_host* host, sluice_ticket ticket, std::uint32_t target, const sluice_outgoing* message,
                     sluice_fault* fault) {
        return detail::guarded(fault, [&]() -> Status {
            if (ticket == 0) return {SLUICE_CONTRACT, "publishing outside handle()"};
            FakePublished made{of(host).used_targets_.at(target),
                               std::string(view(message->body)),
                               std::string(view(message->key)),
                               std::string(view(message->id)),
                               {},
                               std::chrono::milliseconds(message->delay_ms)};
            for (const sluice_header& header : std::span(message->headers, message->header_count))
                made.headers.emplace_back(view(header.name), view(header.value));
            Status status = of(host).on_publish ? of(host).on_publish(made) : Status(SLUICE_OK);
            if (status.ok()) of(host).published_.push_back(std::move(made));
            return status;
        });
    };
    api.cancelled = [](sluice_host* host, sluice_ticket) -> std::uint32_t { return of(host).cancelled ? 1 : 0; };
    api.deadline_ms = [](sluice_host* host, sluice_ticket) { return of(host).deadline_ms; };
    api.complete = [](sluice_host* host, sluice_ticket ticket, std::uint32_t verdict, const sluice_fault* fault) {
        if (verdict < SLUICE_DONE || verdict > SLUICE_SKIP) return SLUICE_INVALID;
        FakeEnd end{ticket, verdict};
        if (fault != nullptr && fault->text_size != 0) end.text.assign(fault->text, fault->text_size);
        return of(host).deferred.end(std::move(end));
    };
    api.resume = [](sluice_host* host, sluice_ticket ticket, std::uint64_t cookie) { return of(host).deferred.end({ticket, 0, cookie}); };
    return api;
}

}  // namespace sluice::inline sdk
