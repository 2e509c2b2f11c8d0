#include "plugin/port/plugin_database.hpp"

#include <fmt/format.h>

#include <exception>
#include <string>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/tables.hpp"

namespace sluice {
namespace {

sluice_status say(sluice_fault* fault, sluice_status status, std::string_view what, std::string_view text) {
    const std::string said = std::string(what) + std::string(text);
    return sluice_fault_set(fault, status, said.data(), said.size());
}

// What leaves a connection is the doing of no handler or message: the connection counts as lost.
template <typename Call>
sluice_status as_lost(CallOf what, sluice_fault* fault, Call&& call) {
    return guarded(what, call, [&](std::string_view text) {
        return say(fault, SLUICE_UNAVAILABLE, "an exception left the plugin of the database: ", text);
    });
}

class PluginConnection final : public ConnectionPort {
public:
    PluginConnection(const DatabaseInstance& database, Ended& ended)
        : table_(database.table()),
          part_(database.part()),
          ended_(ended) {
        sink_.struct_size = sizeof sink_;
        sink_.context = &ended;
        // Nothing may be thrown into the plugin. What is left that could throw is the executor that cannot take the worker in:
        // a host that cannot even do that ends, and what was in flight comes again.
        sink_.committed = [](void* context, std::uint64_t token, sluice_status status, const sluice_commit_result* results,
                             std::uint64_t count, sluice_bytes text) noexcept {
            static_cast<Ended*>(context)->committed(token, status, results, count, text);
        };
    }
    ~PluginConnection() override {
        if (self_ != nullptr) guarded(call("disconnect"), [&] { table_.disconnect(self_); });
    }

    const sluice_database_sink* sink() const { return &sink_; }
    void connected(void* self) { self_ = self; }

    sluice_status prepare(sluice_bytes sql, std::uint32_t* statement, sluice_fault* fault) override {
        return as_lost(call("prepare"), fault, [&] { return table_.prepare(self_, sql, statement, fault); });
    }
    sluice_status describe(std::uint32_t statement, sluice_statement* description, sluice_fault* fault) override {
        if (table_.describe == nullptr)
            return say(fault, SLUICE_UNSUPPORTED, "this database does not say what is known of a statement", {});
        return as_lost(call("describe"), fault, [&] { return table_.describe(self_, statement, description, fault); });
    }
    sluice_status unit_begin(std::uint64_t& unit, sluice_fault* fault) override {
        return as_lost(call("unit_begin"), fault, [&] { return table_.unit_begin(self_, &unit, fault); });
    }
    sluice_status record_once(std::uint64_t unit, sluice_ticket ticket, const sluice_identity& identity,
                              sluice_fault* fault) override {
        if (table_.record_once == nullptr) return SLUICE_UNSUPPORTED;
        return as_lost(call("record_once"), fault, [&] { return table_.record_once(self_, unit, ticket, &identity, fault); });
    }
    sluice_status execute(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const sluice_value* values,
                          std::uint32_t count, sluice_fault* fault) override {
        return as_lost(call("execute"), fault,
                       [&] { return table_.execute(self_, unit, ticket, statement, values, count, fault); });
    }
    sluice_status query(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const sluice_value* values,
                        std::uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) override {
        return as_lost(call("query"), fault,
                       [&] { return table_.query(self_, unit, ticket, statement, values, count, sink, fault); });
    }
    void drop(std::uint64_t unit, sluice_ticket ticket) override {
        guarded(call("drop"), [&] { table_.drop(self_, unit, ticket); });
    }
    void forget(std::uint64_t unit, sluice_ticket ticket) override {
        if (table_.forget != nullptr) guarded(call("forget"), [&] { table_.forget(self_, unit, ticket); });
    }
    sluice_status settle(std::uint64_t unit, std::string_view queue, std::span<const sluice_ticket> tickets,
                         std::span<const sluice_settlement> settlements, sluice_fault* fault) override {
        if (table_.settle == nullptr) return SLUICE_UNSUPPORTED;
        return as_lost(call("settle"), fault, [&] {
            return table_.settle(self_, unit, {queue.data(), queue.size()}, tickets.data(), settlements.data(), tickets.size(),
                                 fault);
        });
    }
    sluice_status seal(std::uint64_t unit, sluice_fault* fault) override {
        return as_lost(call("seal"), fault, [&] { return table_.seal(self_, unit, fault); });
    }
    void commit_submit(std::uint64_t unit, std::uint64_t token) override {
        guarded(
            call("commit_submit"), [&] { table_.commit_submit(self_, unit, token); },
            [&](std::string_view text) {
                ended_.committed(token, SLUICE_UNKNOWN, nullptr, 0, {text.data(), text.size()});
            });
    }
    void abandon_unit(std::uint64_t unit) override {
        guarded(call("abandon_unit"), [&] { table_.abandon_unit(self_, unit); });
    }
    void confirmed_below(sluice_bytes source, sluice_bytes stream, std::uint64_t position) override {
        if (table_.confirmed_below != nullptr)
            guarded(call("confirmed_below"), [&] { table_.confirmed_below(self_, source, stream, position); });
    }
    void restart() override {
        if (table_.restart != nullptr) guarded(call("restart"), [&] { table_.restart(self_); });
    }
    // The three functions come together (tables.hpp).
    bool keeps_publishes() const override { return table_.publishes_done != nullptr; }
    sluice_status keep_publishes(std::uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                 sluice_fault* fault) override {
        if (table_.keep_publishes == nullptr) return SLUICE_UNSUPPORTED;
        return as_lost(call("keep_publishes"), fault,
                       [&] { return table_.keep_publishes(self_, unit, ticket, publishes, fault); });
    }
    sluice_status kept_publishes(const sluice_identity& identity, const sluice_row_sink& sink, sluice_fault* fault) override {
        if (table_.kept_publishes == nullptr) return SLUICE_UNSUPPORTED;
        return as_lost(call("kept_publishes"), fault, [&] { return table_.kept_publishes(self_, &identity, &sink, fault); });
    }
    void publishes_done(const sluice_identity* const* identities, std::uint64_t count) override {
        if (keeps_publishes()) guarded(call("publishes_done"), [&] { table_.publishes_done(self_, identities, count); });
    }

private:
    CallOf call(const char* function) const { return {part_, function}; }

    const sluice_database& table_;
    const PluginPart* const part_;
    Ended& ended_;
    sluice_database_sink sink_{};
    void* self_ = nullptr;
};

}  // namespace

Result<std::unique_ptr<PluginDatabase>> PluginDatabase::create(const sluice_database& table, const sluice_setup& setup,
                                                               const PluginPart* part) {
    auto created = DatabaseInstance::create(table, setup, part);
    if (!created) return std::move(created).error();
    auto capabilities = created->capabilities();
    if (!capabilities) return std::move(capabilities).error();
    return std::unique_ptr<PluginDatabase>(new PluginDatabase(std::move(created).value(), *capabilities));
}

Result<std::unique_ptr<DatabasePort>> PluginDatabase::create(const Library& library, std::string_view component,
                                                             const sluice_setup& setup, const PluginPart& part) {
    const sluice_database& table = *library.database(component);
    auto created = create(table, setup, &part);
    if (!created) return std::move(created).error();
    if (const std::string why = broken_promise(table, (*created)->capabilities_.load(std::memory_order_relaxed)); !why.empty())
        return library.broken(fmt::format("database \"{}\": {}", component, why));
    return std::unique_ptr<DatabasePort>(std::move(created).value());
}

// What it recognises decides whether effects are done twice: not to know it is an error, unlike with a queue.
Result<void> PluginDatabase::open() {
    auto opened = instance_.attempt(
        "open", [](const sluice_database& table, void* self, sluice_fault* fault) { return table.open(self, fault); });
    if (!opened) return opened;
    const auto said = instance_.capabilities();
    const std::string why = said ? broken_promise(instance_.table(), *said) : std::string();
    if (said && why.empty()) {
        capabilities_.store(*said, std::memory_order_relaxed);
        return {};
    }
    close();
    if (!said) return said.error();
    return Error{ErrorKind::contract, "contract: once it is open, " + why}.within(instance_.name());
}

void PluginDatabase::close() {
    if (instance_.table().close != nullptr)
        guarded({instance_.part(), "close"}, [&] { instance_.table().close(instance_.self()); });
}

Result<std::unique_ptr<ConnectionPort>> PluginDatabase::connect(ConnectionPort::Ended& ended) {
    auto connection = std::make_unique<PluginConnection>(instance_, ended);
    void* made = nullptr;
    auto connected = instance_.attempt("connect", [&](const sluice_database& table, void* self, sluice_fault* fault) {
        return table.connect(self, connection->sink(), &made, fault);
    });
    if (!connected) return std::move(connected).error();  // whatever it made: there is nothing to disconnect
    connection->connected(made);
    return std::unique_ptr<ConnectionPort>(std::move(connection));
}

sluice_status PluginDatabase::ping(sluice_fault* fault) {
    if (!can_ping()) return SLUICE_UNSUPPORTED;
    return guarded(
        {instance_.part(), "ping"}, [&] { return instance_.table().ping(instance_.self(), fault); },
        [&](std::string_view text) { return say(fault, SLUICE_CONTRACT, "an exception left the plugin: ", text); });
}

Result<void> PluginDatabase::recorded(std::string_view source, const RecordedRange& range) {
    if (instance_.table().recorded == nullptr) return {};
    struct Told {
        const RecordedRange& range;
        bool enough = false;
        bool no_memory = false;
    } told{range};
    sluice_recorded_sink sink{};
    sink.struct_size = sizeof sink;
    sink.context = &told;
    sink.range = [](void* context, sluice_bytes stream, std::uint64_t from, std::uint64_t to) noexcept -> sluice_status {
        auto& its = *static_cast<Told*>(context);
        try {
            its.enough |= !its.range(view_of(stream), from, to);
        } catch (const std::exception&) {
            its.no_memory = true;
        }
        return its.enough || its.no_memory ? SLUICE_FULL : SLUICE_OK;
    };
    auto answered = instance_.attempt("recorded", [&](const sluice_database& table, void* self, sluice_fault* fault) {
        const sluice_status status = table.recorded(self, {source.data(), source.size()}, &sink, fault);
        return told.enough && status == SLUICE_FULL ? SLUICE_OK : status;  // it passes on what it was told
    });
    if (told.no_memory) return Error{ErrorKind::unavailable, "there is no memory for what the database has recorded"};
    if (!answered && answered.error().kind == ErrorKind::unsupported) return {};
    return answered;
}

void PluginDatabase::interrupt() {
    if (instance_.table().interrupt != nullptr)
        guarded({instance_.part(), "interrupt"}, [&] { instance_.table().interrupt(instance_.self()); });
}

std::string_view PluginDatabase::resource() const {
    if (instance_.table().resource_id == nullptr) return {};
    return view_of(guarded(
        {instance_.part(), "resource_id"}, [&] { return instance_.table().resource_id(instance_.self()); },
        [](std::string_view) { return sluice_bytes{}; }));
}

}  // namespace sluice
