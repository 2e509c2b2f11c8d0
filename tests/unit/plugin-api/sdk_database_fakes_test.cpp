// The fakes that drive database adapters.
#include <gmock/gmock.h>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/testing_database.hpp"

namespace {

using sluice::FakeHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A table of one column in memory; "bad" breaks a rule of it. Each flag breaks a rule of the ABI.
struct Table {
    static inline bool answers_twice = false, lists_ok = false;
    static inline std::vector<std::string> rows;
};

struct TableConnection : sluice::Connection {
    explicit TableConnection(sluice::CommitSink given) : sink(given) {}
    sluice::Status prepare(std::string_view sql, std::uint32_t& statement) override {
        statement = sql.starts_with("SELECT") ? 1 : 2;
        return sql.find("nowhere") == sql.npos ? sluice::Status() : sluice::Status(SLUICE_INVALID, "no such table: nowhere");
    }
    sluice::Status unit_begin(std::uint64_t& unit) override {
        unit = 1;
        return SLUICE_OK;
    }
    sluice::Status execute(std::uint64_t, sluice_ticket ticket, std::uint32_t, std::span<const sluice_value> values) override {
        writes.emplace_back(ticket, std::string(sluice::view(values[0].as.bytes)));
        return SLUICE_QUEUED;
    }
    sluice::Status query(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value>,
                         sluice::RowSink sink_of_rows) override {
        for (const std::string& row : Table::rows) {
            const sluice_value column = sluice::value(row);
            if (!sink_of_rows.row(std::span(&column, 1))) break;
        }
        return SLUICE_OK;
    }
    void drop(std::uint64_t, sluice_ticket ticket) noexcept override {
        std::erase_if(writes, [&](const auto& write) { return write.first == ticket; });
    }
    void forget(std::uint64_t, sluice_ticket) noexcept override {}
    sluice::Status seal(std::uint64_t) override { return SLUICE_OK; }
    void commit_submit(std::uint64_t, std::uint64_t token) noexcept override {
        std::vector<sluice_commit_result> results;
        for (const auto& [ticket, text] : writes) {
            if (text == "bad")
                results.push_back({ticket, SLUICE_CONSTRAINT, 0, sluice::bytes("it is bad")});
            else
                Table::rows.push_back(text);
            if (Table::lists_ok) results.push_back({ticket, SLUICE_OK, 0, {}});
        }
        writes.clear();
        for (int i = 0; i < (Table::answers_twice ? 2 : 1); ++i) sink.committed(token, SLUICE_OK, results);
    }
    void abandon_unit(std::uint64_t) noexcept override { writes.clear(); }
    void restart() noexcept override {}
    sluice::CommitSink sink;
    std::vector<std::pair<sluice_ticket, std::string>> writes;
};

struct TableDatabase : sluice::Database {
    sluice::Status open() override { return SLUICE_OK; }
    std::unique_ptr<sluice::Connection> connect(sluice::CommitSink sink) override {
        return std::make_unique<TableConnection>(sink);
    }
};
constexpr auto component = sluice::database<TableDatabase>("table", "A table.");

class FakeDatabases : public testing::Test {
protected:
    FakeDatabases() {
        Table::rows.clear();
        Table::answers_twice = Table::lists_ok = false;
        EXPECT_TRUE(database.open().ok());
    }
    FakeHost host;
    sluice::FakeDatabase database = host.database(component);
};

TEST_F(FakeDatabases, AreDrivenThroughTheLifeOfAUnit) {
    auto worker = database.connect();
    const auto insert = worker.prepare("INSERT INTO t VALUES(?)");
    const auto select = worker.prepare("SELECT * FROM t");
    const auto unit = worker.begin();
    EXPECT_EQ(worker.execute(unit, 1, insert, "tea").code(), SLUICE_QUEUED);
    EXPECT_EQ(worker.execute(unit, 2, insert, "bad").code(), SLUICE_QUEUED);
    EXPECT_EQ(worker.execute(unit, 3, insert, "forgotten").code(), SLUICE_QUEUED);
    worker.drop(unit, 3);
    const auto commit = worker.commit(unit);
    EXPECT_TRUE(commit.of(1).ok());
    EXPECT_EQ(commit.of(2).code(), SLUICE_CONSTRAINT);
    EXPECT_EQ(commit.of(2).text(), "it is bad");
    EXPECT_THAT(worker.query(select), ElementsAre(ElementsAre("'tea'")));
    EXPECT_THAT(worker.broken(), IsEmpty());
    EXPECT_EQ(database.ping().code(), SLUICE_UNSUPPORTED);
}

TEST_F(FakeDatabases, CarryWhatTheAdapterRefuses) {
    auto worker = database.connect();
    std::uint32_t statement = 0;
    EXPECT_EQ(worker.try_prepare("DELETE FROM nowhere", statement).code(), SLUICE_INVALID);
    EXPECT_THROW(worker.prepare("DELETE FROM nowhere"), sluice::Failure);
    EXPECT_EQ(worker.record_once(worker.begin(), 1, "flights", "1").code(), SLUICE_UNSUPPORTED);
}

TEST_F(FakeDatabases, SeeTheRulesThatAreBroken) {
    auto worker = database.connect();
    const auto insert = worker.prepare("INSERT INTO t VALUES(?)");
    Table::answers_twice = true;
    auto unit = worker.begin();
    EXPECT_EQ(worker.execute(unit, 1, insert, "tea").code(), SLUICE_QUEUED);
    (void)worker.commit(unit);
    EXPECT_THAT(testing::PrintToString(worker.broken()), HasSubstr("unit 1 was answered, which waits for no answer"));
    Table::answers_twice = false;
    Table::lists_ok = true;
    unit = worker.begin();
    EXPECT_EQ(worker.execute(unit, 1, insert, "tea").code(), SLUICE_QUEUED);
    (void)worker.commit(unit);
    EXPECT_THAT(testing::PrintToString(worker.broken()), HasSubstr("listed in a commit with SLUICE_OK"));
}

struct Boasts : TableDatabase {
    std::uint64_t capabilities() const noexcept override { return SLUICE_DATABASE_DEDUPLICATES; }
};

TEST_F(FakeDatabases, RefuseOneThatBoasts) {
    sluice_database table = *static_cast<const sluice_database*>(sluice::database<Boasts>("boasts", "B.").table);
    table.record_once = nullptr;
    EXPECT_THROW(sluice::FakeDatabase(host, &table, {}), sluice::Failure);
}

}  // namespace
