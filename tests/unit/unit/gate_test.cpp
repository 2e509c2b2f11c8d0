#include "unit/gate.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "observe/memory_log.hpp"
#include "work/fake_database.hpp"

namespace sluice {
namespace {

// Past the time of the next try, however often it has failed.
constexpr std::chrono::nanoseconds longest_wait{Circuit::retry_max_ns};

class GateTest : public testing::Test, public Connection::Ended {
protected:
    GateTest() {
        std::uint32_t number = 0;
        for (FakeDatabase* database : {&one, &two}) {
            database->database.circuit = std::make_unique<Circuit>(clock, logging.logger("databases"));
            connections.push_back(std::make_unique<Connection>(database->database, number++, *this));
        }
    }
    void committed(std::uint64_t, sluice_status, const sluice_commit_result*, std::uint64_t, sluice_bytes) override {}
    static Circuit& circuit(FakeDatabase& database) { return *database.database.circuit; }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::info, false, {}}, clock, log.file()};
    FakeDatabase one{"one"}, two{"two"};
    Gate::Connections connections;
    int woken = 0;
    Gate gate{connections, [this] { ++woken; }};
};

TEST_F(GateTest, IsOpenWhileAllDatabasesRespond) {
    EXPECT_FALSE(gate.shut());
    EXPECT_TRUE(gate.pass());
    EXPECT_EQ(gate.wait(), 0);
}

TEST_F(GateTest, IsShutWhileOneDatabaseIsUnreachableUntilItAnswersAQuestion) {
    two.can_be_asked();
    two.ping_answer = SLUICE_UNAVAILABLE;
    circuit(two).away("no route");
    EXPECT_TRUE(gate.shut());
    EXPECT_FALSE(gate.pass()) << "not before the time of the next try";
    EXPECT_EQ(two.asked, 0);
    clock.advance(longest_wait);
    EXPECT_FALSE(gate.pass());
    EXPECT_EQ(two.asked, 1);
    two.ping_answer = SLUICE_OK;
    clock.advance(longest_wait);
    EXPECT_TRUE(gate.pass());
    EXPECT_FALSE(gate.shut());
}

TEST_F(GateTest, LetsOneUnitTryADatabaseThatCannotBeAsked) {
    circuit(one).away("no route");
    clock.advance(longest_wait);
    EXPECT_TRUE(gate.pass());
    EXPECT_TRUE(gate.shut()) << "until something works";
    EXPECT_FALSE(gate.pass());
}

TEST_F(GateTest, WakesItsWorkerWhenTheDatabaseItWaitsForResponds) {
    circuit(one).away("no route");
    clock.advance(longest_wait);
    const std::int64_t until = gate.wait();
    EXPECT_GT(until, 0);
    EXPECT_EQ(circuit(one).turn(true), Circuit::Turn::ask) << "another worker";
    EXPECT_EQ(gate.wait(), INT64_MAX) << "until it has its answer";
    EXPECT_EQ(woken, 0);
    circuit(one).asked(true, "");
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(gate.wait(), 0);
}

TEST_F(GateTest, WaitsForTheNextDatabaseOnceTheFirstResponds) {
    circuit(one).away("no route");
    circuit(two).away("no route");
    EXPECT_GT(gate.wait(), 0);
    clock.advance(longest_wait);
    ASSERT_EQ(circuit(one).turn(true), Circuit::Turn::ask);
    circuit(one).asked(true, "");
    EXPECT_EQ(woken, 1);
    EXPECT_GT(gate.wait(), 0);
    ASSERT_EQ(circuit(two).turn(true), Circuit::Turn::ask);
    circuit(two).asked(true, "");
    EXPECT_EQ(woken, 2);
}

TEST_F(GateTest, IsNotWokenOnceItIsGone) {
    {
        Gate other(connections, [this] { woken += 10; });
        circuit(one).away("no route");
        EXPECT_GT(other.wait(), 0);
    }
    clock.advance(longest_wait);
    ASSERT_EQ(circuit(one).turn(true), Circuit::Turn::ask);
    circuit(one).asked(true, "");
    EXPECT_EQ(woken, 0);
}

TEST_F(GateTest, IsShutForGoodByADatabaseThatSaysSo) {
    one.can_be_asked();
    one.ping_answer = SLUICE_FAILED;
    circuit(one).away("no route");
    EXPECT_FALSE(gate.shut_for_good());
    clock.advance(longest_wait);
    EXPECT_FALSE(gate.pass());
    EXPECT_TRUE(gate.shut_for_good());
    clock.advance(longest_wait);
    EXPECT_FALSE(gate.pass()) << "nobody asks again";
    EXPECT_EQ(one.asked, 1);
}

TEST_F(GateTest, KnowsWhetherALossWasNone) {
    one.can_be_asked();
    for (const bool spurious : {true, false}) {
        circuit(one).away("connection reset");
        gate.note_loss();
        one.ping_answer = spurious ? SLUICE_OK : SLUICE_UNAVAILABLE;
        clock.advance(longest_wait);
        EXPECT_EQ(gate.pass(), spurious);
        one.ping_answer = SLUICE_OK;
        clock.advance(longest_wait);
        EXPECT_TRUE(gate.pass());
        EXPECT_EQ(gate.loss_was_spurious(), spurious);
    }
    gate.note_loss();
    EXPECT_FALSE(gate.loss_was_spurious()) << "nothing is lost";
}

}  // namespace
}  // namespace sluice
