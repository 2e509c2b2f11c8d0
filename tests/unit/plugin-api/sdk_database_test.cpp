// A database adapter in C++, seen through its C table.
#include <gmock/gmock.h>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using testing::ElementsAre;

using Fault = sluice::detail::FaultBuffer;

struct Calls {
    static inline std::vector<std::string> made;
    static void note(std::string call) { made.push_back(std::move(call)); }
};

struct ShelfConnection : sluice::Connection {
    explicit ShelfConnection(sluice::CommitSink given) : sink(given) {}
    ~ShelfConnection() override { Calls::note("disconnect"); }
    sluice::Status prepare(std::string_view sql, std::uint32_t& statement) override {
        Calls::note("prepare " + std::string(sql));
        statement = 4;
        return SLUICE_OK;
    }
    sluice::Status unit_begin(std::uint64_t& unit) override {
        unit = 9;
        return SLUICE_OK;
    }
    sluice::Status execute(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value> values) override {
        if (values.empty()) throw std::runtime_error("nothing to shelve");
        return SLUICE_QUEUED;
    }
    sluice::Status query(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value>,
                         sluice::RowSink rows) override {
        for (int i = 0; i < 5; ++i) {
            const sluice_value column = sluice::value(i);
            if (!rows.row(std::span(&column, 1))) break;
        }
        return SLUICE_OK;
    }
    void drop(std::uint64_t, sluice_ticket ticket) noexcept override { Calls::note("drop " + std::to_string(ticket)); }
    void forget(std::uint64_t, sluice_ticket ticket) noexcept override { Calls::note("forget " + std::to_string(ticket)); }
    sluice::Status seal(std::uint64_t) override { return {SLUICE_CONFLICT, "again"}; }
    void commit_submit(std::uint64_t, std::uint64_t token) noexcept override {
        const sluice_commit_result result{2, SLUICE_SEEN, 0, {}};
        sink.committed(token, SLUICE_OK, std::span(&result, 1));
    }
    void abandon_unit(std::uint64_t) noexcept override { Calls::note("abandon"); }
    void restart() noexcept override { Calls::note("restart"); }
    sluice::CommitSink sink;
};

struct KeepingConnection : ShelfConnection {
    using ShelfConnection::ShelfConnection;
    sluice::Status keep_publishes(std::uint64_t, sluice_ticket ticket, std::string_view publishes) override {
        Calls::note("keep " + std::to_string(ticket) + " " + std::string(publishes));
        return SLUICE_OK;
    }
    sluice::Status settle(std::uint64_t, std::string_view queue, std::span<const sluice_ticket> tickets,
                          std::span<const sluice_settlement>) override {
        Calls::note("settle " + std::to_string(tickets.size()) + " of " + std::string(queue));
        return SLUICE_QUEUED;
    }
    sluice::Status kept_publishes(const sluice_identity& identity, sluice::RowSink rows) override {
        const std::string text = "kept for " + std::string(sluice::view(identity.id));
        const sluice_value column = sluice::value(std::as_bytes(std::span(text)));
        rows.row(std::span(&column, 1));
        return SLUICE_OK;
    }
    void publishes_done(std::span<const sluice_identity* const> identities) noexcept override {
        Calls::note("done " + std::to_string(identities.size()));
    }
};

struct Shelf : sluice::Database {
    explicit Shelf(const sluice::Setup&) {}
    sluice::Status open() override { return {SLUICE_CORRUPT, "the shelf has fallen"}; }
    std::unique_ptr<sluice::Connection> connect(sluice::CommitSink sink) override {
        return std::make_unique<ShelfConnection>(sink);
    }
};

class DatabaseSdk : public testing::Test {
protected:
    DatabaseSdk() {
        Calls::made.clear();
        EXPECT_EQ(table.create(&host.setup(SLUICE_ROLE_DATABASE, {}), &self, nullptr), SLUICE_OK);
        sink.struct_size = sizeof sink;
        sink.context = this;
        sink.committed = [](void* context, std::uint64_t token, sluice_status, const sluice_commit_result* results,
                            std::uint64_t count, sluice_bytes) {
            for (std::uint64_t i = 0; i < count; ++i)
                static_cast<DatabaseSdk*>(context)->committed.push_back({token, results[i].ticket, results[i].status});
        };
        EXPECT_EQ(table.connect(self, &sink, &connection, nullptr), SLUICE_OK);
    }
    ~DatabaseSdk() override {
        if (connection != nullptr) table.disconnect(connection);
        table.destroy(self);
    }

    sluice::FakeHost host;
    const sluice_database& table = *static_cast<const sluice_database*>(sluice::database<Shelf>("shelf", "S.").table);
    sluice_database_sink sink{};
    void* self = nullptr;
    void* connection = nullptr;
    std::vector<std::array<std::uint64_t, 3>> committed;
    Fault fault;
};

TEST_F(DatabaseSdk, CarriesEveryCallToTheConnection) {
    std::uint32_t statement = 0;
    std::uint64_t unit = 0;
    EXPECT_EQ(table.prepare(connection, sluice::bytes("SELECT 1"), &statement, nullptr), SLUICE_OK);
    EXPECT_EQ(statement, 4u);
    EXPECT_EQ(table.unit_begin(connection, &unit, nullptr), SLUICE_OK);
    EXPECT_EQ(unit, 9u);
    const sluice_value value = sluice::value(1);
    EXPECT_EQ(table.execute(connection, unit, 1, statement, &value, 1, nullptr), SLUICE_QUEUED);
    table.drop(connection, unit, 1);
    table.forget(connection, unit, 2);
    table.abandon_unit(connection, unit);
    table.commit_submit(connection, unit, 77);
    table.confirmed_below(connection, {}, {}, 5);
    table.disconnect(connection);
    connection = nullptr;
    EXPECT_THAT(Calls::made, ElementsAre("prepare SELECT 1", "drop 1", "forget 2", "abandon", "disconnect"));
    EXPECT_THAT(committed, ElementsAre(ElementsAre(77u, 2u, SLUICE_SEEN)));
}

TEST_F(DatabaseSdk, StopsAtTheRowThatIsTheLastWanted) {
    std::vector<std::int64_t> seen;
    const sluice_row_sink rows{sizeof rows, 0, &seen, [](void* context, const sluice_value* columns, std::uint32_t) {
                                   auto& all = *static_cast<std::vector<std::int64_t>*>(context);
                                   all.push_back(columns[0].as.integer);
                                   return all.size() < 2 ? SLUICE_OK : SLUICE_STOPPED;
                               }};
    EXPECT_EQ(table.query(connection, 0, 0, 4, nullptr, 0, &rows, nullptr), SLUICE_OK);
    EXPECT_THAT(seen, ElementsAre(0, 1));
}

TEST_F(DatabaseSdk, CarriesStatusesAndExceptionsWithTheirTexts) {
    EXPECT_EQ(table.open(self, &fault.fault), SLUICE_CORRUPT);
    EXPECT_EQ(fault.text(), "the shelf has fallen");
    EXPECT_EQ(table.seal(connection, 9, &fault.fault), SLUICE_CONFLICT);
    EXPECT_EQ(fault.text(), "again");
    EXPECT_EQ(table.execute(connection, 9, 1, 4, nullptr, 0, &fault.fault), SLUICE_FAILED);
    EXPECT_EQ(fault.text(), "nothing to shelve");
}

TEST_F(DatabaseSdk, SaysThatItDoesNotDeduplicateUnlessTheAdapterDoes) {
    const sluice_identity identity{};
    EXPECT_EQ(table.capabilities(self), 0u);
    EXPECT_EQ(table.record_once(connection, 9, 1, &identity, &fault.fault), SLUICE_UNSUPPORTED);
}

// Its own answer would be that all is well, whatever happens.
TEST_F(DatabaseSdk, CanOnlyBeAskedWhereTheAdapterSaysHow) {
    EXPECT_EQ(table.ping, nullptr);
    struct Asked : sluice::Database {
        sluice::Status open() override { return SLUICE_OK; }
        std::unique_ptr<sluice::Connection> connect(sluice::CommitSink) override { return nullptr; }
        sluice::Status ping() override { return {SLUICE_UNAVAILABLE, "closed"}; }
    };
    Asked asked;
    const sluice_database& its = sluice::detail::DatabaseThunks<Asked>::table;
    ASSERT_NE(its.ping, nullptr);
    EXPECT_EQ(its.ping(&asked, nullptr), SLUICE_UNAVAILABLE);
}

TEST_F(DatabaseSdk, CanOnlyBeInterruptedWhereTheAdapterSaysHow) {
    EXPECT_EQ(table.interrupt, nullptr);
    struct Waits : sluice::Database {
        sluice::Status open() override { return SLUICE_OK; }
        std::unique_ptr<sluice::Connection> connect(sluice::CommitSink) override { return nullptr; }
        void interrupt() noexcept override { Calls::note("interrupt"); }
    };
    Calls::made.clear();
    Waits waits;
    const sluice_database& its = sluice::detail::DatabaseThunks<Waits>::table;
    ASSERT_NE(its.interrupt, nullptr);
    its.interrupt(&waits);
    EXPECT_THAT(Calls::made, ElementsAre("interrupt"));
}

TEST_F(DatabaseSdk, KeepsNoPublishesUnlessTheAdapterDoes) {
    const sluice_identity identity{};
    EXPECT_EQ(table.resource_id(self).size, 0u);
    EXPECT_EQ(table.keep_publishes(connection, 9, 1, sluice::bytes("p"), &fault.fault), SLUICE_UNSUPPORTED);
    EXPECT_EQ(table.kept_publishes(connection, &identity, nullptr, &fault.fault), SLUICE_OK);
    const sluice_identity* const done[] = {&identity};
    table.publishes_done(connection, done, 1);
}

TEST_F(DatabaseSdk, SettlesNothingInAUnitUnlessTheAdapterDoes) {
    const sluice_ticket tickets[] = {1, 2};
    const sluice_settlement acks[2]{};
    EXPECT_EQ(table.settle(connection, 9, sluice::bytes("q"), tickets, acks, 2, &fault.fault), SLUICE_UNSUPPORTED);
    KeepingConnection keeping{sluice::CommitSink(&sink)};
    Calls::made.clear();
    EXPECT_EQ(table.settle(static_cast<sluice::Connection*>(&keeping), 9, sluice::bytes("q"), tickets, acks, 2, nullptr),
              SLUICE_QUEUED);
    EXPECT_THAT(Calls::made, ElementsAre("settle 2 of q"));
}

TEST_F(DatabaseSdk, CarriesKeptPublishesBothWays) {
    KeepingConnection keeping{sluice::CommitSink(&sink)};
    Calls::made.clear();
    sluice_identity identity{};
    identity.struct_size = sizeof identity;
    identity.id = sluice::bytes("m1");
    void* const self_of_it = static_cast<sluice::Connection*>(&keeping);
    EXPECT_EQ(table.keep_publishes(self_of_it, 9, 3, sluice::bytes("p"), nullptr), SLUICE_OK);
    std::string kept;
    const sluice_row_sink rows{sizeof rows, 0, &kept, [](void* context, const sluice_value* columns, std::uint32_t) {
                                   *static_cast<std::string*>(context) = sluice::view(columns[0].as.bytes);
                                   return SLUICE_OK;
                               }};
    EXPECT_EQ(table.kept_publishes(self_of_it, &identity, &rows, nullptr), SLUICE_OK);
    EXPECT_EQ(kept, "kept for m1");
    const sluice_identity* const done[] = {&identity, &identity};
    table.publishes_done(self_of_it, done, 2);
    EXPECT_THAT(Calls::made, ElementsAre("keep 3 p", "done 2"));
}

}  // namespace
