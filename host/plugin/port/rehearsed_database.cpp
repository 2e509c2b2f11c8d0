#include "plugin/port/rehearsed_database.hpp"

#include <string_view>
#include <utility>

#include "plugin/fault.hpp"

namespace sluice {
namespace {

constexpr std::string_view look_sql = "SELECT 1";
constexpr std::string_view records_source = "sluice-tune";
constexpr sluice_ticket look_ticket = ~sluice_ticket{0};  // of no message

class RehearsedConnection final : public ConnectionPort {
public:
    RehearsedConnection(std::unique_ptr<ConnectionPort> inner, Ended& ended) : inner_(std::move(inner)), ended_(ended) {
        FaultBuffer ignored;
        can_look_ = inner_->prepare({look_sql.data(), look_sql.size()}, &look_, ignored.get()) == SLUICE_OK;
    }

    sluice_status prepare(sluice_bytes sql, std::uint32_t* statement, sluice_fault* fault) override {
        return inner_->prepare(sql, statement, fault);
    }
    sluice_status describe(std::uint32_t statement, sluice_statement* description, sluice_fault* fault) override {
        return inner_->describe(statement, description, fault);
    }
    sluice_status unit_begin(std::uint64_t& unit, sluice_fault* fault) override { return inner_->unit_begin(unit, fault); }
    sluice_status record_once(std::uint64_t unit, sluice_ticket ticket, const sluice_identity& identity,
                              sluice_fault* fault) override {
        sluice_identity ours = identity;
        ours.source = {records_source.data(), records_source.size()};
        return inner_->record_once(unit, ticket, ours, fault);
    }
    sluice_status execute(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const sluice_value* values,
                          std::uint32_t count, sluice_fault* fault) override {
        return inner_->execute(unit, ticket, statement, values, count, fault);
    }
    sluice_status query(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const sluice_value* values,
                        std::uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) override {
        return inner_->query(unit, ticket, statement, values, count, sink, fault);
    }
    void drop(std::uint64_t unit, sluice_ticket ticket) override { inner_->drop(unit, ticket); }
    void forget(std::uint64_t unit, sluice_ticket ticket) override { inner_->forget(unit, ticket); }
    sluice_status settle(std::uint64_t unit, std::string_view queue, std::span<const sluice_ticket> tickets,
                         std::span<const sluice_settlement> settlements, sluice_fault* fault) override {
        return inner_->settle(unit, queue, tickets, settlements, fault);
    }
    sluice_status seal(std::uint64_t unit, sluice_fault* fault) override {
        sluice_row_sink nowhere{};
        nowhere.struct_size = sizeof nowhere;
        nowhere.row = [](void*, const sluice_value*, std::uint32_t) noexcept -> sluice_status { return SLUICE_OK; };
        if (can_look_) {
            const sluice_status applied = inner_->query(unit, look_ticket, look_, nullptr, 0, &nowhere, fault);
            if (applied != SLUICE_OK) return applied;
        }
        return inner_->seal(unit, fault);
    }
    void commit_submit(std::uint64_t unit, std::uint64_t token) override {
        inner_->abandon_unit(unit);
        ended_.committed(token, SLUICE_OK, nullptr, 0, {});
    }
    void abandon_unit(std::uint64_t unit) override { inner_->abandon_unit(unit); }
    void restart() override { inner_->restart(); }
    sluice_status keep_publishes(std::uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                 sluice_fault* fault) override {
        return inner_->keep_publishes(unit, ticket, publishes, fault);
    }

    // Nothing is kept beyond its unit: there is nothing to find, to end, or to fold.
    void confirmed_below(sluice_bytes, sluice_bytes, std::uint64_t) override {}
    bool keeps_publishes() const override { return false; }
    sluice_status kept_publishes(const sluice_identity&, const sluice_row_sink&, sluice_fault*) override {
        return SLUICE_UNSUPPORTED;
    }
    void publishes_done(const sluice_identity* const*, std::uint64_t) override {}

private:
    const std::unique_ptr<ConnectionPort> inner_;
    Ended& ended_;
    std::uint32_t look_ = 0;
    bool can_look_ = false;
};

class RehearsedDatabase final : public DatabasePort {
public:
    explicit RehearsedDatabase(std::unique_ptr<DatabasePort> inner) : inner_(std::move(inner)) {}

    Result<Facts> probe() override { return inner_->probe(); }
    Result<void> open() override { return inner_->open(); }
    void close() override { inner_->close(); }
    Result<std::unique_ptr<ConnectionPort>> connect(ConnectionPort::Ended& ended) override {
        auto connected = inner_->connect(ended);
        if (!connected) return connected;
        return std::unique_ptr<ConnectionPort>(std::make_unique<RehearsedConnection>(std::move(connected).value(), ended));
    }
    bool can_ping() const override { return inner_->can_ping(); }
    sluice_status ping(sluice_fault* fault) override { return inner_->ping(fault); }
    Result<void> recorded(std::string_view source, const RecordedRange& range) override {
        return inner_->recorded(source, range);
    }
    void interrupt() override { inner_->interrupt(); }
    bool deduplicates() const override { return inner_->deduplicates(); }
    bool settles() const override { return inner_->settles(); }
    // A message that is only tried is not acked with its effects.
    std::string_view resource() const override { return {}; }

private:
    const std::unique_ptr<DatabasePort> inner_;
};

}  // namespace

std::unique_ptr<DatabasePort> rehearse_database(std::unique_ptr<DatabasePort> database) {
    return std::make_unique<RehearsedDatabase>(std::move(database));
}

}  // namespace sluice
