// What a probe finds in a database file, beside whoever has it open, and that it leaves no trace.
#include "look.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <tuple>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::HasSubstr;

class LookTest : public QueueTest {
protected:
    // Size, number and times of all that lies in the folder.
    using Trace = std::map<std::string, std::tuple<off_t, ino_t, std::int64_t>>;
    Trace trace() const {
        Trace all;
        const std::filesystem::path folder = std::filesystem::path(path()).parent_path();
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            struct stat status {};
            EXPECT_EQ(::stat(entry.path().c_str(), &status), 0);
            all[entry.path().string()] = {status.st_size, status.st_ino,
                                          status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
        }
        return all;
    }
    // Without a failure, its text is empty.
    template <typename Call>
    std::string looked(Call&& call, sluice_status expected = SLUICE_OK) {
        facts.clear();
        const Trace before = trace();
        sluice_status status = SLUICE_OK;
        std::string text;
        try {
            call(Probe(&sink));
        } catch (const Failure& failure) {
            status = failure.code();
            text = failure.what();
        }
        EXPECT_EQ(status, expected) << text;
        EXPECT_EQ(trace(), before);
        return text;
    }
    std::string look_at_queue(sluice_status expected = SLUICE_OK) {
        return looked([this](const Probe& probe) { probe_queue(settings(), probe); }, expected);
    }
    std::string look_at_database(const std::string& file, sluice_status expected = SLUICE_OK) {
        Settings database;
        database.path = file;
        database.deduplicate = true;
        database.busy_timeout = std::chrono::milliseconds(50);
        return looked([&](const Probe& probe) { probe_database(database, probe); }, expected);
    }

    std::map<std::string, std::string> facts;

private:
    const sluice_probe_sink sink{sizeof(sluice_probe_sink), 0, this, [](void* context, sluice_bytes name, sluice_bytes value) {
                                     static_cast<LookTest*>(context)->facts[std::string(view(name))] = view(value);
                                 }};
};

TEST_F(LookTest, KnowsThatAFileIsMadeWithItsFolders) {
    EXPECT_EQ(look_at_queue(), "");
    EXPECT_THAT(facts["file"], HasSubstr("is not there yet"));
    EXPECT_THAT(facts[SLUICE_FACT_SERVER], HasSubstr("SQLite 3."));
    EXPECT_EQ(look_at_database(folder_.file("a/b/c.db")), "");
}

TEST_F(LookTest, SeesAQueueWhileItIsOpenAfterACrashAndWhenItIsClosed) {
    {
        QueueTarget target(settings());
        ASSERT_TRUE(target.open(TargetSink()).ok());
        EXPECT_EQ(look_at_queue(), "");
        EXPECT_EQ(facts["messages"], "0 waiting and 0 dead");
        const Handle other = open_for_reading(path());
        target.close();
    }
    run_sql("UPDATE sluice_queue SET messages = 12, dead = 2");
    EXPECT_EQ(look_at_queue(), "");
    EXPECT_EQ(facts["messages"], "10 waiting and 2 dead");
    // As a killed host leaves it: its log and the index of that are there, and nobody has them open.
    Handle killed = open_for_writing(path());
    run_script(killed.get(), "UPDATE sluice_queue SET messages = 5", "the test");
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::copy_file(path() + end, path() + ".copy" + end);
    killed.reset();
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::rename(path() + ".copy" + end, path() + end);
    EXPECT_EQ(look_at_queue(), "");
    EXPECT_EQ(facts["messages"], "3 waiting and 2 dead");
    std::filesystem::remove(path() + "-shm");
    EXPECT_EQ(look_at_queue(), "");
    EXPECT_EQ(facts.count("messages"), 0u);
    EXPECT_THAT(facts["contents"], HasSubstr("not looked at"));
}

TEST_F(LookTest, RefusesAQueueOfAnotherLayoutAndOneWithoutItsTable) {
    {
        QueueTarget target(settings());
        ASSERT_TRUE(target.open(TargetSink()).ok());
    }
    run_sql("UPDATE sluice_queue SET version = 2");
    EXPECT_THAT(look_at_queue(SLUICE_INVALID),
                HasSubstr("it is stored in layout 2, and this version of Sluice knows layout 1"));
    run_sql("UPDATE sluice_queue SET version = 1; DROP VIEW sluice_settle_1; DROP TABLE sluice_queue_1");
    EXPECT_THAT(look_at_queue(SLUICE_INVALID), HasSubstr("its table sluice_queue_1 is missing"));
}

TEST_F(LookTest, SeesDatabasesOfOtherPrograms) {
    const std::string file = folder_.file("other?%41#.db");
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
    const Handle other(raw);
    run_script(raw, "CREATE TABLE t(a)", "the test");
    EXPECT_EQ(look_at_database(file), "");
    EXPECT_THAT(facts["journal"], HasSubstr("not in WAL mode yet"));
    run_script(raw, "BEGIN EXCLUSIVE; CREATE TABLE sluice_seen(a)", "the test");
    EXPECT_THAT(look_at_database(file, SLUICE_UNAVAILABLE), HasSubstr("database is locked"));
    run_script(raw, "COMMIT", "the test");
    EXPECT_THAT(look_at_database(file, SLUICE_INVALID), HasSubstr("its table sluice_seen was not made by Sluice"));
}

TEST_F(LookTest, SaysWhatIsNoDatabase) {
    std::ofstream(path()) << std::string(8192, 'x');
    EXPECT_THAT(look_at_queue(SLUICE_CORRUPT), HasSubstr("is damaged, or no SQLite database"));
    EXPECT_THAT(look_at_database(path() + "/in-a-file.db", SLUICE_INVALID), HasSubstr("Not a directory"));
    EXPECT_THAT(look_at_database(folder_.file(""), SLUICE_INVALID), HasSubstr("must name a database file"));
    ASSERT_EQ(::mkfifo(folder_.file("fifo").c_str(), 0600), 0);
    EXPECT_THAT(look_at_database(folder_.file("fifo"), SLUICE_INVALID), HasSubstr("is no regular file"));
}

}  // namespace
}  // namespace sluice::sqlite
