// Units that fail, alone or with what stands behind them, and a host that waits no longer.
#include "database_fixture.hpp"
#include "threads.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::AnyOf;

// ---- the fault of one message ----------------------------------------------------------------------------------------------

class FaultsOfMessages : public DatabaseContract {};

TEST_P(FaultsOfMessages, EndThatMessageAlone) {
    for (const bool reads : {false, true}) {
        const std::int64_t base = reads ? 10 : 0;
        const auto unit = worker->begun();
        EXPECT_TRUE(write(unit, 1, base + 1).is_taken());
        EXPECT_TRUE(write(unit, 2, base + 2).is_taken());
        (void)write(unit, 2, base + 1);  // breaks a rule of the table
        EXPECT_TRUE(write(unit, 3, base + 3).is_taken());
        Rows found;
        if (reads) (void)worker->query(unit, 3, count, found);
        const Ended ended = worker->commit(unit);
        EXPECT_EQ(ended.status, SLUICE_OK) << ended.text;
        EXPECT_EQ(ended.of(1), SLUICE_OK);
        EXPECT_EQ(ended.of(2), SLUICE_CONSTRAINT);
        EXPECT_EQ(ended.of(3), SLUICE_OK);
    }
    EXPECT_EQ(rows(), "4") << "nothing of a message that failed stays";
}

TEST_P(FaultsOfMessages, DoNotHoldUpTheUnitsBehindThem) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    for (std::uint64_t token = 1; token <= 6; ++token) {
        const auto unit = worker->begun();
        EXPECT_TRUE(write(unit, 1, token % 2 == 0 ? 1 : static_cast<std::int64_t>(100 + token)).is_taken());
        EXPECT_TRUE(worker->seal(unit).ok());
        worker->submit(unit, token);
    }
    for (std::uint64_t token = 1; token <= 6; ++token) {
        const Ended ended = worker->wait(token);
        EXPECT_EQ(ended.status, SLUICE_OK);
        EXPECT_EQ(ended.of(1), token % 2 == 0 ? SLUICE_CONSTRAINT : SLUICE_OK);
    }
    EXPECT_EQ(rows(), "4");
}

TEST_P(FaultsOfMessages, OfAllOfAUnitEndItWell) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    const auto unit = worker->begun();
    for (sluice_ticket ticket = 1; ticket <= 3; ++ticket) EXPECT_TRUE(write(unit, ticket, 1).is_taken());
    const Ended ended = worker->commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    for (sluice_ticket ticket = 1; ticket <= 3; ++ticket) EXPECT_EQ(ended.of(ticket), SLUICE_CONSTRAINT);
    EXPECT_EQ(commit_row(2).status, SLUICE_OK);
}

TEST_P(FaultsOfMessages, ThatAreDroppedAreNotAnswered) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    const auto unit = worker->begun();
    (void)write(unit, 1, 1);
    worker->drop(unit, 1);
    EXPECT_TRUE(write(unit, 2, 2).is_taken());
    const Ended ended = worker->commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.results.count(1), 0u);
    EXPECT_EQ(rows(), "2");
}

INSTANTIATE_TEST_SUITE_P(, FaultsOfMessages, testing::ValuesIn(databases()), name_of);

// ---- what another program holds up -----------------------------------------------------------------------------------------

const auto can_be_obstructed = [](const DatabaseEngine& engine) { return bool(engine.obstruct); };

// It gives up soon, so that a unit fails without an interrupt.
class FailedUnits : public DatabaseContract {
protected:
    FailedUnits() : DatabaseContract(30ms) {}
};

TEST_P(FailedUnits, FenceAllThatStandsBehindThem) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    Guard obstructed = engine.obstruct(folder);
    const auto failing = worker->begun();
    EXPECT_TRUE(write(failing, 1, 2).is_taken());
    const auto behind = worker->begun();
    EXPECT_TRUE(write(behind, 1, 3).is_taken());
    const Ended first = worker->commit(failing);
    EXPECT_THAT(first.status, AnyOf(SLUICE_CONFLICT, SLUICE_UNAVAILABLE));
    obstructed.reset();
    EXPECT_EQ(worker->commit(behind).status, SLUICE_CONFLICT) << "it stood behind one that has failed";
    // Begun after the failure, but before the host has seen it.
    EXPECT_EQ(commit_row(4).status, SLUICE_CONFLICT);
    EXPECT_EQ(rows(), "1");
    worker->restart();
    EXPECT_EQ(commit_row(5).status, SLUICE_OK);
    EXPECT_EQ(rows(), "2");
}

TEST_P(FailedUnits, DoNotFenceOtherConnections) {
    Worker other(database);
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    Guard obstructed = engine.obstruct(folder);
    EXPECT_NE(commit_row(2).status, SLUICE_OK);
    obstructed.reset();
    const auto unit = other.begun();
    EXPECT_TRUE(other.execute(unit, 1, "INSERT INTO item VALUES(3, 'x')").is_taken());
    EXPECT_EQ(other.commit(unit).status, SLUICE_OK);
}

TEST_P(FailedUnits, ARestartWithoutAFailureChangesNothing) {
    worker->restart();
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    worker->restart();
    worker->restart();
    EXPECT_EQ(commit_row(2).status, SLUICE_OK);
}

TEST_P(FailedUnits, APingSaysSoUntilItCouldWriteAgain) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    Guard obstructed = engine.obstruct(folder);
    EXPECT_NE(commit_row(2).status, SLUICE_OK);
    (void)database.ping();  // the first may tell of the failure
    EXPECT_FALSE(database.ping().ok());
    obstructed.reset();
    Answer pinged = database.ping();
    for (const auto deadline = Clock::now() + soon; !pinged.ok() && Clock::now() < deadline;) pinged = database.ping();
    EXPECT_TRUE(pinged.ok()) << pinged;
}

TEST_P(FailedUnits, LeaveCommittedDataReadable) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    const Guard obstructed = engine.obstruct(folder);
    EXPECT_EQ(rows(), "1");
}

INSTANTIATE_TEST_SUITE_P(, FailedUnits, testing::ValuesIn(databases(can_be_obstructed)), name_of);

// ---- interrupt -------------------------------------------------------------------------------------------------------------

class InterruptedDatabase : public DatabaseContract {};

TEST_P(InterruptedDatabase, EndsAQueryThatRuns) {
    (void)worker->prepared(engine.endless);
    Aside<Answer> querying([this] {
        Rows found;
        return worker->query(0, 0, engine.endless, found);
    });
    database.interrupt();
    ASSERT_TRUE(querying.ends_soon());
    EXPECT_EQ(querying.result().status, SLUICE_UNAVAILABLE);
}

TEST_P(InterruptedDatabase, EndsAQueryInsideAUnit) {
    (void)worker->prepared(engine.endless);
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    Aside<Answer> querying([&] {
        Rows found;
        return worker->query(unit, 1, engine.endless, found);
    });
    database.interrupt();
    ASSERT_TRUE(querying.ends_soon());
    EXPECT_EQ(querying.result().status, SLUICE_UNAVAILABLE);
    worker->abandon(unit);
    reconnect();
    EXPECT_EQ(rows(), "0");
}

TEST_P(InterruptedDatabase, WorksAgainAfterAnOpen) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    database.interrupt();
    reconnect();
    EXPECT_EQ(commit_row(2).status, SLUICE_OK);
    EXPECT_EQ(rows(), "2");
}

TEST_P(InterruptedDatabase, EndsASetupThatRuns) {
    DatabaseEngine::Wanted endless = wanted;
    endless.setup += ";CREATE TABLE made AS " + engine.endless;
    disconnect();
    DatabaseInstance slow(engine, folder, endless);
    Aside<Answer> opening([&] { return slow.open(); });
    for (const auto deadline = Clock::now() + 50ms; Clock::now() < deadline;) std::this_thread::yield();
    slow.interrupt();
    ASSERT_TRUE(opening.ends_soon());
    EXPECT_THAT(opening.result().status, AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE));
}

INSTANTIATE_TEST_SUITE_P(, InterruptedDatabase,
                         testing::ValuesIn(databases([](auto& engine) { return engine.can_be_interrupted; })), name_of);

class ObstructedDatabase : public DatabaseContract {};

TEST_P(ObstructedDatabase, EndsItsOpen) {
    disconnect();
    DatabaseEngine::Wanted writing = wanted;
    writing.setup += ";INSERT INTO item VALUES(100, 'of the setup')";
    DatabaseInstance opened(engine, folder, writing);
    Guard obstructed = engine.obstruct(folder);
    Aside<Answer> opening([&] { return opened.open(); });
    EXPECT_TRUE(opening.is_waiting());
    opened.interrupt();
    ASSERT_TRUE(opening.ends_soon());
    EXPECT_EQ(opening.result().status, SLUICE_UNAVAILABLE);
    obstructed.reset();
    const Answer again = opened.open();
    EXPECT_TRUE(again.ok()) << again;
}

TEST_P(ObstructedDatabase, EndsACommit) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    Guard obstructed = engine.obstruct(folder);
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 2).is_taken());
    worker->submit(unit, 7);
    database.interrupt();
    EXPECT_EQ(worker->wait(7).status, SLUICE_UNAVAILABLE);
    obstructed.reset();
    reconnect();
    EXPECT_EQ(rows(), "1");
}

TEST_P(ObstructedDatabase, EndsAQueryInsideAUnit) {
    (void)worker->prepared(count);
    const Guard obstructed = engine.obstruct(folder);
    const auto unit = worker->begun();
    Aside<Answer> querying([&] {
        Rows found;
        return worker->query(unit, 1, count, found);
    });
    EXPECT_TRUE(querying.is_waiting());
    database.interrupt();
    ASSERT_TRUE(querying.ends_soon());
    EXPECT_EQ(querying.result().status, SLUICE_UNAVAILABLE);
    worker->abandon(unit);
}

TEST_P(ObstructedDatabase, EndsItsClose) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    const Guard obstructed = engine.obstruct(folder);
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 2).is_taken());
    worker->submit(unit, 7);
    Aside<bool> closing([this] {
        disconnect();
        return true;
    });
    (void)closing.is_waiting();
    database.interrupt();
    EXPECT_TRUE(closing.ends_soon());
}

TEST_P(ObstructedDatabase, WaitsAsLongAsItMay) {
    Guard obstructed = engine.obstruct(folder);
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    worker->submit(unit, 7);
    obstructed.reset();
    EXPECT_EQ(worker->wait(7).status, SLUICE_OK);
}

INSTANTIATE_TEST_SUITE_P(, ObstructedDatabase, testing::ValuesIn(databases([](auto& engine) {
                             return engine.can_be_interrupted && engine.obstruct;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
