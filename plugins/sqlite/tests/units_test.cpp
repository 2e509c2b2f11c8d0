// Queued units: what becomes of their messages, in groups, with faults, and after a failure.
#include <thread>

#include "fixture.hpp"

namespace sluice::sqlite {
namespace {

using Units = StoreTest;

TEST_F(Units, AreDurableWhenTheyAreAnswered) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    EXPECT_EQ(worker.write(unit, 1, insert_item, 1, 10).code(), SLUICE_QUEUED);
    EXPECT_EQ(worker.write(unit, 1, "UPDATE item SET value = value + ? WHERE id = ?", 5, 1).code(), SLUICE_QUEUED);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_TRUE(ended.results.empty());
    EXPECT_EQ(number("SELECT value FROM item WHERE id = 1"), 15);
}

TEST_F(Units, OfSeveralConnectionsCommitInOneTransaction) {
    open();
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < 10; ++i) workers.push_back(std::make_unique<Worker>(store()));
    int commits = 0;
    sqlite3_commit_hook(
        store().writer().connection().handle(), [](void* count) { return ++*static_cast<int*>(count), 0; }, &commits);
    {
        Pause pause(store().writer());
        for (int i = 0; i < 10; ++i) {
            const auto unit = workers[static_cast<std::size_t>(i)]->begin();
            for (int j = 0; j < 5; ++j)
                EXPECT_EQ(workers[static_cast<std::size_t>(i)]
                              ->write(unit, static_cast<sluice_ticket>(j + 1), insert_item, i * 5 + j, 1)
                              .code(),
                          SLUICE_QUEUED);
            workers[static_cast<std::size_t>(i)]->submit(unit, 7);
        }
    }
    for (auto& worker : workers) EXPECT_EQ(worker->wait(7).status, SLUICE_OK);
    EXPECT_EQ(commits, 1);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 50);
}

TEST_F(Units, LoseOnlyTheMessageThatFails) {
    open();
    Worker one(store());
    Worker other(store());
    {
        Pause pause(store().writer());
        const auto first = one.begin();
        (void)one.write(first, 1, insert_item, 1, 10);
        (void)one.write(first, 2, insert_item, 2, 20);
        (void)one.write(first, 2, insert_item, 1, 21);  // the key is taken: the row 2 of this message goes, too
        (void)one.write(first, 3, insert_item, 3, 30);
        one.submit(first, 1);
        const auto second = other.begin();
        (void)other.write(second, 9, "INSERT INTO item VALUES(?, abs(?))", 4, std::numeric_limits<std::int64_t>::min());
        (void)other.write(second, 10, insert_item, 5, 50);
        other.submit(second, 1);
    }
    const Ended first = one.wait(1);
    EXPECT_EQ(first.status, SLUICE_OK);
    ASSERT_EQ(first.results.size(), 1u);
    EXPECT_EQ(first.of(2), SLUICE_CONSTRAINT);
    EXPECT_EQ(first.results.at(2).second, "UNIQUE constraint failed: item.id, in \"INSERT INTO item VALUES(?, ?)\"");
    const Ended second = other.wait(1);
    EXPECT_EQ(second.of(9), SLUICE_INVALID);
    EXPECT_EQ(second.of(10), SLUICE_OK);
    EXPECT_EQ(number("SELECT sum(id * 100 + value) FROM item"), 110 + 330 + 550);
}

TEST_F(Units, AfterAFaultBeginWithSavepointsAndLoseNoMore) {
    open();
    Worker worker(store());
    for (int round = 0; round < 3; ++round) {
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, insert_item, round, 1);
        if (round < 2) (void)worker.write(unit, 2, insert_item, round, 2);
        const Ended ended = worker.commit(unit);
        EXPECT_EQ(ended.of(1), SLUICE_OK);
        EXPECT_EQ(ended.of(2), round < 2 ? SLUICE_CONSTRAINT : SLUICE_OK);
    }
    EXPECT_EQ(number("SELECT sum(value) FROM item"), 3);
}

TEST_F(Units, AreUnavailableWhenTheDiskIsFull) {
    Settings settings;
    settings.setup = "CREATE TABLE note(text TEXT)";
    open(settings);
    Worker worker(store());
    sqlite3* const writer = store().writer().connection().handle();
    const auto fill = [&] {
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, "INSERT INTO note VALUES(?)", std::string(100'000, 'x'));
        return worker.commit(unit);
    };
    EXPECT_EQ(fill().status, SLUICE_OK);
    run_script(writer, "PRAGMA max_page_count=30", "limiting");
    const Ended refused = fill();
    EXPECT_EQ(refused.status, SLUICE_UNAVAILABLE);
    EXPECT_TRUE(refused.text.starts_with("database or disk is full")) << refused.text;
    EXPECT_EQ(store().writer().ping().code(), SLUICE_UNAVAILABLE);  // no message is to be blamed for the disk
    EXPECT_TRUE(store().writer().ping().ok());                      // a small write still finds room
    run_script(writer, "PRAGMA max_page_count=1000", "limiting");
    worker->restart();
    EXPECT_EQ(fill().status, SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM note"), 2);
}

TEST_F(Units, SurviveStatementsThatRollBackTheTransaction) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    for (int i = 1; i <= 4; ++i) {
        const auto ticket = static_cast<sluice_ticket>(2 * i);
        (void)worker.write(unit, ticket, "INSERT OR ROLLBACK INTO item VALUES(?, ?)", i, i);
        (void)worker.write(unit, ticket + 1, "INSERT OR ROLLBACK INTO item VALUES(?, ?)", i, i);
    }
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.results.size(), 4u);
    for (sluice_ticket ticket : {3, 5, 7, 9}) EXPECT_EQ(ended.of(ticket), SLUICE_CONSTRAINT);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 4);
}

TEST_F(Units, FindWhoBreaksAReferenceThatIsCheckedAtTheEnd) {
    Settings settings;
    settings.setup = R"(PRAGMA foreign_keys = ON;
        CREATE TABLE parent(id INTEGER PRIMARY KEY);
        CREATE TABLE child(id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED))";
    open(settings);
    Worker worker(store());
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, "INSERT INTO child VALUES(?)", 1);
    (void)worker.write(unit, 1, "INSERT INTO parent VALUES(?)", 1);
    (void)worker.write(unit, 2, "INSERT INTO child VALUES(?)", 2);
    (void)worker.write(unit, 3, "INSERT INTO parent VALUES(?)", 3);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.results.size(), 1u);
    EXPECT_EQ(ended.of(2), SLUICE_CONSTRAINT);
    EXPECT_EQ(number("SELECT count(*) FROM parent"), 2);
    EXPECT_EQ(number("SELECT count(*) FROM child"), 1);
}

TEST_F(Units, BehindAFailedOneConflictUntilTheHostHasSeenIt) {
    Settings settings;
    settings.busy_timeout = std::chrono::milliseconds(1);
    open(settings);
    Worker worker(store());
    Worker other(store());
    const auto insert = [&](std::uint64_t unit, int id) { (void)worker.write(unit, 1, insert_item, id, id); };
    std::uint64_t third = 0;
    {
        // Another program that locks the file: the transaction cannot begin.
        Handle intruder = open_for_writing(path());
        run_script(intruder.get(), "BEGIN IMMEDIATE", "locking");
        const auto first = worker.begin();
        const auto second = worker.begin();
        third = worker.begin();
        insert(first, 1);
        insert(second, 2);
        insert(third, 3);
        worker.submit(first, 1);
        EXPECT_EQ(worker.wait(1).status, SLUICE_UNAVAILABLE);
        EXPECT_NE(worker.wait(1).text.find("database is locked"), std::string::npos) << worker.wait(1).text;
        EXPECT_EQ(store().writer().ping().code(), SLUICE_UNAVAILABLE);
        run_script(intruder.get(), "ROLLBACK", "unlocking");
        worker.submit(second, 2);  // the file is free again, but this one comes after one that was not committed
        EXPECT_EQ(worker.wait(2).status, SLUICE_CONFLICT);
        sqlite3_db_config(intruder.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    const auto others = other.begin();
    (void)other.write(others, 1, insert_item, 9, 9);
    EXPECT_EQ(other.commit(others).status, SLUICE_OK);  // other connections go on
    EXPECT_TRUE(store().writer().ping().ok());

    worker.submit(third, 3);
    EXPECT_EQ(worker.wait(3).status, SLUICE_CONFLICT);
    const auto unaware = worker.begin();  // begun after all answers, by a host that has not read them yet
    insert(unaware, 4);
    EXPECT_EQ(worker.commit(unaware).status, SLUICE_CONFLICT);
    worker->restart();
    const auto fresh = worker.begin();
    insert(fresh, 1);
    EXPECT_EQ(worker.commit(fresh).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 2);
}

TEST_F(Units, OfOneConnectionBecomeDurableInOrder) {
    open();
    Worker worker(store());
    for (std::uint64_t token = 1; token <= 200; ++token) {
        std::uint64_t unit = 0;
        Status begun = worker->unit_begin(unit);
        if (begun.code() == SLUICE_FULL) {  // 64 are under way
            worker.wait(token - 1);
            unit = worker.begin();
        }
        (void)worker.write(unit, 1, insert_item, static_cast<std::int64_t>(token), 0);
        worker.submit(unit, token);
    }
    worker.wait(200);
    std::vector<std::uint64_t> expected;
    for (std::uint64_t token = 1; token <= 200; ++token) expected.push_back(token);
    EXPECT_EQ(worker.order(), expected);
}

TEST_F(Units, BeyondTheLimitOfAConnectionAreFull) {
    open();
    Worker worker(store());
    std::uint64_t unit = 0;
    for (std::size_t i = 0; i < Connection::units_max; ++i) unit = worker.begin();
    std::uint64_t refused = 0;
    EXPECT_EQ(worker->unit_begin(refused).code(), SLUICE_FULL);
    worker->abandon_unit(unit);
    EXPECT_TRUE(worker->unit_begin(refused).ok());
}

TEST_F(Units, KeepNothingOfADroppedMessage) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 1);
    (void)worker.write(unit, 2, insert_item, 2, 2);
    (void)worker.write(unit, 2, insert_item, 3, 3);
    worker->drop(unit, 2);
    (void)worker.write(unit, 3, insert_item, 4, 4);
    worker->forget(unit, 3);
    (void)worker.write(unit, 5, insert_item, 5, 5);
    worker->drop(unit, 1);  // also one that is not the last
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_TRUE(ended.results.empty());
    EXPECT_EQ(number("SELECT sum(id) FROM item"), 5);
}

TEST_F(Units, ThatAreAbandonedLeaveNothing) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 1);
    EXPECT_TRUE(worker->seal(unit).ok());
    worker->abandon_unit(unit);
    EXPECT_EQ(worker.write(unit, 1, insert_item, 1, 1).code(), SLUICE_CONTRACT);  // the number is gone
    EXPECT_EQ(worker.commit(worker.begin()).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 0);
}

TEST_F(Units, CopyValuesOfLifeCallAndViewThoseOfLifeUnit) {
    Settings settings;
    settings.setup = "CREATE TABLE note(copied TEXT, viewed TEXT, bytes BLOB)";
    open(settings);
    Worker worker(store());
    const auto unit = worker.begin();
    std::string passing = "passing";
    std::string lasting = "lasting";
    std::vector<sluice_value> values{
        value(passing), value(lasting), {SLUICE_VALUE_BLOB, SLUICE_LIFE_CALL, {.bytes = {"\0\1", 2}}}};
    values[1].life = SLUICE_LIFE_UNIT;
    const auto statement = worker.prepare("INSERT INTO note VALUES(?, ?, ?)");
    EXPECT_EQ(worker->execute(unit, 1, statement, values).code(), SLUICE_QUEUED);
    passing.assign("gone...");
    lasting.assign("changed");  // seen, since it was not copied
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT copied = 'passing' AND viewed = 'changed' AND bytes = x'0001' FROM note"), 1);
}

TEST_F(Units, BindEveryTypeOfValue) {
    Settings settings;
    settings.setup = "CREATE TABLE kinds(a, b, c, d, e, f)";
    open(settings);
    Worker worker(store());
    const auto unit = worker.begin();
    const std::vector<sluice_value> values{value(nullptr),
                                           value(std::numeric_limits<std::int64_t>::min()),
                                           value(2.5),
                                           value(""),
                                           {SLUICE_VALUE_BLOB, SLUICE_LIFE_CALL, {.bytes = {nullptr, 0}}},
                                           value(true)};
    EXPECT_EQ(worker->execute(unit, 1, worker.prepare("INSERT INTO kinds VALUES(?,?,?,?,?,?)"), values).code(), SLUICE_QUEUED);
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT typeof(a)||typeof(b)||typeof(c)||typeof(d)||typeof(e)||typeof(f) ="
                     " 'nullintegerrealtextblobinteger' FROM kinds"),
              1);
    EXPECT_EQ(number("SELECT b = -9223372036854775808 AND c = 2.5 AND d = '' AND f = 1 FROM kinds"), 1);
}

TEST_F(Units, OfTenThreadsAllArrive) {
    constexpr int threads = 10, units = 60, messages = 20;
    Settings settings;
    settings.deduplicate = true;
    open(settings);
    {
        std::vector<std::jthread> running;
        for (int t = 0; t < threads; ++t)
            running.emplace_back([&, t] {
                Worker worker(store());
                for (int u = 0; u < units; ++u) {
                    const auto unit = worker.begin();
                    for (int m = 0; m < messages; ++m) {
                        const std::uint64_t position = static_cast<std::uint64_t>((u * messages + m) * threads + t);
                        const auto ticket = static_cast<sluice_ticket>(m + 1);
                        const sluice_identity identity{
                            sizeof(sluice_identity), 1, bytes("s"), bytes("f"), position, position + 1};
                        EXPECT_TRUE(worker->record_once(unit, ticket, identity).ok());
                        (void)worker.write(unit, ticket, insert_item, static_cast<std::int64_t>(position), t);
                        if (m == 7 && u % 10 == 0) {
                            std::vector<std::int64_t> found;
                            EXPECT_TRUE(worker.read(unit, ticket, found, read_value, static_cast<std::int64_t>(position)).ok());
                            EXPECT_EQ(found, std::vector<std::int64_t>{t});
                        }
                        if (m == 13 && u % 7 == 0)
                            (void)worker.write(unit, ticket, insert_item, static_cast<std::int64_t>(position), t);
                    }
                    worker.submit(unit, static_cast<std::uint64_t>(u) + 1);
                    if (u % 4 == 3) worker.wait(static_cast<std::uint64_t>(u) + 1);
                }
                for (int u = 0; u < units; ++u) EXPECT_EQ(worker.wait(static_cast<std::uint64_t>(u) + 1).status, SLUICE_OK);
            });
    }
    const int failing = threads * ((units + 6) / 7);
    EXPECT_EQ(number("SELECT count(*) FROM item"), threads * units * messages - failing);
}

}  // namespace
}  // namespace sluice::sqlite
