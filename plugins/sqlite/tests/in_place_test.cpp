// Files that are removed, replaced, or reached under two names, while a database or queue is open on them.
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "new_file.hpp"
#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

class Replaced : public StoreTest {
protected:
    Ended insert(Worker& worker, int id) {
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, insert_item, id, id);
        return worker.commit(unit);
    }
};

TEST_F(Replaced, FilesAcknowledgeNothingMore) {
    for (const std::string& suffix : {std::string(), std::string("-wal"), std::string("-shm")})
        for (const bool is_put_back : {false, true}) {
            open();
            Worker worker(store());
            ASSERT_EQ(insert(worker, 1).status, SLUICE_OK);
            const std::string file = path() + suffix;
            fs::rename(file, file + ".away");
            if (is_put_back) fs::copy_file(file + ".away", file);  // the same bytes in another file
            const Ended ended = insert(worker, 2);
            EXPECT_EQ(ended.status, SLUICE_FAILED) << file;
            EXPECT_THAT(ended.text, AllOf(HasSubstr("\"" + file + "\" was " + (is_put_back ? "replaced" : "removed")),
                                          HasSubstr("put the database back with its -wal and -shm")));
            EXPECT_THROW(Worker another(store()), Failure) << "nor may anybody read the file that has taken its place";
            worker.disconnect();
            close();
            for (const char* each : {"", "-wal", "-shm", ".away", "-wal.away", "-shm.away"}) fs::remove(path() + each);
        }
}

TEST_F(Replaced, FilesBehindALinkAreSeen) {
    open();
    close();
    fs::rename(path(), folder_.file("first.db"));
    fs::create_symlink("first.db", path());
    fs::copy_file(folder_.file("first.db"), folder_.file("second.db"));
    open();
    Worker worker(store());
    ASSERT_EQ(insert(worker, 1).status, SLUICE_OK);
    fs::remove(path());
    fs::create_symlink("second.db", path());
    EXPECT_EQ(insert(worker, 2).status, SLUICE_FAILED);
}

TEST_F(Replaced, FilesAreSeenByUnitsThatHoldTheWriter) {
    open();
    Worker worker(store());
    std::vector<std::int64_t> found;
    const auto unit = worker.begin();
    ASSERT_TRUE(worker.read(unit, 1, found, read_value, 1).ok());
    (void)worker.write(unit, 1, insert_item, 1, 1);
    fs::remove(path());
    EXPECT_EQ(worker.commit(unit).status, SLUICE_FAILED);
}

TEST_F(Replaced, FilesAreOneUnderEachOfTheirNames) {
    open();
    Settings other;
    other.path = folder_.file("hard.db");
    fs::create_hard_link(path(), other.path);
    Store store(other);
    try {
        store.open();
        ADD_FAILURE() << "opened";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("is open as another database of this configuration"));
    }
}

TEST_F(Replaced, FilesAreLockedUnderEachOfTheirNames) {
    int opened[2], done[2];
    ASSERT_EQ(::pipe(opened) | ::pipe(done), 0);
    const std::string other = folder_.file("hard.db");
    create_if_missing(path());
    fs::create_hard_link(path(), other);
    const pid_t child = ::fork();
    if (child == 0) {
        LockFile lock;
        char byte = 0;
        try {
            lock.acquire(other);
        } catch (...) {
            ::_exit(1);
        }
        (void)!::write(opened[1], "x", 1);
        (void)!::read(done[0], &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(opened[0], &byte, 1), 1);
    try {
        open();
        ADD_FAILURE() << "opened";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(),
                  "\"" + path() + "\" is in use by the process " + std::to_string(child) +
                      " under another name (a link or a mount): stop that one first, or configure another path");
    }
    store_.reset();
    EXPECT_EQ(::write(done[1], "x", 1), 1);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    open();
    for (const int each : {opened[0], opened[1], done[0], done[1]}) ::close(each);
}

class ReplacedQueue : public QueueTest {};

TEST_F(ReplacedQueue, StoresAndConfirmsNothingMore) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 2)), SLUICE_OK);
    const auto got = receiver.poll();
    ASSERT_EQ(got.size(), 2u);
    fs::rename(path(), path() + ".away");
    EXPECT_EQ(publisher.publish("x"), SLUICE_FAILED);
    EXPECT_EQ(receiver.ack(got), SLUICE_FAILED);
    (void)receiver.poll();
    EXPECT_EQ(receiver.last.code(), SLUICE_FAILED);
    EXPECT_THAT(receiver.last.text(), HasSubstr("was removed while it was open"));
}

TEST_F(ReplacedQueue, IsSeenWhileNothingIsStored) {
    Receiver receiver(settings());
    (void)receiver.poll();
    ASSERT_TRUE(receiver.last.ok());
    fs::remove(path());
    (void)receiver.poll();
    EXPECT_EQ(receiver.last.code(), SLUICE_FAILED);
}

TEST(NewFiles, AreForTheirOwnerAndGroupWhateverTheUmask) {
    const mode_t before = ::umask(0);
    const auto mode = [](const std::string& path) { return static_cast<unsigned>(fs::status(path).permissions()); };
    for (const mode_t mask : {0000, 0002, 0022, 0077}) {
        ::umask(mask);
        TemporaryFolder folder;
        QueueSettings settings;
        settings.path = folder.file("below/queue.db");
        Publisher publisher(settings);
        ASSERT_EQ(publisher.publish("a body"), SLUICE_OK);
        EXPECT_EQ(mode(folder.file("below")), 0750u);
        for (const char* suffix : {"", "-wal", "-shm", ".sluice-lock"})
            EXPECT_EQ(mode(settings.path + suffix), 0640u) << suffix;
    }
    ::umask(before);
}

TEST(NewFiles, LeaveWhatIsThereAsItIs) {
    TemporaryFolder folder;
    const std::string path = folder.file("theirs.db");
    std::ofstream(path).close();
    fs::permissions(path, fs::perms(0604));
    QueueSettings settings;
    settings.path = path;
    Publisher publisher(settings);
    EXPECT_EQ(static_cast<unsigned>(fs::status(path).permissions()), 0604u);
}

}  // namespace
}  // namespace sluice::sqlite
