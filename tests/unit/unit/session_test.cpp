// The databases of one worker, without a handler that uses them.
#include "unit/session.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "observe/memory_log.hpp"
#include "work/fake_database.hpp"

namespace sluice {
namespace {

class SessionTest : public testing::Test, public Connection::Ended {
protected:
    FakeDatabase& add(const std::string& name, bool deduplicates = false) {
        FakeDatabase& made = databases.emplace_back(name, deduplicates);
        made.database.circuit = std::make_unique<Circuit>(clock, logging.logger("databases." + name));
        dependencies.databases.emplace_back(name, &made.database);
        return made;
    }
    sluice_status use(std::uint32_t number, bool message_is_under_way = false) {
        fault.clear();
        return session.use(number, message_is_under_way, fault.get());
    }
    void committed(std::uint64_t, sluice_status, const sluice_commit_result*, std::uint64_t, sluice_bytes) override {}

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::info, false, {}}, clock, log.file()};
    std::deque<FakeDatabase> databases;
    Dependencies dependencies;
    Session session{dependencies, *this, clock, logging.logger("pools.p")};
    FaultBuffer fault;
};

TEST_F(SessionTest, ConnectsWhatIsInUseOnceItIsOpened) {
    FakeDatabase& used = add("used");
    FakeDatabase& unused = add("unused");
    EXPECT_EQ(use(0), SLUICE_OK);
    EXPECT_EQ(use(0), SLUICE_OK) << "once more";
    EXPECT_EQ(used.connected, 0);
    ASSERT_TRUE(session.open());
    EXPECT_EQ(used.connected, 1);
    EXPECT_EQ(unused.connected, 0);
    EXPECT_NE(session.connection(0), nullptr);
    EXPECT_EQ(session.connection(1), nullptr);
    session.close();
    EXPECT_EQ(used.connected, 0);
}

TEST_F(SessionTest, ForgetsADatabaseThatIsAskedForLateAndCannotBeConnected) {
    FakeDatabase& late = add("late", true);
    ASSERT_TRUE(session.open());
    late.connect_answer = SLUICE_UNAVAILABLE;
    EXPECT_EQ(use(0), SLUICE_UNAVAILABLE);
    EXPECT_TRUE(session.was_unavailable());
    EXPECT_FALSE(session.deduplicates());
    late.connect_answer = SLUICE_OK;
    EXPECT_EQ(use(0), SLUICE_OK);
    EXPECT_EQ(late.connected, 1);
    EXPECT_TRUE(session.deduplicates());
}

TEST_F(SessionTest, LetsAMessageRunAgainThatBeganWithoutTheDatabaseThatIsToRecordIt) {
    add("records", true);
    ASSERT_TRUE(session.open());
    EXPECT_EQ(use(0, true), SLUICE_CONFLICT);
    EXPECT_TRUE(session.was_unavailable()) << "that does not count as an attempt";
    session.forget_said();
    EXPECT_EQ(use(0, true), SLUICE_OK);
    EXPECT_FALSE(session.was_unavailable());
}

TEST_F(SessionTest, RefusesASecondDatabaseThatDeduplicates) {
    add("one", true);
    add("two", true);
    EXPECT_EQ(use(0), SLUICE_OK);
    EXPECT_EQ(use(1), SLUICE_INVALID);
    EXPECT_NE(fault.text().find("only one can take part in a unit"), std::string::npos);
}

TEST_F(SessionTest, RefusesMoreDatabasesThanAUnitMayHave) {
    for (std::size_t i = 0; i <= limits::databases_max; ++i) add("db" + std::to_string(i));
    for (std::uint32_t number = 0; number < limits::databases_max; ++number) EXPECT_EQ(use(number), SLUICE_OK);
    EXPECT_EQ(use(limits::databases_max), SLUICE_INVALID);
}

TEST_F(SessionTest, NotesWhichOfSeveralDatabasesHappensAtLeastOnce) {
    add("shop");
    add("records", true);
    add("audit");
    EXPECT_EQ(use(0), SLUICE_OK);
    EXPECT_EQ(use(2), SLUICE_OK);
    EXPECT_EQ(session.note_on_databases(), "") << "nobody has asked for more";
    EXPECT_EQ(use(1), SLUICE_OK);
    EXPECT_EQ(session.note_on_databases(),
              "only database \"records\" says `deduplicate: true`; it commits last, and what goes to \"shop\", \"audit\" "
              "happens at least once: after a crash it may happen again");
    EXPECT_TRUE(session.commits_last(2));
    EXPECT_FALSE(session.commits_last(0) || session.commits_last(1));
}

TEST_F(SessionTest, AcksWhereTheQueueIsUnlessAnotherDatabaseHasToCommitLast) {
    FakeDatabase& queue = add("queue");
    queue.resource = "file 7";
    add("records", true);
    EXPECT_EQ(use(0), SLUICE_OK);
    session.ack_in_units("file 8", "q");
    session.ack_in_units("", "q");
    session.ack_in_units("file 7", "");
    EXPECT_FALSE(session.commits_last(0));
    session.ack_in_units("file 7", "q");
    EXPECT_TRUE(session.commits_last(0));

    Session other(dependencies, *this, clock, logging.logger("pools.p"));
    EXPECT_EQ(other.use(0, false, nullptr), SLUICE_OK);
    EXPECT_EQ(other.use(1, false, nullptr), SLUICE_OK);
    other.ack_in_units("file 7", "q");
    EXPECT_FALSE(other.commits_last(0));
    EXPECT_TRUE(other.commits_last(1));
}

TEST_F(SessionTest, TellsACircuitWhatItsDatabaseAnswers) {
    add("db");
    EXPECT_EQ(use(0), SLUICE_OK);
    const Connection& connection = *session.connections()[0];
    EXPECT_EQ(session.note(connection, SLUICE_CONSTRAINT, nullptr), SLUICE_CONSTRAINT);
    EXPECT_FALSE(session.was_unavailable()) << "the message's own failure";
    EXPECT_EQ(session.note(connection, SLUICE_CONFLICT, nullptr), SLUICE_CONFLICT);
    EXPECT_TRUE(session.was_unavailable());
    EXPECT_TRUE(connection.circuit().closed());
    EXPECT_EQ(session.note(connection, SLUICE_UNAVAILABLE, nullptr), SLUICE_UNAVAILABLE);
    EXPECT_FALSE(connection.circuit().closed());
}

}  // namespace
}  // namespace sluice
