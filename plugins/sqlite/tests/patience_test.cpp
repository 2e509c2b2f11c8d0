// Waiting for locks, the end of all waiting, delays of any size, and space that goes back.
#include <atomic>
#include <future>
#include <string>
#include <thread>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::HasSubstr;

using namespace std::chrono_literals;

constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO item SELECT i, i FROM n WHERE i < 0";

class Interrupted : public StoreTest {
protected:
    // Until the statement runs, and is not merely about to.
    void wait_for_lock() const {
        const Handle handle = open_for_writing(path());
        sqlite3_busy_timeout(handle.get(), 0);
        sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (sqlite3_exec(handle.get(), "BEGIN IMMEDIATE; ROLLBACK", nullptr, nullptr, nullptr) != SQLITE_BUSY &&
               std::chrono::steady_clock::now() < deadline)
            std::this_thread::yield();
    }
};

TEST_F(Interrupted, SetupsThatNeverEndEnd) {
    Settings settings;
    settings.path = path();
    settings.setup = std::string("CREATE TABLE item(id, value); ") + endless;
    Store store(settings);
    std::atomic<bool> is_over = false;
    auto opened = std::async(std::launch::async, [&] {
        for (;;) try {
                store.open();
                return std::string("opened");
            } catch (const Failure& failure) {
                EXPECT_EQ(failure.code(), SLUICE_UNAVAILABLE);
                const std::string text = failure.what();
                // By the look of this test, while the file is made; so the host would try again.
                if (is_over || text.find("database is locked") == std::string::npos) return text;
            }
    });
    wait_for_lock();
    is_over = true;
    store.interrupt();
    EXPECT_THAT(opened.get(), HasSubstr("`setup` failed: interrupted"));
}

TEST_F(Interrupted, StatementsThatNeverEndEnd) {
    open();
    Worker worker(store());
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, endless);
    worker.submit(unit, 1);
    wait_for_lock();
    store().interrupt();
    EXPECT_EQ(worker.wait(1).status, SLUICE_UNAVAILABLE);
    EXPECT_THAT(worker.wait(1).text, HasSubstr("interrupted"));
}

TEST_F(Interrupted, WaitsForALockEnd) {
    Settings settings;
    settings.busy_timeout = 1h;
    open(settings);
    Worker worker(store());
    const Handle intruder = open_for_writing(path());
    run_script(intruder.get(), "BEGIN IMMEDIATE", "the test");
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, insert_item, 1, 1);
    worker.submit(unit, 1);
    std::vector<std::int64_t> found;
    std::thread interrupter([&] { store().interrupt(); });
    EXPECT_EQ(worker.wait(1).status, SLUICE_UNAVAILABLE);
    EXPECT_THAT(worker.wait(1).text, HasSubstr("database is locked"));
    interrupter.join();
    run_script(intruder.get(), "ROLLBACK", "the test");
    sqlite3_db_config(intruder.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    worker.disconnect();
    close();
    open();  // and counts until the next open only
    Worker again(store());
    const auto next = again.begin();
    (void)again.write(next, 1, insert_item, 1, 1);
    EXPECT_EQ(again.commit(next).status, SLUICE_OK);
}

TEST_F(Interrupted, WaitsForTheWriterEnd) {
    Settings settings;
    settings.busy_timeout = 1h;
    open(settings);
    Worker worker(store());
    std::vector<std::int64_t> found;
    const auto unit = worker.begin();
    const Pause pause(store().writer());
    auto read = std::async(std::launch::async, [&] { return worker.read(unit, 1, found, "SELECT 1").code(); });
    store().interrupt();
    EXPECT_EQ(read.get(), SLUICE_UNAVAILABLE);
}

class Locked : public QueueTest {};

TEST_F(Locked, QueuesWaitUntilTheyAreFreeAndGoOn) {
    Publisher publisher(settings());
    const Handle intruder = open_for_writing(path());
    run_script(intruder.get(), "BEGIN EXCLUSIVE", "the test");
    ASSERT_EQ(publisher.submit({{"a"}}, 1).code(), SLUICE_QUEUED);
    run_script(intruder.get(), "ROLLBACK", "the test");
    EXPECT_EQ(publisher.wait(1).first, SLUICE_OK);
}

class Delays : public QueueTest {};

TEST_F(Delays, OfAnySizeAreNeverOverAtOnce) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    for (const std::int64_t delay_ms : {INT64_MAX, INT64_MAX - 1, INT64_MAX / 2, std::int64_t{106'751'991'167} * 86'400'000})
        ASSERT_EQ(publisher.publish(std::vector<Sent>{{.body = "later", .delay_ms = delay_ms}}), SLUICE_OK);
    ASSERT_EQ(publisher.publish(std::vector<Sent>{{.body = "now", .delay_ms = INT64_MIN}}), SLUICE_OK);
    const auto got = receiver.receive(1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(got[0].body, "now");
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(receiver.poll(10, 50ms).empty());
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 45ms) << "and the wait for it is none that ends at once";
    EXPECT_EQ(depths(*receiver).delayed, 4u);
    EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE, 2, INT64_MAX), SLUICE_OK);
    EXPECT_TRUE(receiver.poll().empty());
    EXPECT_EQ(depths(*receiver).delayed, 5u);
}

class SpaceTest : public QueueTest {
protected:
    std::uintmax_t size() const {
        std::error_code none;
        const std::uintmax_t log = std::filesystem::file_size(path() + "-wal", none);
        return std::filesystem::file_size(path()) + (none ? 0 : log);
    }
    void fill(Publisher& publisher) {
        for (int i = 0; i < 20; ++i)
            ASSERT_EQ(publisher.publish(std::vector<Sent>(500, Sent{std::string(2'000, 'x')})), SLUICE_OK);
    }
    static void remove_all(Publisher& publisher) {
        std::vector<std::string> places;
        for (int i = 1; i <= 10'000; ++i) places.push_back(std::to_string(i));
        std::vector<sluice_bytes> views;
        for (const std::string& place : places) views.push_back(bytes(place));
        std::uint64_t removed = 0;
        ASSERT_TRUE(publisher->remove(views, removed).ok());
        ASSERT_EQ(removed, 10'000u);
    }
    std::int64_t number(const std::string& pragma) const {
        const Handle handle = open_for_writing(path());
        sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        const Prepared asked = prepare(handle.get(), "PRAGMA " + pragma);
        return sqlite3_step(asked.get()) == SQLITE_ROW ? sqlite3_column_int64(asked.get(), 0) : -1;
    }
    void wait_until_small() const {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (size() > 2u << 20 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    }
};

TEST_F(SpaceTest, OfRemovedMessagesGoesBackWhileTheQueueIsOpen) {
    Publisher publisher(settings());
    fill(publisher);
    ASSERT_GT(size(), 16u << 20);
    remove_all(publisher);
    wait_until_small();
    EXPECT_LT(size(), 2u << 20);
    EXPECT_EQ(publisher.publish("still works"), SLUICE_OK);
}

TEST_F(SpaceTest, GoesBackOnceAReaderThatKeptItHasGone) {
    Publisher publisher(settings());
    fill(publisher);
    {
        const Handle reader = open_for_writing(path());
        run_script(reader.get(), "BEGIN; SELECT count(*) FROM sqlite_schema", "the test");
        remove_all(publisher);
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (number("freelist_count") >= Space::end_pages) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        ASSERT_GT(size(), 16u << 20) << "what a reader sees stays";
        run_script(reader.get(), "COMMIT", "the test");
    }
    wait_until_small();
    EXPECT_LT(size(), 2u << 20) << "though nothing is written any more";
}

TEST_F(SpaceTest, OfRemovedMessagesGoesBackWhenTheQueueIsClosed) {
    {
        Publisher publisher(settings());
        fill(publisher);
        remove_all(publisher);
    }
    EXPECT_LT(size(), 2u << 20);
}

TEST_F(SpaceTest, OfAFileOfBeforeGoesBackToo) {
    {
        const Handle handle = open_for_writing(path());  // as earlier versions made it
        run_script(handle.get(), "CREATE TABLE sluice_x(a); DROP TABLE sluice_x", "the test");
    }
    ASSERT_EQ(number("auto_vacuum"), 0);
    Publisher publisher(settings());
    fill(publisher);
    remove_all(publisher);
    wait_until_small();
    EXPECT_LT(size(), 2u << 20);
    EXPECT_EQ(number("auto_vacuum"), 2) << "and from now on in slices";
}

TEST_F(SpaceTest, IsLeftAloneInADatabaseOfOthers) {
    run_sql("CREATE TABLE theirs(a)");
    {
        Publisher publisher(settings());
        fill(publisher);
        remove_all(publisher);
    }
    EXPECT_GT(size(), 16u << 20);
}

}  // namespace
}  // namespace sluice::sqlite
