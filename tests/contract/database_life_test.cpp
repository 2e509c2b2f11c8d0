// The life of a database: create, open, connect, close, and what may be asked meanwhile.
#include "database_fixture.hpp"
#include "threads.hpp"

namespace sluice::contract {
namespace {

using testing::IsEmpty;
using testing::Not;

class DatabaseLife : public testing::TestWithParam<const DatabaseEngine*> {
protected:
    const DatabaseEngine& engine = *GetParam();
    Folder folder;
    const DatabaseEngine::Wanted wanted{engine.create_table};
};

TEST_P(DatabaseLife, CreateOpensNothing) {
    const auto before = folder.contents();
    const auto running = threads();
    DatabaseInstance database(engine, folder, wanted, {}, false);
    ASSERT_TRUE(database.created().ok()) << database.created();
    EXPECT_EQ(folder.contents(), before);
    EXPECT_TRUE(are_gone_but(running)) << "create has started a thread";
}

TEST_P(DatabaseLife, TheTableHasWhatADatabaseNeeds) {
    DatabaseInstance database(engine, folder, wanted);
    const sluice_database& table = database.table();
    for (const bool is_there :
         {table.create != nullptr, table.destroy != nullptr, table.capabilities != nullptr, table.open != nullptr,
          table.close != nullptr, table.connect != nullptr, table.disconnect != nullptr, table.prepare != nullptr,
          table.unit_begin != nullptr, table.execute != nullptr, table.query != nullptr, table.drop != nullptr,
          table.forget != nullptr, table.seal != nullptr, table.commit_submit != nullptr, table.abandon_unit != nullptr,
          table.restart != nullptr})
        EXPECT_TRUE(is_there);
    EXPECT_EQ(table.flags, 0u);
    EXPECT_EQ(table.interrupt != nullptr, engine.can_be_interrupted);
    EXPECT_TRUE((engine.capabilities & SLUICE_DATABASE_DEDUPLICATES) == 0 || table.record_once != nullptr);
    EXPECT_TRUE((engine.capabilities & SLUICE_DATABASE_SETTLES) == 0 || table.settle != nullptr);
    // Those of publishes come together.
    EXPECT_EQ(table.keep_publishes != nullptr, table.kept_publishes != nullptr);
    EXPECT_EQ(table.keep_publishes != nullptr, table.publishes_done != nullptr);
}

TEST_P(DatabaseLife, CapabilitiesAreAsPromisedAfterCreateAndAfterOpen) {
    for (const bool deduplicates : {true, false}) {
        const auto promised = deduplicates ? engine.capabilities : engine.capabilities_without;
        DatabaseInstance database(engine, folder, {engine.create_table, far_longer, deduplicates});
        EXPECT_EQ(database.capabilities(), promised);
        for (int i = 0; i < 2; ++i) {
            ASSERT_TRUE(database.open().ok());
            EXPECT_EQ(database.capabilities(), promised);
            database.close();
        }
    }
}

TEST_P(DatabaseLife, OpensAndClosesAgainAndLeavesNoThread) {
    const auto before = threads();
    DatabaseInstance database(engine, folder, wanted);
    for (int i = 0; i < 3; ++i) {
        const Answer opened = database.open();
        ASSERT_TRUE(opened.ok()) << opened;
        EXPECT_TRUE(database.ping().ok());
        database.close();
        EXPECT_TRUE(are_gone_but(before));
    }
}

TEST_P(DatabaseLife, ItsThreadsAreNamedAndBlockSignals) {
    const auto before = threads();
    DatabaseInstance database(engine, folder, wanted);
    ASSERT_TRUE(database.open().ok());
    for (const int thread : threads()) {
        if (before.contains(thread)) continue;
        const std::string blocked = status_line(thread, "SigBlk");
        EXPECT_EQ(std::stoull(blocked, nullptr, 16) | 0x180040100ull, 0xffffffffffffffffull) << blocked;
        EXPECT_NE(status_line(thread, "Name"), status_line(static_cast<int>(::gettid()), "Name"));
    }
}

TEST_P(DatabaseLife, OpensAgainAfterOpenHasFailed) {
    if (!engine.spoil) GTEST_SKIP() << "nothing spoils it here";
    DatabaseInstance database(engine, folder, wanted);
    {
        const Guard spoiled = engine.spoil(folder);
        for (int i = 0; i < 2; ++i) {
            const Answer opened = database.open();
            ASSERT_FALSE(opened.ok());
            EXPECT_THAT(opened.text, Not(IsEmpty()));
        }
    }
    EXPECT_TRUE(database.open().ok());
}

TEST_P(DatabaseLife, OpensAgainAfterItsSetupHasFailed) {
    const auto before = threads();
    DatabaseInstance database(engine, folder, {"CREATE NONSENSE"});
    for (int i = 0; i < 2; ++i) {
        const Answer opened = database.open();
        EXPECT_EQ(opened.status, SLUICE_INVALID) << opened;
        EXPECT_TRUE(are_gone_but(before));
    }
}

TEST_P(DatabaseLife, TheResourceStaysTheSame) {
    DatabaseInstance database(engine, folder, wanted);
    ASSERT_TRUE(database.open().ok());
    const std::string resource = database.resource_id();
    Aside<std::string> elsewhere([&] { return database.resource_id(); });
    EXPECT_EQ(elsewhere.result(), resource);
    database.close();
    ASSERT_TRUE(database.open().ok());
    EXPECT_EQ(database.resource_id(), resource);
}

TEST_P(DatabaseLife, ConnectionsComeAndGoWhileOthersWork) {
    DatabaseInstance database(engine, folder, wanted);
    ASSERT_TRUE(database.open().ok());
    Worker one(database);
    for (std::int64_t id = 0; id < 5; ++id) {
        Worker other(database);
        ASSERT_TRUE(other.connected().ok());
        for (Worker* worker : {&one, &other}) {
            const auto unit = worker->begun();
            const auto row = worker == &one ? id : id + 100;
            EXPECT_TRUE(worker->execute(unit, 1, "INSERT INTO item VALUES(?, 'x')", {integer(row)}).is_taken());
            EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
        }
    }
    EXPECT_EQ(one.value("SELECT count(*) FROM item"), "10");
}

TEST_P(DatabaseLife, IsProbedWithoutAChange) {
    {
        DatabaseInstance database(engine, folder, wanted);
        if (database.table().probe == nullptr) GTEST_SKIP() << "it cannot be probed";
        ASSERT_TRUE(database.open().ok());
    }
    const auto before = folder.contents();
    std::vector<std::pair<std::string, std::string>> facts;
    DatabaseInstance probed(engine, folder, {"CREATE TABLE made_by_the_setup(a INTEGER)"});
    const Answer answer = probed.probe(facts);
    EXPECT_TRUE(answer.ok()) << answer;
    EXPECT_THAT(facts, Not(IsEmpty()));
    EXPECT_EQ(folder.contents(), before);
}

TEST_P(DatabaseLife, IsProbedWhereNothingIsAndCreatesNothing) {
    const auto before = folder.contents();
    std::vector<std::pair<std::string, std::string>> facts;
    DatabaseInstance probed(engine, folder, wanted, {}, false);
    if (probed.table().probe == nullptr) GTEST_SKIP() << "it cannot be probed";
    EXPECT_THAT(probed.probe(facts).status, testing::AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE, SLUICE_INVALID));
    EXPECT_EQ(folder.contents(), before);
}

INSTANTIATE_TEST_SUITE_P(, DatabaseLife, testing::ValuesIn(databases()), name_of);

}  // namespace
}  // namespace sluice::contract
