#include "plugin/rehearsal_database.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view look_sql = "SELECT 1";
constexpr std::string_view records_source = "sluice-tune";
constexpr sluice_ticket look_ticket = ~sluice_ticket{0};  // of no message

class Rehearsed {
public:
    explicit Rehearsed(DatabaseInstance database) : database_(std::move(database)) {
        const sluice_database& inner = table();
        table_.struct_size = sizeof table_;
        table_.destroy = [](void* self) { delete static_cast<Rehearsed*>(self); };
        if (inner.capabilities != nullptr)
            table_.capabilities = [](void* self) { return of(self).table().capabilities(of(self).self()); };
        table_.open = [](void* self, sluice_fault* fault) { return of(self).table().open(of(self).self(), fault); };
        if (inner.close != nullptr) table_.close = [](void* self) { of(self).table().close(of(self).self()); };
        if (inner.ping != nullptr)
            table_.ping = [](void* self, sluice_fault* fault) { return of(self).table().ping(of(self).self(), fault); };
        table_.connect = [](void* self, const sluice_database_sink* sink, void** connection, sluice_fault* fault) {
            return of(self).connect(*sink, connection, fault);
        };
        table_.disconnect = [](void* connection) {
            const std::unique_ptr<Connection> its(&on(connection));
            its->inner.disconnect(its->self);
        };
        table_.prepare = [](void* c, sluice_bytes sql, std::uint32_t* statement, sluice_fault* fault) {
            return on(c).inner.prepare(on(c).self, sql, statement, fault);
        };
        table_.unit_begin = [](void* c, std::uint64_t* unit, sluice_fault* fault) {
            return on(c).inner.unit_begin(on(c).self, unit, fault);
        };
        if (inner.record_once != nullptr)
            table_.record_once = [](void* c, std::uint64_t unit, sluice_ticket ticket, const sluice_identity* identity,
                                    sluice_fault* fault) {
                sluice_identity ours = *identity;
                ours.source = {records_source.data(), records_source.size()};
                return on(c).inner.record_once(on(c).self, unit, ticket, &ours, fault);
            };
        table_.execute = [](void* c, std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                            const sluice_value* values, std::uint32_t count, sluice_fault* fault) {
            return on(c).inner.execute(on(c).self, unit, ticket, statement, values, count, fault);
        };
        table_.query = [](void* c, std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                          const sluice_value* values, std::uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) {
            return on(c).inner.query(on(c).self, unit, ticket, statement, values, count, sink, fault);
        };
        table_.drop = [](void* c, std::uint64_t unit, sluice_ticket ticket) { on(c).inner.drop(on(c).self, unit, ticket); };
        if (inner.forget != nullptr)
            table_.forget = [](void* c, std::uint64_t unit, sluice_ticket ticket) {
                on(c).inner.forget(on(c).self, unit, ticket);
            };
        table_.seal = [](void* c, std::uint64_t unit, sluice_fault* fault) { return on(c).seal(unit, fault); };
        table_.commit_submit = [](void* c, std::uint64_t unit, std::uint64_t token) {
            on(c).inner.abandon_unit(on(c).self, unit);
            on(c).sink.committed(on(c).sink.context, token, SLUICE_OK, nullptr, 0, {});
        };
        table_.abandon_unit = [](void* c, std::uint64_t unit) { on(c).inner.abandon_unit(on(c).self, unit); };
        if (inner.interrupt != nullptr) table_.interrupt = [](void* self) { of(self).table().interrupt(of(self).self()); };
        if (inner.restart != nullptr) table_.restart = [](void* c) { on(c).inner.restart(on(c).self); };
        if (inner.keep_publishes != nullptr)
            table_.keep_publishes = [](void* c, std::uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                       sluice_fault* fault) {
                return on(c).inner.keep_publishes(on(c).self, unit, ticket, publishes, fault);
            };
        if (inner.describe != nullptr)
            table_.describe = [](void* c, std::uint32_t statement, sluice_statement* description, sluice_fault* fault) {
                return on(c).inner.describe(on(c).self, statement, description, fault);
            };
    }
    const sluice_database& own_table() const { return table_; }

private:
    struct Connection {
        const sluice_database& inner;
        sluice_database_sink sink;
        void* self = nullptr;
        std::uint32_t look = 0;
        bool can_look = false;

        sluice_status seal(std::uint64_t unit, sluice_fault* fault) {
            sluice_row_sink nowhere{};
            nowhere.struct_size = sizeof nowhere;
            nowhere.row = [](void*, const sluice_value*, std::uint32_t) noexcept -> sluice_status { return SLUICE_OK; };
            if (can_look) {
                const sluice_status applied = inner.query(self, unit, look_ticket, look, nullptr, 0, &nowhere, fault);
                if (applied != SLUICE_OK) return applied;
            }
            return inner.seal(self, unit, fault);
        }
    };

    static Rehearsed& of(void* self) { return *static_cast<Rehearsed*>(self); }
    static Connection& on(void* connection) { return *static_cast<Connection*>(connection); }
    const sluice_database& table() const { return database_.table(); }
    void* self() const { return database_.self(); }

    sluice_status connect(const sluice_database_sink& sink, void** connection, sluice_fault* fault) {
        auto made = std::make_unique<Connection>(Connection{table(), sink});
        const sluice_status connected = table().connect(self(), &made->sink, &made->self, fault);
        if (connected != SLUICE_OK) return connected;
        FaultBuffer ignored;
        made->can_look =
            table().prepare(made->self, {look_sql.data(), look_sql.size()}, &made->look, ignored.get()) == SLUICE_OK;
        *connection = made.release();
        return SLUICE_OK;
    }

    sluice_database table_{};
    DatabaseInstance database_;
};

}  // namespace

DatabaseInstance rehearse_database(DatabaseInstance database) {
    std::string name = database.name();
    auto rehearsed = std::make_unique<Rehearsed>(std::move(database));
    const sluice_database& table = rehearsed->own_table();
    return DatabaseInstance::adopt(table, rehearsed.release(), std::move(name));  // its destroy deletes it
}

}  // namespace sluice
