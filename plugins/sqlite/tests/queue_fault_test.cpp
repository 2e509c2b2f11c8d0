// What happens when the disk is full, the file is locked by others, damaged or foreign.
#include <fstream>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using namespace std::chrono_literals;

class QueueFaults : public QueueTest {
protected:
    // The file may not grow any more, as on a full disk.
    class FullDisk {
    public:
        explicit FullDisk(File& file) : file_(file) { limit("PRAGMA max_page_count = 1"); }  // SQLite takes the pages there are
        ~FullDisk() { limit("PRAGMA max_page_count = 1073741823"); }
        FullDisk(const FullDisk&) = delete;
        FullDisk& operator=(const FullDisk&) = delete;

    private:
        void limit(const char* sql) {
            HeldWriter held(file_.writer());
            EXPECT_EQ(sqlite3_exec(held.connection().handle(), sql, nullptr, nullptr, nullptr), SQLITE_OK);
        }
        File& file_;
    };

    std::string refusal() const {
        QueueSource source(settings());
        try {
            const Status opened = source.open({});
            return opened.ok() ? "opened" : opened.text();
        } catch (const Failure& failure) {
            return failure.what();
        }
    }
};

TEST_F(QueueFaults, OfAFullDiskConfirmNothingAndLoseNothing) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    const FileUse file = File::share(path(), {}, interruption);
    ASSERT_EQ(publisher.publish(numbered(0, 3)), SLUICE_OK);
    {
        const FullDisk full(*file);
        EXPECT_EQ(publisher.submit({{std::string(50'000, 'x')}}, 100).code(), SLUICE_QUEUED);
        EXPECT_THAT(publisher.wait(100), Pair(SLUICE_UNAVAILABLE, HasSubstr("disk is full")));
        EXPECT_EQ(publisher.submit({{"y"}}, 101).code(), SLUICE_UNAVAILABLE);  // the next call: nothing overtakes
        EXPECT_EQ(depths(*publisher).ready, 3u);
    }
    EXPECT_EQ(publisher.submit({{std::string(50'000, 'x')}, {"y"}}, 102).code(), SLUICE_QUEUED);
    EXPECT_EQ(publisher.wait(103).first, SLUICE_OK);
    const auto got = receiver.poll();
    ASSERT_EQ(got.size(), 5u);
    EXPECT_EQ(got[3].tag, 4u);  // the numbers of what failed are given again
    EXPECT_EQ(got[4].body, "y");
}

TEST_F(QueueFaults, OfAWriterThatFailsKeepDeliveriesInFlightUntilTheAckIsStored) {
    Publisher publisher(settings());
    QueueSettings impatient = settings();
    impatient.busy_timeout = 20ms;
    publisher.close();
    Publisher other(impatient);
    Receiver receiver(impatient);
    ASSERT_EQ(other.publish(numbered(0, 2)), SLUICE_OK);
    const auto got = receiver.poll();
    {
        const Handle somebody = open_for_writing(path());
        run_script(somebody.get(), "BEGIN EXCLUSIVE", "the test");
        EXPECT_EQ(receiver.ack(got), SLUICE_UNAVAILABLE);
        EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE, 7), SLUICE_UNAVAILABLE);
        EXPECT_EQ(other.publish("2"), SLUICE_UNAVAILABLE);
        EXPECT_EQ(depths(*receiver).in_flight, 2u);
    }
    EXPECT_EQ(receiver.ack(got), SLUICE_OK);
    EXPECT_EQ(other.publish("2"), SLUICE_UNAVAILABLE);  // the one call that would have overtaken
    EXPECT_EQ(other.publish("2"), SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("2"));
}

TEST_F(QueueFaults, OfAnAttemptThatCannotBeStoredTryAgain) {
    {
        QueueSettings impatient = settings();
        impatient.busy_timeout = 20ms;
        Publisher publisher(impatient);
        Receiver receiver(impatient);
        ASSERT_EQ(publisher.publish("a"), SLUICE_OK);
        const auto got = receiver.poll();
        const Handle somebody = open_for_writing(path());
        run_script(somebody.get(), "BEGIN IMMEDIATE", "the test");
        EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_ATTEMPTED, 5), SLUICE_OK);
        EXPECT_EQ(receiver->flush().code(), SLUICE_UNAVAILABLE);
        run_script(somebody.get(), "ROLLBACK", "the test");
        EXPECT_TRUE(receiver->flush().ok());
    }
    Receiver receiver(settings());
    EXPECT_EQ(receiver.poll().at(0).attempt, 5u);
}

TEST_F(QueueFaults, OfAFileThatIsNoDatabaseAreSaidWithItsNameAndTheRemedy) {
    std::ofstream(path()) << std::string(5000, 'x');
    EXPECT_THAT(refusal(), AllOf(HasSubstr("\"" + path() + "\" is damaged, or no SQLite database"),
                                 HasSubstr("restore it from a backup")));
}

TEST_F(QueueFaults, OfADamagedFileEndThePollForGood) {
    {
        Publisher publisher(settings());
        for (int i = 0; i < 20; ++i) ASSERT_EQ(publisher.publish(std::string(3000, 'x')), SLUICE_OK);
    }
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        const auto pages = static_cast<long>(std::filesystem::file_size(path())) / 4096;
        for (long page = pages / 2; page < pages; ++page) {
            file.seekp(page * 4096);
            file << std::string(200, '\xff');
        }
    }
    Receiver receiver(settings());
    for (int i = 0; i < 30 && receiver.last.ok(); ++i) (void)receiver.poll();
    EXPECT_EQ(receiver.last.code(), SLUICE_CORRUPT);
    EXPECT_THAT(receiver.last.text(), HasSubstr("\"" + path() + "\" is damaged"));
}

TEST_F(QueueFaults, OfALayoutTheyDoNotKnowAreSaid) {
    { Publisher publisher(settings()); }
    run_sql("UPDATE sluice_queue SET version = 2");
    EXPECT_EQ(refusal(),
              "\"" + path() +
                  "\" cannot hold the queue \"default\": it is stored in layout 2, and this version of Sluice knows layout "
                  "1: use the version that wrote it, or work the queue off with that one first");
}

TEST_F(QueueFaults, OfATableThatIsNotTheirsAreSaid) {
    run_sql("CREATE TABLE sluice_queue(something)");
    EXPECT_EQ(refusal(),
              "\"" + path() +
                  "\" cannot hold the queue \"default\": its table sluice_queue was not made by Sluice (no such column: "
                  "number, at character 8 of the statement): use another file");
}

}  // namespace
}  // namespace sluice::sqlite
