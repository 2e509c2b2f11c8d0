// Reads inside a unit: it holds the writer, sees its own writes, and executes at once.
#include "fixture.hpp"

namespace sluice::sqlite {
namespace {

using HeldUnits = StoreTest;
using Column = std::vector<std::int64_t>;

TEST_F(HeldUnits, SeeTheirOwnWritesWhileOthersSeeWhatIsCommitted) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 10);
    (void)worker.write(unit, 2, insert_item, 2, 20);
    ASSERT_TRUE(worker.read(unit, 2, found, "SELECT id FROM item ORDER BY id").ok());
    EXPECT_EQ(found, (Column{1, 2}));
    EXPECT_TRUE(worker.write(unit, 3, "UPDATE item SET value = value + ?", 5).ok());  // at once now
    ASSERT_TRUE(worker.read(unit, 3, found, "SELECT value FROM item ORDER BY id").ok());
    EXPECT_EQ(found, (Column{15, 25}));
    ASSERT_TRUE(worker.read(0, 0, found, "SELECT id FROM item").ok());
    EXPECT_TRUE(found.empty());
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    ASSERT_TRUE(worker.read(0, 0, found, "SELECT value FROM item ORDER BY id").ok());
    EXPECT_EQ(found, (Column{15, 25}));
}

TEST_F(HeldUnits, SeeTheUnitsSubmittedBefore) {
    open();
    Worker worker(store());
    Column found;
    for (int i = 1; i <= 50; ++i) {
        const auto first = worker.begin();
        (void)worker.write(first, 1, insert_item, i, i);
        worker.submit(first, static_cast<std::uint64_t>(i));
        const auto second = worker.begin();
        ASSERT_TRUE(worker.read(second, 1, found, "SELECT max(id) FROM item").ok());
        EXPECT_EQ(found, Column{i});
        worker->abandon_unit(second);
    }
}

TEST_F(HeldUnits, DropAMessageAndKeepTheOthers) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 10);
    ASSERT_TRUE(worker.read(unit, 2, found, read_value, 1).ok());
    (void)worker.write(unit, 2, insert_item, 2, 20);
    worker->drop(unit, 2);
    (void)worker.write(unit, 3, insert_item, 3, 30);
    ASSERT_TRUE(worker.read(unit, 3, found, "SELECT id FROM item ORDER BY id").ok());
    EXPECT_EQ(found, (Column{1, 3}));
    worker->forget(unit, 3);
    (void)worker.write(unit, 4, insert_item, 4, 40);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_TRUE(ended.results.empty());
    EXPECT_EQ(number("SELECT sum(id) FROM item"), 5);
}

TEST_F(HeldUnits, LoseOnlyTheMessageWhoseStatementFails) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 10);
    (void)worker.write(unit, 2, insert_item, 1, 11);  // queued; found out by the read of message 3
    (void)worker.write(unit, 3, insert_item, 3, 30);
    ASSERT_TRUE(worker.read(unit, 3, found, "SELECT id FROM item ORDER BY id").ok());
    EXPECT_EQ(found, (Column{1, 3}));
    (void)worker.write(unit, 4, insert_item, 4, 40);
    EXPECT_EQ(worker.write(unit, 4, insert_item, 1, 41).code(), SLUICE_CONSTRAINT);
    EXPECT_EQ(worker.write(unit, 4, insert_item, 5, 50).code(), SLUICE_CONSTRAINT);  // the message is over
    EXPECT_TRUE(worker.write(unit, 6, insert_item, 6, 60).ok());
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.results.size(), 2u);
    EXPECT_EQ(ended.of(2), SLUICE_CONSTRAINT);
    EXPECT_EQ(ended.of(4), SLUICE_CONSTRAINT);
    EXPECT_EQ(number("SELECT sum(id) FROM item"), 1 + 3 + 6);
}

TEST_F(HeldUnits, AnswerTheFaultOfTheMessageThatReads) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 10);
    (void)worker.write(unit, 2, insert_item, 1, 11);
    EXPECT_EQ(worker.read(unit, 2, found, read_value, 1).code(), SLUICE_CONSTRAINT);
    worker->forget(unit, 2);
    EXPECT_TRUE(worker.commit(unit).results.empty());
    EXPECT_EQ(number("SELECT count(*) FROM item"), 1);
}

TEST_F(HeldUnits, AreLostWhenAStatementRollsBackTheTransaction) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 10);
    ASSERT_TRUE(worker.read(unit, 1, found, read_value, 1).ok());
    EXPECT_EQ(worker.write(unit, 2, "INSERT OR ROLLBACK INTO item VALUES(?, ?)", 1, 1).code(), SLUICE_CONSTRAINT);
    EXPECT_EQ(worker.write(unit, 3, insert_item, 3, 30).code(), SLUICE_CONFLICT);
    EXPECT_EQ(worker->seal(unit).code(), SLUICE_CONFLICT);
    EXPECT_EQ(worker.commit(unit).status, SLUICE_CONFLICT);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 0);
    worker->restart();
    const auto fresh = worker.begin();
    (void)worker.write(fresh, 1, insert_item, 1, 10);
    EXPECT_EQ(worker.commit(fresh).status, SLUICE_OK);
}

TEST_F(HeldUnits, OutliveQueuedStatementsThatRollBackTheTransaction) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 10);
    (void)worker.write(unit, 2, "INSERT OR ROLLBACK INTO item VALUES(?, ?)", 1, 1);
    ASSERT_TRUE(worker.read(unit, 3, found, "SELECT count(*) FROM item").ok());
    EXPECT_EQ(found, Column{1});
    EXPECT_EQ(worker.commit(unit).of(2), SLUICE_CONSTRAINT);
}

TEST_F(HeldUnits, LetTheOthersGoOnWhenTheyEnd) {
    open();
    Worker holder(store());
    Worker other(store());
    Column found;
    const auto held = holder.begin();
    ASSERT_TRUE(holder.read(held, 1, found, "SELECT 1").ok());
    const auto unit = other.begin();
    (void)other.write(unit, 1, insert_item, 1, 10);
    other.submit(unit, 1);
    ASSERT_TRUE(holder.read(held, 2, found, "SELECT id FROM item").ok());
    EXPECT_TRUE(found.empty());  // not before this unit has ended
    holder->abandon_unit(held);
    EXPECT_EQ(other.wait(1).status, SLUICE_OK);
}

TEST_F(HeldUnits, WaitForTheWriterNoLongerThanTheBusyTimeout) {
    Settings settings;
    settings.busy_timeout = std::chrono::milliseconds(20);
    open(settings);
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    {
        Pause pause(store().writer());
        const Status status = worker.read(unit, 1, found, "SELECT 1");
        EXPECT_EQ(status.code(), SLUICE_CONFLICT);
        EXPECT_EQ(status.text(),
                  "waited 20 ms (`busy_timeout`) for the writer: another worker reads inside its unit of work and keeps it");
    }
    EXPECT_TRUE(worker.read(unit, 1, found, "SELECT 1").ok());
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
}

TEST_F(HeldUnits, CheckReferencesAtTheEndOfEachMessage) {
    Settings settings;
    settings.setup = R"(PRAGMA foreign_keys = ON;
        CREATE TABLE parent(id INTEGER PRIMARY KEY);
        CREATE TABLE child(id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED))";
    open(settings);
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    ASSERT_TRUE(worker.read(unit, 1, found, "SELECT 1").ok());
    (void)worker.write(unit, 1, "INSERT INTO child VALUES(?)", 1);
    (void)worker.write(unit, 2, "INSERT INTO child VALUES(?)", 2);
    (void)worker.write(unit, 2, "INSERT INTO parent VALUES(?)", 2);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.results.size(), 1u);
    EXPECT_EQ(ended.of(1), SLUICE_CONSTRAINT);
    EXPECT_EQ(number("SELECT sum(id) FROM child"), 2);
}

TEST_F(HeldUnits, HandOutRowsThatAWriteReturns) {
    open();
    Worker worker(store());
    Column found;
    const auto unit = worker.begin();
    ASSERT_TRUE(worker.read(unit, 1, found, "INSERT INTO item VALUES(?, ?) RETURNING id + value", 3, 4).ok());
    EXPECT_EQ(found, Column{7});
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 1);
}

}  // namespace
}  // namespace sluice::sqlite
