// The host that the fakes play: its services, as testing.hpp, testing_queue.hpp and testing_database.hpp offer them.
//
// It refuses what the host refuses: a ticket whose call has ended, a name that is not configured, a statement with the wrong
// number of values, what is larger than the host takes.
//
// Threads    one; `deferred`, `cancelled` and what a Completer does: any.
// Ownership  outlives what is created with it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/sdk/log.hpp"
#include "sluice/sdk/manifest.hpp"
#include "sluice/sdk/status.hpp"
#include "sluice/sdk/testing_deferred.hpp"
#include "sluice/sdk/testing_effects.hpp"
#include "sluice/sdk/testing_json.hpp"
#include "sluice/sdk/testing_metrics.hpp"
#include "sluice/sdk/testing_options.hpp"
#include "sluice/sdk/testing_sql.hpp"
#include "sluice/sdk/value.hpp"

namespace sluice::inline sdk {

struct FakeLogLine {
    Level level;
    std::string text;
};

class FakeHandler;
class FakeSource;
class FakeTarget;
class FakeDatabase;

class FakeHost {
public:
    static constexpr std::size_t publishes_max = 1024;  // per message, as in the host
    static constexpr std::size_t headers_max = 64;
    static constexpr std::size_t body_bytes_max = 64u << 20;
    static constexpr std::size_t databases_max = 8;

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
    std::string instance = "test-1-00000000";                                       // what tells this host from others
    std::function<Status(const FakeWrite&)> on_prepare;                             // no values yet
    std::function<Status(const FakeWrite&)> on_execute;                             // empty: queued
    std::function<std::vector<std::vector<FakeValue>>(const FakeWrite&)> on_query;  // rows; may throw a Failure
    std::function<Status(const FakePublished&)> on_publish;
    // What the handler is offered. Set a member to nullptr, or lower struct_size, to play a host that has less.
    sluice_host_api api = all_services();

    // ---- to be looked at by the test ----
    std::vector<FakeWrite> queries;
    std::vector<FakeLogLine> log;
    FakeMetrics metrics;
    std::vector<std::uint64_t> work_done;  // what the call under way, or the last, has said of itself
    FakeDeferred deferred;                 // which messages were deferred, and how they were ended

    FakeHost() = default;
    FakeHost(const FakeHost&) = delete;
    FakeHost& operator=(const FakeHost&) = delete;

    // Creates and starts a handler. Options are checked against the component's. Throws a Failure if the handler refuses them.
    template <std::size_t Count>
    FakeHandler handler(const Component<Count>& component, const FakeOptions& options = {});
    // The same for a handler in C; `declared` as in its manifest. Without it options reach the handler as they are.
    FakeHandler handler(const sluice_handler* table, const FakeOptions& options = {});
    FakeHandler handler(const sluice_handler* table, std::span<const Option> declared, const FakeOptions& options);

    // Adapters, created and not yet open: include testing_queue.hpp or testing_database.hpp.
    template <std::size_t Count>
    FakeSource source(const Component<Count>& component, const FakeOptions& options = {});
    template <std::size_t Count>
    FakeTarget target(const Component<Count>& component, const FakeOptions& options = {});
    template <std::size_t Count>
    FakeDatabase database(const Component<Count>& component, const FakeOptions& options = {});

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
        detail::FakeStatement statement;
    };
    // What a call has done for one of its messages.
    struct OfMessage {
        std::string_view body;
        std::vector<FakeWrite> writes{};
        std::vector<FakePublished> published{};
    };

    sluice_host* self() { return reinterpret_cast<sluice_host*>(this); }
    static FakeHost& of(sluice_host* host) { return *reinterpret_cast<FakeHost*>(host); }

    static sluice_host_api all_services();
    static sluice_status named(const std::vector<std::string>& known, std::vector<std::string>& used, sluice_bytes wanted,
                               std::uint32_t* number, const char* what, sluice_fault* fault);
    bool is_under_way(sluice_ticket ticket) const { return running_ != 0 && ticket - running_ < running_count_; }
    OfMessage& of_message(sluice_ticket ticket) { return messages_[ticket - running_]; }
    Status prepare(std::uint32_t database, std::string_view sql, std::uint32_t& number);
    // The statement with its values, if they go together.
    Status bound(std::uint32_t database, std::uint32_t statement, std::span<const sluice_value> values, FakeWrite& made) const;
    Status execute(sluice_ticket ticket, std::uint32_t database, std::uint32_t statement, std::span<const sluice_value> values);
    Status query(sluice_ticket ticket, std::uint32_t database, std::uint32_t statement, std::span<const sluice_value> values,
                 const sluice_row_sink& sink);
    Status publish(sluice_ticket ticket, std::uint32_t target, const sluice_outgoing& message);
    Status json(sluice_ticket ticket, std::string_view pointer, sluice_json& value);
    void hand_out(const std::vector<FakeValue>& row, const sluice_row_sink& sink, bool& goes_on) const;

    std::vector<std::unique_ptr<FakeValue>> options_;
    sluice_setup setup_{};
    std::vector<std::string> used_databases_;
    std::vector<std::string> used_targets_;
    std::vector<Prepared> prepared_;

    // of the call under way
    std::atomic<sluice_ticket> running_{0};  // its first ticket
    std::atomic<std::size_t> running_count_{0};
    bool is_batch_ = false;
    std::vector<OfMessage> messages_;                  // by ticket
    std::vector<std::unique_ptr<std::string>> texts_;  // that json() has made

    // of the handler
    sluice_ticket tickets_ = 0;
    bool is_created_ = false;
    bool is_connected_ = false;
    bool can_resume_ = false;
};

namespace detail {

// As SQL would write it.
inline std::string shown(const sluice_value& value) {
    switch (value.type) {
        case SLUICE_VALUE_NULL: return "NULL";
        case SLUICE_VALUE_BOOLEAN: return value.as.integer != 0 ? "TRUE" : "FALSE";
        case SLUICE_VALUE_TEXT: return "'" + std::string(view(value.as.bytes)) + "'";
        case SLUICE_VALUE_BLOB: {
            std::string hex = "x'";
            for (const char byte : view(value.as.bytes))
                for (const int shift : {4, 0})
                    hex.push_back("0123456789abcdef"[(static_cast<unsigned char>(byte) >> shift) & 15]);
            return hex + "'";
        }
        default: {
            std::string text;
            value.type == SLUICE_VALUE_REAL ? append(text, value.as.real) : append(text, value.as.integer);
            return text;
        }
    }
}

inline Status stale() {
    return {SLUICE_STALE, "this ticket's message is not being handled now; use a ticket only inside its call of handle()"};
}

// What a component offers under an id; nullptr: nothing.
template <typename Table>
const void* extension_of(const Table& table, void* self, std::string_view id) {
    return table.extension == nullptr ? nullptr : table.extension(self, bytes(id));
}

}  // namespace detail

inline sluice_status FakeHost::named(const std::vector<std::string>& known, std::vector<std::string>& used, sluice_bytes asked,
                                     std::uint32_t* number, const char* what, sluice_fault* fault) {
    return detail::guarded(fault, [&]() -> Status {
        const std::string wanted(view(asked));
        if (!known.empty() && std::find(known.begin(), known.end(), wanted) == known.end())
            return {SLUICE_INVALID, std::string("there is no ") + what + " " + wanted};
        auto found = std::find(used.begin(), used.end(), wanted);
        if (found == used.end()) found = used.insert(used.end(), wanted);
        *number = static_cast<std::uint32_t>(found - used.begin());
        return SLUICE_OK;
    });
}

inline Status FakeHost::prepare(std::uint32_t database, std::string_view sql, std::uint32_t& number) {
    if (database >= used_databases_.size())
        return {SLUICE_INVALID, "ask for the database by name before preparing a statement on it"};
    if (!is_connected_)
        return {SLUICE_INVALID, "databases are not connected yet: prepare statements in start(), not in create()"};
    detail::FakeStatement scanned;
    if (Status status = detail::FakeStatement::scan(sql, scanned); !status.ok()) return status;
    if (on_prepare)
        if (Status status = on_prepare({used_databases_[database], scanned.sql, {}}); !status.ok()) return status;
    prepared_.push_back({database, std::move(scanned)});
    number = static_cast<std::uint32_t>(prepared_.size() - 1);
    return SLUICE_OK;
}

inline Status FakeHost::bound(std::uint32_t database, std::uint32_t statement, std::span<const sluice_value> values,
                              FakeWrite& made) const {
    if (database >= used_databases_.size())
        return {SLUICE_INVALID, "there is no database with this number; ask for it by name in create() or start()"};
    if (statement >= prepared_.size() || prepared_[statement].database != database)
        return {SLUICE_CONTRACT, "there is no statement of this number on this connection"};
    const detail::FakeStatement& prepared = prepared_[statement].statement;
    if (prepared.parameters != values.size())
        return {SLUICE_INVALID, "\"" + prepared.sql + "\" has " + std::to_string(prepared.parameters) +
                                    " parameters and was given " + std::to_string(values.size()) + " values"};
    made = {used_databases_[database], prepared.sql, {}};
    for (const sluice_value& value : values) made.values.push_back(detail::shown(value));
    return SLUICE_OK;
}

inline Status FakeHost::execute(sluice_ticket ticket, std::uint32_t database, std::uint32_t statement,
                                std::span<const sluice_value> values) {
    if (!is_under_way(ticket)) return detail::stale();
    FakeWrite write;
    if (Status status = bound(database, statement, values, write); !status.ok()) return status;
    if (prepared_[statement].statement.reads_only)
        return {SLUICE_INVALID, "\"" + write.sql + "\" only reads: ask for its rows with a query, executing it has no effect"};
    Status status = on_execute ? on_execute(write) : Status(SLUICE_QUEUED);
    if (status.code() == SLUICE_OK || status.code() == SLUICE_QUEUED) of_message(ticket).writes.push_back(std::move(write));
    return status;
}

inline Status FakeHost::query(sluice_ticket ticket, std::uint32_t database, std::uint32_t statement,
                              std::span<const sluice_value> values, const sluice_row_sink& sink) {
    if (ticket != 0 && !is_under_way(ticket)) return detail::stale();
    if (ticket != 0 && is_batch_)
        return {SLUICE_UNSUPPORTED, "in handle_batch nothing is queried within the unit of work: use ticket 0"};
    FakeWrite query;
    if (Status status = bound(database, statement, values, query); !status.ok()) return status;
    query.in_unit = ticket != 0;
    if (!query.in_unit && !prepared_[statement].statement.reads_only)
        return {SLUICE_INVALID, "\"" + query.sql + "\" writes: run it inside a unit of work"};
    queries.push_back(query);
    if (!on_query) return SLUICE_OK;
    bool goes_on = true;
    for (const std::vector<FakeValue>& row : on_query(query))
        if (goes_on) hand_out(row, sink, goes_on);
    return SLUICE_OK;
}

inline void FakeHost::hand_out(const std::vector<FakeValue>& row, const sluice_row_sink& sink, bool& goes_on) const {
    std::vector<sluice_value> columns;
    for (const FakeValue& column : row) switch (column.kind()) {
            case SLUICE_NODE_TEXT: columns.push_back(value(column.text())); break;
            case SLUICE_NODE_REAL: columns.push_back(value(column.real())); break;
            case SLUICE_NODE_NULL: columns.push_back(value(nullptr)); break;
            default: columns.push_back(value(column.integer()));
        }
    goes_on = sink.row(sink.context, columns.data(), static_cast<std::uint32_t>(columns.size())) == SLUICE_OK;
}

inline Status FakeHost::publish(sluice_ticket ticket, std::uint32_t target, const sluice_outgoing& message) {
    if (!is_under_way(ticket)) return detail::stale();
    if (target >= used_targets_.size())
        return {SLUICE_INVALID, "there is no target with this number; ask for it by name in create() or start()"};
    if (message.body.size > body_bytes_max || message.header_count > headers_max)
        return {SLUICE_INVALID, "a published message may have at most " + std::to_string(headers_max) +
                                    " headers and a body of " + std::to_string(body_bytes_max >> 20) + " MiB"};
    if (of_message(ticket).published.size() == publishes_max)
        return {SLUICE_FULL, "a message may publish at most " + std::to_string(publishes_max) + " messages"};
    FakePublished made{used_targets_[target],
                       std::string(view(message.body)),
                       std::string(view(message.key)),
                       std::string(view(message.id)),
                       {},
                       std::chrono::milliseconds(message.delay_ms)};
    for (const sluice_header& header : std::span(message.headers, message.header_count))
        made.headers.emplace_back(view(header.name), view(header.value));
    Status status = on_publish ? on_publish(made) : Status(SLUICE_QUEUED);
    if (status.code() == SLUICE_OK || status.code() == SLUICE_QUEUED) of_message(ticket).published.push_back(std::move(made));
    return status;
}

inline Status FakeHost::json(sluice_ticket ticket, std::string_view pointer, sluice_json& value) {
    if (!is_under_way(ticket)) return detail::stale();
    const auto names = detail::FakeJson::names_of(pointer);
    if (!names)
        return {SLUICE_INVALID, "\"" + std::string(pointer) + "\" is no JSON pointer: it must be empty or begin with \"/\""};
    detail::FakeJson::Found found = detail::FakeJson::find(of_message(ticket).body, *names);
    const std::string& text = *texts_.emplace_back(std::make_unique<std::string>(std::move(found.text)));
    value.type = found.type;
    value.text = bytes(text);
    return SLUICE_OK;
}

inline sluice_host_api FakeHost::all_services() {
    using detail::guarded;
    sluice_host_api api{};
    api.struct_size = sizeof api;
    api.log_enabled = [](sluice_host*, std::uint32_t) -> std::uint32_t { return 1; };
    api.log = [](sluice_host* host, std::uint32_t level, sluice_bytes text) {
        of(host).log.push_back({static_cast<Level>(level), std::string(view(text))});
    };
    api.state_dir = [](sluice_host* host) { return bytes(of(host).state_dir); };
    api.now_ms = [](sluice_host* host) { return of(host).now_ms; };
    api.database = [](sluice_host* host, sluice_bytes wanted, std::uint32_t* database, sluice_fault* fault) {
        FakeHost& self = of(host);
        const sluice_status status = named(self.databases, self.used_databases_, wanted, database, "database", fault);
        if (status != SLUICE_OK || self.used_databases_.size() <= databases_max) return status;
        self.used_databases_.pop_back();
        return detail::say(fault, SLUICE_INVALID, "a handler may use at most 8 databases; split the pool");
    };
    api.prepare = [](sluice_host* host, std::uint32_t database, sluice_bytes sql, std::uint32_t* statement,
                     sluice_fault* fault) {
        return guarded(fault, [&] { return of(host).prepare(database, view(sql), *statement); });
    };
    api.execute = [](sluice_host* host, sluice_ticket ticket, std::uint32_t database, std::uint32_t statement,
                     const sluice_value* values, std::uint32_t count, sluice_fault* fault) {
        return guarded(fault, [&] { return of(host).execute(ticket, database, statement, {values, count}); });
    };
    api.query = [](sluice_host* host, sluice_ticket ticket, std::uint32_t database, std::uint32_t statement,
                   const sluice_value* values, std::uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) {
        return guarded(fault, [&] { return of(host).query(ticket, database, statement, {values, count}, *sink); });
    };
    api.target = [](sluice_host* host, sluice_bytes wanted, std::uint32_t* target, sluice_fault* fault) {
        return named(of(host).targets, of(host).used_targets_, wanted, target, "target", fault);
    };
    api.publish = [](sluice_host* host, sluice_ticket ticket, std::uint32_t target, const sluice_outgoing* message,
                     sluice_fault* fault) {
        return guarded(fault, [&] { return of(host).publish(ticket, target, *message); });
    };
    // As the host: whoever asks with a ticket that has ended may give up.
    api.cancelled = [](sluice_host* host, sluice_ticket ticket) -> std::uint32_t {
        FakeHost& self = of(host);
        const bool is_known = ticket == 0 || self.is_under_way(ticket) || self.deferred.is_open(ticket);
        return self.cancelled || !is_known ? 1 : 0;
    };
    api.deadline_ms = [](sluice_host* host, sluice_ticket) { return of(host).deadline_ms; };
    api.complete = [](sluice_host* host, sluice_ticket ticket, const sluice_ending* ending) {
        if (ending == nullptr) return SLUICE_CONTRACT;
        if (ending->verdict < SLUICE_DONE || ending->verdict > SLUICE_SKIP) return SLUICE_INVALID;
        FakeEnd end{ticket, ending->verdict};
        end.text = std::string(view(ending->text));
        end.status = ending->status;
        return of(host).deferred.end(std::move(end));
    };
    api.resume = [](sluice_host* host, sluice_ticket ticket, std::uint64_t cookie) {
        return of(host).can_resume_ ? of(host).deferred.end({ticket, 0, cookie}) : SLUICE_UNSUPPORTED;
    };
    api.describe = [](sluice_host* host, std::uint32_t, std::uint32_t statement, sluice_statement* description, sluice_fault*) {
        if (statement >= of(host).prepared_.size()) return SLUICE_CONTRACT;
        const detail::FakeStatement& prepared = of(host).prepared_[statement].statement;
        description->parameters = prepared.parameters;
        description->reads_only = prepared.reads_only ? 1 : 0;
        return SLUICE_OK;
    };
    api.json = [](sluice_host* host, sluice_ticket ticket, sluice_bytes pointer, sluice_json* value, sluice_fault* fault) {
        return guarded(fault, [&] { return of(host).json(ticket, view(pointer), *value); });
    };
    api.instance = [](sluice_host* host) { return bytes(of(host).instance); };
    api.metric = [](sluice_host* host, const sluice_metric* metric, std::uint32_t* number, sluice_fault* fault) {
        return guarded(fault, [&]() -> Status {
            if (of(host).is_created_) return {SLUICE_INVALID, "metrics are declared in create(), before it returns"};
            return of(host).metrics.declare(*metric, *number);
        });
    };
    api.measure = [](sluice_host* host, std::uint32_t number, std::int64_t value) { of(host).metrics.measure(number, value); };
    api.work_done = [](sluice_host* host, sluice_ticket ticket, std::uint64_t n) -> sluice_status {
        FakeHost& self = of(host);
        if (!self.is_under_way(ticket)) return self.deferred.is_open(ticket) ? SLUICE_OK : SLUICE_STALE;
        self.work_done.push_back(n);
        return SLUICE_OK;
    };
    return api;
}

}  // namespace sluice::inline sdk
