// What SQLite's result codes mean, row by row, and what a statement says that does not fit the tables any more.
#include "result.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::HasSubstr;

struct Row {
    int code;
    sluice_status status;
};

TEST(Results, MeanWhatTheTableSays) {
    const Row rows[] = {
        {SQLITE_OK, SLUICE_OK},
        {SQLITE_ROW, SLUICE_OK},
        {SQLITE_DONE, SLUICE_OK},
        {SQLITE_CONSTRAINT, SLUICE_CONSTRAINT},
        {SQLITE_CONSTRAINT_UNIQUE, SLUICE_CONSTRAINT},
        {SQLITE_CONSTRAINT_TRIGGER, SLUICE_CONSTRAINT},
        {SQLITE_ERROR, SLUICE_INVALID},
        {SQLITE_MISMATCH, SLUICE_INVALID},
        {SQLITE_TOOBIG, SLUICE_INVALID},
        {SQLITE_RANGE, SLUICE_INVALID},
        {SQLITE_BUSY, SLUICE_UNAVAILABLE},
        {SQLITE_BUSY_SNAPSHOT, SLUICE_UNAVAILABLE},
        {SQLITE_LOCKED, SLUICE_UNAVAILABLE},
        {SQLITE_PROTOCOL, SLUICE_UNAVAILABLE},
        {SQLITE_FULL, SLUICE_UNAVAILABLE},
        {SQLITE_IOERR, SLUICE_UNAVAILABLE},
        {SQLITE_IOERR_FSYNC, SLUICE_UNAVAILABLE},
        {SQLITE_NOMEM, SLUICE_UNAVAILABLE},
        {SQLITE_CANTOPEN, SLUICE_UNAVAILABLE},
        {SQLITE_READONLY, SLUICE_UNAVAILABLE},
        {SQLITE_PERM, SLUICE_UNAVAILABLE},
        {SQLITE_INTERRUPT, SLUICE_UNAVAILABLE},
        {SQLITE_ABORT, SLUICE_UNAVAILABLE},
        {SQLITE_ABORT_ROLLBACK, SLUICE_UNAVAILABLE},
        {SQLITE_SCHEMA, SLUICE_UNAVAILABLE},
        {SQLITE_AUTH, SLUICE_UNAVAILABLE},
        {SQLITE_CORRUPT, SLUICE_CORRUPT},
        {SQLITE_CORRUPT_INDEX, SLUICE_CORRUPT},
        {SQLITE_NOTADB, SLUICE_CORRUPT},
        {SQLITE_FORMAT, SLUICE_CORRUPT},
        {SQLITE_IOERR_CORRUPTFS, SLUICE_CORRUPT},
        {SQLITE_IOERR_DATA, SLUICE_CORRUPT},
        {SQLITE_READONLY_DBMOVED, SLUICE_FAILED},
        {SQLITE_NOLFS, SLUICE_FAILED},
        {SQLITE_INTERNAL, SLUICE_FAILED},
        {SQLITE_MISUSE, SLUICE_FAILED},
        {SQLITE_NOTFOUND, SLUICE_FAILED},
        {SQLITE_EMPTY, SLUICE_FAILED},
        {77, SLUICE_UNAVAILABLE},  // of a later SQLite
    };
    for (const Row& row : rows)
        EXPECT_EQ(status_of(row.code), row.status) << sqlite3_errstr(row.code) << " (" << row.code << ")";
}

TEST(Results, ThatAreNoMessagesFaultKeepWhatIsPermanent) {
    EXPECT_EQ(blameless({SLUICE_CORRUPT, "a"}).code(), SLUICE_CORRUPT);
    EXPECT_EQ(blameless({SLUICE_FAILED, "a"}).code(), SLUICE_FAILED);
    EXPECT_EQ(blameless({SLUICE_CONSTRAINT, "a"}).code(), SLUICE_UNAVAILABLE);
    EXPECT_EQ(blameless({SLUICE_INVALID, "a"}).text(), "a");
    EXPECT_TRUE(blameless(SLUICE_OK).ok());
}

class Outages : public StoreTest {
protected:
    // As another program does it.
    void run(const std::string& sql) const {
        const Handle handle = open_for_writing(path());
        run_script(handle.get(), sql, "the test");
        sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    Ended insert(Worker& worker, int id, std::string_view sql = insert_item) {
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, sql, id, id);
        return worker.commit(unit);
    }
};

TEST_F(Outages, AreTablesThatAreGoneUntilTheyAreBack) {
    open();
    Worker worker(store());
    EXPECT_EQ(insert(worker, 1).of(1), SLUICE_OK);
    run("ALTER TABLE item RENAME TO away");
    for (int i = 0; i < 3; ++i) {
        const Ended ended = insert(worker, 2);
        EXPECT_EQ(ended.of(1), SLUICE_UNAVAILABLE) << "no fault of the message";
        EXPECT_THAT(ended.text, HasSubstr("no such table: item"));
        worker->restart();
        EXPECT_EQ(store().writer().ping().code(), SLUICE_UNAVAILABLE);
        EXPECT_THAT(store().writer().ping().text(), HasSubstr("no such table: item"));
    }
    run("ALTER TABLE away RENAME TO item");
    EXPECT_TRUE(store().writer().ping().ok());
    EXPECT_EQ(insert(worker, 2).of(1), SLUICE_OK);
}

TEST_F(Outages, AreColumnsThatAreGoneAlsoForStatementsThatWereNeverRun) {
    open();
    Worker worker(store());
    constexpr const char* update = "UPDATE item SET value = ? WHERE id = ?";
    (void)worker.prepare(update);  // judged by the reading connection, compiled by the writer at its first use
    run("ALTER TABLE item RENAME COLUMN value TO amount");
    EXPECT_EQ(insert(worker, 1, update).of(1), SLUICE_UNAVAILABLE);
}

TEST_F(Outages, AreFoundByReadsToo) {
    open();
    Worker worker(store());
    std::vector<std::int64_t> found;
    ASSERT_TRUE(worker.read(0, 0, found, read_value, 1).ok());
    run("ALTER TABLE item RENAME TO away");
    EXPECT_EQ(worker.read(0, 0, found, read_value, 1).code(), SLUICE_UNAVAILABLE);
    EXPECT_EQ(store().writer().ping().code(), SLUICE_UNAVAILABLE);
    const auto unit = worker.begin();
    EXPECT_EQ(worker.read(unit, 1, found, read_value, 1).code(), SLUICE_UNAVAILABLE) << "inside a unit";
    worker->abandon_unit(unit);
    run("ALTER TABLE away RENAME TO item");
    EXPECT_TRUE(worker.read(0, 0, found, read_value, 1).ok());
}

TEST_F(Outages, AreNotWhatAFunctionSaysOfItsValues) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, "INSERT INTO item VALUES(1, json_extract(?, '$.a'))", std::string("{"));
    (void)worker.write(unit, 2, insert_item, 2, 2);
    (void)worker.write(unit, 3, "INSERT INTO item VALUES(?, 3)", std::string("no integer"));
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.of(1), SLUICE_INVALID);
    EXPECT_THAT(ended.results.at(1).second, HasSubstr("malformed JSON"));
    EXPECT_EQ(ended.of(2), SLUICE_OK);
    EXPECT_EQ(ended.of(3), SLUICE_INVALID);
    EXPECT_THAT(ended.results.at(3).second, HasSubstr("datatype mismatch"));
}

TEST_F(Outages, OfARecordsTableThatSomebodyChangedArePermanent) {
    open_deduplicating();
    Worker worker(store());
    run("ALTER TABLE sluice_seen RENAME TO away");
    const auto unit = worker.begin();
    const sluice_identity identity{sizeof(sluice_identity), 0, bytes("orders"), bytes("a"), 0, 0};
    ASSERT_TRUE(worker->record_once(unit, 1, identity).ok());
    (void)worker.write(unit, 1, insert_item, 1, 1);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.of(1), SLUICE_FAILED);
    EXPECT_THAT(ended.text, HasSubstr("somebody has changed or removed a table of Sluice's own"));
}

TEST_F(Outages, OfALockAreNotSaidToBeOverAtTheFirstQuestion) {
    Settings settings;
    settings.busy_timeout = std::chrono::milliseconds(1);
    open(settings);
    Worker worker(store());
    {
        const Handle intruder = open_for_writing(path());
        run_script(intruder.get(), "BEGIN IMMEDIATE", "the test");
        EXPECT_EQ(insert(worker, 1).of(1), SLUICE_UNAVAILABLE);
        run_script(intruder.get(), "ROLLBACK", "the test");
        sqlite3_db_config(intruder.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    EXPECT_EQ(store().writer().ping().code(), SLUICE_UNAVAILABLE) << "or the host would take the message for the cause";
    // Asked again, it is; but for the busy timeout of this test, in which a machine with much to do may not wake the writer.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    Status answer;
    do answer = store().writer().ping();
    while (answer.code() == SLUICE_UNAVAILABLE && std::chrono::steady_clock::now() < deadline);
    EXPECT_TRUE(answer.ok()) << answer.text();
}

}  // namespace
}  // namespace sluice::sqlite
