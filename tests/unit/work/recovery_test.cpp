// How long a worker pauses, without one.
#include "work/recovery.hpp"

#include <gtest/gtest.h>

#include "observe/memory_log.hpp"
#include "work/fake_database.hpp"

namespace sluice {
namespace {

constexpr std::int64_t ms = ns_per_ms;

class RecoveryTest : public testing::Test, public Connection::Ended {
protected:
    RecoveryTest() {
        database.database.circuit = std::make_unique<Circuit>(clock, logging.logger("databases.db"));
        connections.push_back(std::make_unique<Connection>(database.database, 0, *this));
        database.can_be_asked();
    }
    void committed(std::uint64_t, sluice_status, const sluice_commit_result*, std::uint64_t, sluice_bytes) override {}
    std::int64_t wait() const { return recovery.again_at_ns() - clock.now(); }
    // A unit loses the database, which responds when it is asked.
    Message* lose(bool alone) {
        database.database.circuit->away("connection reset");
        recovery.pause(true, "connection reset", alone);
        clock.advance(std::chrono::nanoseconds(Circuit::retry_max_ns));
        EXPECT_TRUE(recovery.gate().pass());
        EXPECT_TRUE(recovery.undecided());
        return recovery.judge(backlog);
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::debug, false, {}}, clock, log.file()};
    FakeDatabase database;
    Gate::Connections connections;
    WorkPolicy policy;
    PoolNotices notices;
    Backlog backlog{policy};
    Recovery recovery{connections, [] {}, policy, notices, clock, logging.logger("pools.p")};
    Unit unit;
};

TEST_F(RecoveryTest, PausesTwiceAsLongEachTimeUntilSomethingHasWorked) {
    EXPECT_FALSE(recovery.pauses(clock.now()));
    for (const std::int64_t expected : {100 * ms, 200 * ms, 400 * ms}) {
        recovery.pause(true, "no room", false);
        EXPECT_EQ(wait(), expected);
    }
    for (int i = 0; i < 100; ++i) recovery.pause(true, "no room", false);
    EXPECT_EQ(wait(), 5'000 * ms);
    EXPECT_TRUE(recovery.pauses(clock.now()));
    EXPECT_EQ(recovery.why(), "no room");
    recovery.unit_worked(unit);
    recovery.pause(false, "in conflict", false);
    EXPECT_EQ(wait(), 1 * ms) << "a conflict is over sooner";
    recovery.end_pause();
    EXPECT_FALSE(recovery.pauses(clock.now()));
}

TEST_F(RecoveryTest, PausesOnceForAllUnitsThatFailTogether) {
    unit.answer.text = "first";
    unit.retry_later = true;
    recovery.unit_failed(unit);
    EXPECT_TRUE(recovery.is_to_restart());
    unit.answer.text = "second";
    recovery.unit_failed(unit);
    EXPECT_EQ(recovery.why(), "first");
    EXPECT_EQ(wait(), 100 * ms);
    EXPECT_TRUE(recovery.take_restart());
    EXPECT_FALSE(recovery.take_restart());
}

TEST_F(RecoveryTest, LeavesThePauseToTheCircuitWhereTheDatabaseIsUnreachable) {
    database.database.circuit->away("no route");
    recovery.pause(true, "no route", false);
    EXPECT_FALSE(recovery.pauses(clock.now()));
    EXPECT_TRUE(recovery.gate().shut());
    EXPECT_EQ(recovery.why(), "no route");
}

TEST_F(RecoveryTest, BlamesTheMessageThatLosesItsDatabaseAloneAndNotBeforeItIsSuspected) {
    Message message;
    MessageList again;
    again.push_back(&message);
    backlog.run_again(again, false);
    for (std::uint32_t i = 0; i < limits::losses_before_suspicion; ++i) {
        EXPECT_FALSE(message.suspect);
        EXPECT_EQ(lose(true), nullptr);
    }
    EXPECT_TRUE(message.suspect);
    EXPECT_EQ(lose(true), &message);
    EXPECT_EQ(recovery.why_lost(), "connection reset");
    EXPECT_FALSE(backlog.runs_again()) << "it is taken out";
}

TEST_F(RecoveryTest, SuspectsNothingWhereUnitsHaveWorkedInBetween) {
    Message message;
    MessageList again;
    again.push_back(&message);
    backlog.run_again(again, false);
    unit.has_effects = true;
    for (std::uint32_t i = 0; i < 3 * limits::losses_before_suspicion; ++i) {
        EXPECT_EQ(lose(true), nullptr);
        recovery.unit_worked(unit);
    }
    EXPECT_FALSE(message.suspect);
    backlog.take_first_again();
}

}  // namespace
}  // namespace sluice
