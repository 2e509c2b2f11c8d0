// What a handler may ask of the host while it handles a message: databases, publishing, time, the log.
//
// Threads    that of the handler's worker: in handle(), and in start() where the comment says so. The log: any.
// Ownership  a Context and its DatabaseRefs live as long as the handler's instance; what they do for a message, they do until
//            its call returns. Later it is refused with SLUICE_STALE.
// Errors     what a service refuses is thrown as a Failure. Uncaught, it becomes the right verdict: retry, or reject if the
//            data break a rule of the database. An outage or a conflict does not count as an attempt of the message, nor does a
//            statement that the database cannot prepare.
// Limits     detail::statements_max different SQL texts per database, detail::names_max databases and targets.
#pragma once

#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "sluice/sdk/log.hpp"
#include "sluice/sdk/message.hpp"
#include "sluice/sdk/metric.hpp"
#include "sluice/sdk/services.hpp"
#include "sluice/sdk/setup.hpp"
#include "sluice/sdk/status.hpp"
#include "sluice/sdk/value.hpp"

namespace sluice::inline sdk {
namespace detail {

inline constexpr std::size_t statements_max = 256;
inline constexpr std::size_t names_max = 64;

// The message that is being handled; ticket 0 outside handle().
struct Current {
    const sluice_message* message = nullptr;
    sluice_ticket ticket = 0;
    std::thread::id thread{};  // that handles it

    // What whoever calls may act for: nothing, on another thread. There the call that it belonged to may have ended, and this
    // be another message.
    Current of_caller() const { return thread == std::this_thread::get_id() ? *this : Current{}; }
};

inline bool lies_within(sluice_bytes part, sluice_bytes whole) {
    const std::less_equal<const char*> not_behind;
    return whole.size != 0 && not_behind(whole.data, part.data) && not_behind(part.data + part.size, whole.data + whole.size);
}

// Texts that are part of the message itself live until its unit has ended: the host need not copy them.
inline void mark_life(sluice_value& value, const sluice_message* message) {
    if (message == nullptr || (value.type != SLUICE_VALUE_TEXT && value.type != SLUICE_VALUE_BLOB)) return;
    const sluice_bytes part = value.as.bytes;
    if (lies_within(part, message->body) || lies_within(part, message->key) || lies_within(part, message->id))
        value.life = SLUICE_LIFE_UNIT;
}

// Hands the rows of a query to a callable. What that throws waits here until the database's code is left.
template <typename OnRow>
struct RowReceiver {
    OnRow& on_row;
    std::exception_ptr thrown{};

    static sluice_status row(void* context, const sluice_value* columns, std::uint32_t count) noexcept {
        auto& self = *static_cast<RowReceiver*>(context);
        try {
            const Row current(columns, count);
            if constexpr (std::is_void_v<std::invoke_result_t<OnRow&, const Row&>>) {
                self.on_row(current);
                return SLUICE_OK;
            } else {
                return self.on_row(current) ? SLUICE_OK : SLUICE_STOPPED;
            }
        } catch (...) {
            self.thrown = std::current_exception();
            return SLUICE_FAILED;
        }
    }
};

}  // namespace detail

// A statement prepared on this worker's connection, and what the database says of it.
struct Statement {
    std::uint32_t number = 0;
    bool is_described = false;     // the rest is known
    bool reads_only = false;       // for query(): executing it would have no effect
    std::uint32_t parameters = 0;  // values that it takes
};

// A configured database, seen from one handler.
class DatabaseRef {
public:
    // A write of the current message. It is queued and happens when the unit of work commits, if the verdict is done.
    // Parameters are written `?`, in order:  shop.execute("INSERT INTO orders VALUES(?, ?)", order.id, order.amount)
    // `??` is a question mark for the engine:  shop.execute("DELETE FROM item WHERE tags ?? ?", tag)
    template <typename... Parameters>
    void execute(std::string_view sql, const Parameters&... parameters) {
        execute(statement(sql), parameters...);
    }
    template <typename... Parameters>
    void execute(Statement statement, const Parameters&... parameters) {
        if constexpr (sizeof...(Parameters) == 0) {
            run(current_.of_caller(), statement, nullptr, 0);
        } else {
            const detail::Current current = current_.of_caller();
            sluice_value values[] = {value(parameters)...};
            for (sluice_value& each : values) detail::mark_life(each, current.message);
            run(current, statement, values, sizeof...(Parameters));
        }
    }
    // With values that are known at run time only. Their life is as they say.
    void execute_values(Statement statement, std::span<const sluice_value> values) {
        run(current_.of_caller(), statement, values.data(), static_cast<std::uint32_t>(values.size()));
    }

    // Rows, seen from inside the unit: what was written before is applied first, so use it only where it is needed. The last
    // argument is called with each row and may answer false to stop:  shop.query("SELECT price FROM item WHERE id = ?", id,
    // [&](const Row& row) {…})
    template <typename... ParametersAndOnRow>
    void query(std::string_view sql, ParametersAndOnRow&&... arguments) {
        const sluice_ticket ticket = current_.of_caller().ticket;
        if (ticket == 0)
            throw Failure(SLUICE_STALE, "a query inside the unit of work belongs into handle(); outside, use query_committed");
        split_query(ticket, statement(sql), std::forward_as_tuple(arguments...),
                    std::make_index_sequence<sizeof...(arguments) - 1>());
    }
    // The same outside the unit: committed data only, holds nothing. Also in start().
    template <typename... ParametersAndOnRow>
    void query_committed(std::string_view sql, ParametersAndOnRow&&... arguments) {
        split_query(0, statement(sql), std::forward_as_tuple(arguments...),
                    std::make_index_sequence<sizeof...(arguments) - 1>());
    }

    // Prepares in start() or handle(); each text once. execute() and query() with a text do this by themselves.
    Statement prepare(std::string_view sql) { return statement(sql); }

    std::string_view name() const { return name_; }

    DatabaseRef(const detail::Services& services, const detail::Current& current, std::string_view name)
        : services_(services),
          current_(current),
          name_(name) {
        detail::FaultBuffer buffer;
        const sluice_status status = services_.api.database(services_.host, bytes(name_), &number_, &buffer.fault);
        if (status != SLUICE_OK) buffer.raise(status, "database " + name_);
    }
    DatabaseRef(const DatabaseRef&) = delete;
    DatabaseRef& operator=(const DatabaseRef&) = delete;

private:
    struct Known {
        const char* seen_at;  // where the text stood when it was last used: literals stay where they are
        std::string sql;
        Statement statement;
    };

    Statement statement(std::string_view sql) {
        // The address is a hint; the text decides, since a buffer may hold another one by now.
        for (const Known& known : known_)
            if (known.seen_at == sql.data() && known.sql == sql) return known.statement;
        for (Known& known : known_)
            if (known.sql == sql) {
                known.seen_at = sql.data();
                return known.statement;
            }
        return prepare_new(sql);
    }

    Statement prepare_new(std::string_view sql) {
        if (known_.size() == detail::statements_max)
            throw Failure(SLUICE_FAILED, "more than " + std::to_string(detail::statements_max) +
                                             " different statements: bind values with ? instead of writing them into the SQL");
        detail::FaultBuffer buffer;
        Statement statement;
        const sluice_status status =
            services_.api.prepare(services_.host, number_, bytes(sql), &statement.number, &buffer.fault);
        // A statement that is wrong is not the message's fault: SLUICE_INVALID would reject it. In start() it is the
        // configuration's.
        const bool in_message = current_.of_caller().ticket != 0;
        if (status != SLUICE_OK)
            buffer.raise(status == SLUICE_INVALID && in_message ? SLUICE_FAILED : status,
                         "preparing \"" + std::string(sql) + "\"");
        sluice_statement description{sizeof(sluice_statement), 0, 0, 0};
        if (services_.api.describe(services_.host, number_, statement.number, &description, nullptr) == SLUICE_OK) {
            statement.is_described = true;
            statement.reads_only = description.reads_only != 0;
            statement.parameters = description.parameters;
        }
        known_.push_back({sql.data(), std::string(sql), statement});
        return statement;
    }

    void run(const detail::Current& current, Statement statement, const sluice_value* values, std::uint32_t count) {
        detail::FaultBuffer buffer;
        const sluice_status status =
            services_.api.execute(services_.host, current.ticket, number_, statement.number, values, count, &buffer.fault);
        if (status != SLUICE_OK && status != SLUICE_QUEUED) [[unlikely]]
            buffer.raise(status, "writing to database " + name_);
    }

    template <typename Arguments, std::size_t... Index>
    void split_query(sluice_ticket ticket, Statement statement, Arguments&& arguments, std::index_sequence<Index...>) {
        auto& on_row = std::get<sizeof...(Index)>(arguments);
        using OnRow = std::remove_reference_t<decltype(on_row)>;
        static_assert(std::invocable<OnRow&, const Row&>, "the last argument of a query is called with each row");
        const sluice_value values[sizeof...(Index) + 1] = {value(std::get<Index>(arguments))...};
        detail::RowReceiver<OnRow> receiver{on_row};
        const sluice_row_sink sink{sizeof(sluice_row_sink), 0, &receiver, &detail::RowReceiver<OnRow>::row};
        detail::FaultBuffer buffer;
        const sluice_status status = services_.api.query(services_.host, ticket, number_, statement.number, values,
                                                         static_cast<std::uint32_t>(sizeof...(Index)), &sink, &buffer.fault);
        if (receiver.thrown) std::rethrow_exception(receiver.thrown);
        if (status != SLUICE_OK) buffer.raise(status, "reading from database " + name_);
    }

    const detail::Services& services_;
    const detail::Current& current_;
    const std::string name_;
    std::uint32_t number_ = 0;
    std::vector<Known> known_;
};

class Context {
public:
    Context(const sluice_host_api* api, sluice_host* host) : services_(api, host), log_(api, host) {}
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    // A database of the configuration, by name.
    DatabaseRef& database(std::string_view name) {
        for (const auto& known : databases_)
            if (known->name() == name) return *known;
        if (databases_.size() == detail::names_max) throw Failure(SLUICE_FAILED, "too many different databases in one handler");
        return *databases_.emplace_back(std::make_unique<DatabaseRef>(services_, current_, name));
    }

    // Publishes to a target of the configuration. It leaves after the commit, and only if the verdict is done.
    void publish(std::string_view target, const Outgoing& message) { publish(this->target(target), message); }
    void publish(TargetRef target, const Outgoing& message) {
        const sluice_outgoing outgoing{sizeof(sluice_outgoing), static_cast<std::uint32_t>(message.headers.size()),
                                       bytes(message.body),     bytes(message.key),
                                       bytes(message.id),       message.headers.data(),
                                       message.delay.count(),   {}};
        detail::FaultBuffer buffer;
        const sluice_status status =
            services_.api.publish(services_.host, current_.of_caller().ticket, target.number, &outgoing, &buffer.fault);
        if (status != SLUICE_OK && status != SLUICE_QUEUED) buffer.raise(status, "publishing to " + name_of(target));
    }
    void publish(std::string_view target, std::string_view body, std::string_view key = {}) {
        publish(target, Outgoing{.body = body, .key = key});
    }

    // A target of the configuration, by name.
    TargetRef target(std::string_view name) {
        for (const Target& known : targets_)
            if (known.name == name) return known.target;
        if (targets_.size() == detail::names_max) throw Failure(SLUICE_FAILED, "too many different targets in one handler");
        detail::FaultBuffer buffer;
        TargetRef target;
        const sluice_status status = services_.api.target(services_.host, bytes(name), &target.number, &buffer.fault);
        if (status != SLUICE_OK) buffer.raise(status, "target " + std::string(name));
        targets_.push_back({std::string(name), target});
        return target;
    }

    // True once the handler should give up: return retry(), the message goes back to the source. Ask it inside long work.
    bool cancelled() const { return services_.api.cancelled(services_.host, current_.ticket) != 0; }

    // When cancelled() will say true: the time of this call is over then. Nothing if there is no such time.
    std::optional<std::chrono::sys_time<std::chrono::milliseconds>> deadline() const {
        const std::int64_t at = services_.api.deadline_ms(services_.host, current_.ticket);
        if (at == 0) return std::nullopt;
        return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(at));
    }

    // How far a call that takes long is: so much of whatever it counts is done. Shown where the host says that the call runs;
    // its time goes on all the same.
    void work_done(std::uint64_t count) const { services_.api.work_done(services_.host, current_.ticket, count); }

    // The name of this call, by which a deferred message is ended later: see Completer.
    sluice_ticket ticket() const { return current_.ticket; }

    // The clock of the host, read once per batch.
    std::chrono::sys_time<std::chrono::milliseconds> now() const {
        return std::chrono::sys_time<std::chrono::milliseconds>(
            std::chrono::milliseconds(services_.api.now_ms(services_.host)));
    }

    const Log& log() const { return log_; }
    template <typename... Parts>
    void log(Level level, const Parts&... parts) const {
        log_(level, parts...);
    }

    // Everything that came after the first version; nullptr if this host does not have it.
    const void* extension(std::string_view name) const { return services_.api.extension(services_.host, bytes(name)); }

    // The SDK's own.
    const detail::Services& services() const noexcept { return services_; }
    // The message under way.
    Message message() const noexcept { return Message(*current_.message, &services_, current_.ticket); }
    // One call of handle() or resume(). When it ends nothing leads to its message any more, though somebody may have kept this
    // context.
    class Call {
    public:
        Call(Context& context, const sluice_message* message, sluice_ticket ticket) noexcept : current_(context.current_) {
            current_ = {message, ticket, std::this_thread::get_id()};
        }
        ~Call() { current_ = {}; }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

    private:
        detail::Current& current_;
    };

private:
    struct Target {
        std::string name;
        TargetRef target;
    };

    std::string name_of(TargetRef target) const {
        for (const Target& known : targets_)
            if (known.target.number == target.number) return known.name;
        return "a target that was not asked for by name";
    }

    const detail::Services services_;
    const Log log_;
    detail::Current current_;
    std::vector<std::unique_ptr<DatabaseRef>> databases_;
    std::vector<Target> targets_;
};

inline DatabaseRef& Setup::database(std::string_view name) const {
    if (context_ == nullptr) throw Failure(SLUICE_UNSUPPORTED, "only handlers are given databases");
    return context_->database(name);
}
inline metric::Counter Setup::counter(std::string_view name, std::string_view help, std::string_view unit) const {
    return measured<metric::Counter>(SLUICE_METRIC_COUNTER, name, help, unit);
}
inline metric::Gauge Setup::gauge(std::string_view name, std::string_view help, std::string_view unit) const {
    return measured<metric::Gauge>(SLUICE_METRIC_GAUGE, name, help, unit);
}
inline metric::Histogram Setup::histogram(std::string_view name, std::string_view help, std::string_view unit) const {
    return measured<metric::Histogram>(SLUICE_METRIC_HISTOGRAM, name, help, unit);
}
template <typename Kind>
Kind Setup::measured(std::uint32_t kind, std::string_view name, std::string_view help, std::string_view unit) const {
    if (context_ == nullptr) throw Failure(SLUICE_UNSUPPORTED, "only handlers have metrics");
    return Kind(context_->services(), kind, name, help, unit);
}
inline TargetRef Setup::target(std::string_view name) const {
    if (context_ == nullptr) throw Failure(SLUICE_UNSUPPORTED, "only handlers are given targets");
    return context_->target(name);
}

}  // namespace sluice::inline sdk
