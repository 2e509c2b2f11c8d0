// Opening, locking, statements, reading, checkpoints, closing.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "fixture.hpp"
#include "new_file.hpp"

namespace sluice::sqlite {
namespace {

class Stores : public StoreTest {
protected:
    static std::string refusal(Settings settings) {
        Store store(std::move(settings));
        try {
            store.open();
            return "opened";
        } catch (const Failure& failure) {
            return failure.what();
        }
    }
    static std::string refusal_of(Worker& worker, std::string_view sql) {
        std::uint32_t number = 0;
        try {
            const Status status = worker->prepare(sql, number);
            return status.ok() ? "prepared" : status.text();
        } catch (const Failure& failure) {
            return failure.what();
        }
    }
};

bool begins_with(const std::string& text, std::string_view part) {
    return text.starts_with(part);
}

TEST_F(Stores, CreateTheFolderOfTheFile) {
    Settings settings;
    settings.path = folder_.file("a/b/c.db");
    EXPECT_EQ(refusal(settings), "opened");
    EXPECT_TRUE(std::filesystem::exists(settings.path));
}

TEST_F(Stores, RefuseWhatIsNoFile) {
    Settings settings;
    for (const std::string& path : {std::string("-"), std::string(":memory:"), folder_.file(""), folder_.file(".")}) {
        settings.path = path;
        EXPECT_EQ(refusal(settings), "`path` must name a database file, which \"" + path + "\" does not");
    }
    settings.path = folder_.file("text.txt");
    std::ofstream(settings.path) << std::string(5000, 'x');
    EXPECT_NE(refusal(settings).find("file is not a database"), std::string::npos) << refusal(settings);
    settings.path = folder_.file("text.txt/below.db");
    EXPECT_TRUE(begins_with(refusal(settings), "cannot create the folder")) << refusal(settings);
}

TEST_F(Stores, OfOneFileAreOneInAProcess) {
    open();
    Settings settings;
    settings.path = path();
    const std::string expected = "\"" + path() +
                                 "\" is open as another database of this configuration: a file has one writer, so "
                                 "configure it once and use that name everywhere";
    EXPECT_EQ(refusal(settings), expected);
    settings.path = folder_.file("link.db");
    std::filesystem::create_symlink(path(), settings.path);
    EXPECT_EQ(refusal(settings), expected);
    close();
    EXPECT_EQ(refusal(settings), "opened");
}

TEST_F(Stores, KeepASecondProcessOut) {
    int opened[2], done[2];
    ASSERT_EQ(::pipe(opened) | ::pipe(done), 0);
    create_if_missing(path());
    const pid_t child = ::fork();
    if (child == 0) {
        LockFile lock;
        char byte = 0;
        try {
            lock.acquire(path());
        } catch (...) {
            ::_exit(1);
        }
        (void)!::write(opened[1], "x", 1);
        (void)!::read(done[0], &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(opened[0], &byte, 1), 1);
    Settings settings;
    settings.path = path();
    EXPECT_EQ(refusal(settings), "\"" + path() + "\" is in use by the process " + std::to_string(child) +
                                     ": stop that one first, or configure another path");
    EXPECT_EQ(::write(done[1], "x", 1), 1);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(refusal(settings), "opened");
    for (const int each : {opened[0], opened[1], done[0], done[1]}) ::close(each);
}

TEST_F(Stores, RefuseASetupThatBreaksTheirPromises) {
    const auto with = [&](const char* setup) {
        Settings settings;
        settings.path = path();
        settings.setup = setup;
        return refusal(settings);
    };
    EXPECT_EQ(with("CREATE TABLE a(b); CREATE TABLE a(b)"), "`setup` failed: table a already exists");
    EXPECT_EQ(with("BEGIN"), "`setup` leaves a transaction open: end it with COMMIT, or leave the BEGIN out");
    EXPECT_EQ(with("PRAGMA Synchronous = OFF"),
              "`setup` may not set the pragma synchronous, on which durability depends: leave that statement out");
    EXPECT_EQ(with("ATTACH 'other.db' AS other"), "`setup` may not attach databases: leave that statement out");
    EXPECT_EQ(with("CREATE TEMP TABLE a(b)"),
              "`setup` may not create temporary objects, which no other connection sees: leave that statement out");
    EXPECT_EQ(with("PRAGMA foreign_keys = ON; CREATE TABLE c(d)"), "opened");
}

TEST_F(Stores, RefuseStatementsTheyCannotRun) {
    open();
    Worker worker(store());
    EXPECT_EQ(refusal_of(worker, "INSERT INTO nowhere VALUES(?)"), "no such table: nowhere");
    EXPECT_EQ(refusal_of(worker, "INSERT INTO item(id, what) VALUES(?, ?)"), "table item has no column named what");
    EXPECT_EQ(refusal_of(worker, "UPDATE item SET value = amount"), "no such column: amount, at character 25 of the statement");
    EXPECT_EQ(refusal_of(worker, "INSERT INTO item VALUES(?, ?, ?)"), "table item has 2 columns but 3 values were supplied");
    EXPECT_EQ(refusal_of(worker, "SELEC 1"), "near \"SELEC\": syntax error, at character 1 of the statement");
    EXPECT_EQ(refusal_of(worker, "SELECT 1; SELECT 2"),
              "more than one statement in \"SELECT 1; SELECT 2\": prepare them one by one");
    EXPECT_EQ(refusal_of(worker, "SELECT 1; -- and no more\n ;"), "prepared");
    EXPECT_EQ(refusal_of(worker, " -- nothing"), "the statement is empty");
    EXPECT_EQ(refusal_of(worker, "SELECT :name"),
              "the parameter :name in \"SELECT :name\" has a name: write `?` and give the values in order");
    for (const char* sql : {"BEGIN", "COMMIT", "SAVEPOINT a", "ATTACH 'x' AS y", "PRAGMA wal_checkpoint",
                            "CREATE TEMP TABLE t(a)", "VACUUM", "-- a comment\n /* and another */ vacuum"})
        EXPECT_TRUE(begins_with(refusal_of(worker, sql), "a statement may not begin or end transactions")) << sql;
}

TEST_F(Stores, RefuseStatementsInTheWrongPlace) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    std::vector<std::int64_t> found;
    EXPECT_EQ(worker.write(unit, 1, insert_item, 1).text(),
              "\"INSERT INTO item VALUES(?, ?)\" has 2 parameters and was given 1 values");
    EXPECT_EQ(worker.write(unit, 1, "SELECT 1").code(), SLUICE_INVALID);
    EXPECT_EQ(worker.read(0, 0, found, insert_item, 1, 1).code(), SLUICE_INVALID);
    EXPECT_EQ(worker->execute(unit, 1, 99, {}).code(), SLUICE_CONTRACT);
    EXPECT_EQ(worker->execute(unit + 256, 1, worker.prepare("DELETE FROM item"), {}).code(), SLUICE_CONTRACT);
    EXPECT_TRUE(worker->seal(unit).ok());
    EXPECT_EQ(worker.write(unit, 1, insert_item, 1, 1).code(), SLUICE_CONTRACT);
    EXPECT_EQ(worker.read(unit, 1, found, "SELECT 1").code(), SLUICE_CONTRACT);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 0);
}

TEST_F(Stores, ShareAStatementAmongConnections) {
    open();
    Worker one(store());
    Worker other(store());
    EXPECT_EQ(one.prepare(insert_item), one.prepare(insert_item));
    Statement& shared = store().statements().find_or_add(insert_item, 2, true);
    int id = 0;
    sqlite3_stmt* compiled = nullptr;
    for (Worker* worker : {&one, &other}) {
        const auto unit = worker->begin();
        (void)worker->write(unit, 1, insert_item, ++id, 0);
        EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
        if (compiled == nullptr) compiled = shared.on_writer.get();
        EXPECT_EQ(shared.on_writer.get(), compiled);
    }
    EXPECT_NE(compiled, nullptr);
}

TEST_F(Stores, EndARowSinkThatHasEnough) {
    open();
    Worker worker(store());
    int rows = 0;
    const sluice_row_sink sink{sizeof(sluice_row_sink), 0, &rows,
                               [](void* context, const sluice_value*, std::uint32_t) -> sluice_status {
                                   return ++*static_cast<int*>(context) == 2 ? SLUICE_STOPPED : SLUICE_OK;
                               }};
    const auto counting = worker.prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
    EXPECT_TRUE(worker->query(0, 0, counting, {}, RowSink(&sink)).ok());
    EXPECT_EQ(rows, 2);
}

TEST_F(Stores, WriteBackTheLogFromOneConnectionOnly) {
    Settings settings;
    settings.setup = "CREATE TABLE blob(bytes BLOB)";
    open(settings);
    Worker worker(store());
    std::vector<std::int64_t> found;
    const std::string large(50'000, 'x');
    const auto log_size = [&] { return std::filesystem::file_size(path() + "-wal"); };
    std::uintmax_t largest = 0;
    for (int i = 0; i < 400; ++i) {  // 20 MB through a log that is written back at 4
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, "INSERT INTO blob VALUES(?)", large);
        EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
        ASSERT_TRUE(worker.read(0, 0, found, "SELECT count(*) FROM blob").ok());
        largest = std::max(largest, log_size());
    }
    EXPECT_LT(largest, 8u << 20);
    EXPECT_GT(log_size(), 0u);
    const auto before = std::filesystem::last_write_time(path());
    worker.disconnect();  // a reader leaves the log and the file alone
    EXPECT_GT(log_size(), 0u);
    EXPECT_EQ(std::filesystem::last_write_time(path()), before);
    close();  // the writer writes back the rest
    EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

TEST_F(Stores, GiveReadersNothingToWriteWith) {
    open();
    const Handle reader = open_for_reading(path());
    EXPECT_EQ(sqlite3_exec(reader.get(), "INSERT INTO item VALUES(1, 1)", nullptr, nullptr, nullptr), SQLITE_READONLY);
    EXPECT_NE(sqlite3_exec(reader.get(), "PRAGMA query_only = 0", nullptr, nullptr, nullptr), SQLITE_OK);
    EXPECT_NE(sqlite3_exec(reader.get(), "PRAGMA wal_checkpoint", nullptr, nullptr, nullptr), SQLITE_OK);
}

TEST_F(Stores, EndWhatIsSubmittedBeforeTheyClose) {
    open();
    Worker worker(store());
    for (std::uint64_t token = 1; token <= 20; ++token) {
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, insert_item, static_cast<std::int64_t>(token), 0);
        worker.submit(unit, token);
    }
    store().writer().close();
    for (std::uint64_t token = 1; token <= 20; ++token) EXPECT_EQ(worker.wait(token).status, SLUICE_OK);
    EXPECT_EQ(worker.commit(worker.begin()).status, SLUICE_UNAVAILABLE);
    EXPECT_EQ(store().writer().ping().code(), SLUICE_UNAVAILABLE);
}

}  // namespace
}  // namespace sluice::sqlite
