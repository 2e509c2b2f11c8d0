#include "publisher.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <map>

#include "failure_of.hpp"
#include "file_output.hpp"
#include "stream_output.hpp"
#include "temporary_folder.hpp"

namespace sluice::file {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class PublisherTest : public testing::Test {
protected:
    Publisher open(std::string_view name = "out") {
        return Publisher({.path = folder_.path(name)}, TargetSink(&table_), Log());
    }

    sluice_status publish(Publisher& publisher, const std::vector<std::string>& bodies, std::int64_t delay_ms = 0) {
        std::vector<sluice_outgoing> messages(bodies.size());
        std::vector<const sluice_outgoing*> pointers;
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            messages[i].struct_size = sizeof(sluice_outgoing);
            messages[i].body = bytes(bodies[i]);
            messages[i].delay_ms = delay_ms;
            pointers.push_back(&messages[i]);
        }
        return publisher.publish(pointers, 100);
    }

    TemporaryFolder folder_;
    std::map<std::uint64_t, std::pair<sluice_status, std::string>> published_;

private:
    static void published(void* context, std::uint64_t token, std::uint64_t count, sluice_status status, sluice_bytes text) {
        for (std::uint64_t i = 0; i < count; ++i)
            static_cast<PublisherTest*>(context)->published_[token + i] = {status, std::string(view(text))};
    }
    sluice_target_sink table_{sizeof(sluice_target_sink), 0, this, &published};
};

TEST_F(PublisherTest, AppendsALineAMessage) {
    {
        Publisher publisher = open();
        EXPECT_EQ(publish(publisher, {"{\"a\":1}", "\xff"}), SLUICE_OK);
    }
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"3"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out"), "{\"a\":1}\n\xff\n3\n");
    EXPECT_THAT(published_, IsEmpty());
}

TEST_F(PublisherTest, RefusesWhatIsNoLineAndStoresTheRest) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1", "{\n}", "", "2"}), SLUICE_QUEUED);
    EXPECT_EQ(folder_.read("out"), "1\n2\n");
    EXPECT_EQ(published_[100].first, SLUICE_OK);
    EXPECT_EQ(published_[101].first, SLUICE_INVALID);
    EXPECT_THAT(published_[101].second, HasSubstr("publish compact JSON"));
    EXPECT_EQ(published_[102].first, SLUICE_INVALID);
    EXPECT_THAT(published_[102].second, HasSubstr("empty"));
    EXPECT_EQ(published_[103].first, SLUICE_OK);
}

TEST_F(PublisherTest, CannotDelay) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1"}, 5), SLUICE_QUEUED);
    EXPECT_EQ(published_[100].first, SLUICE_UNSUPPORTED);
    EXPECT_EQ(folder_.read("out"), "");
}

TEST_F(PublisherTest, EndsATornLastLine) {
    folder_.write("out", "{\"a\":1}\n{\"a\":");
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"2"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out"), "{\"a\":1}\n{\"a\":\n2\n");
}

TEST_F(PublisherTest, KeepsASecondTargetOut) {
    Publisher first = open();
    EXPECT_EQ(failure_of([&] { open(); }, SLUICE_INVALID),
              "another target or process writes to " + folder_.path("out") + ": give each target a file of its own");
}

TEST_F(PublisherTest, NamesAMissingFolder) {
    EXPECT_EQ(failure_of([&] { open("none/out"); }, SLUICE_UNAVAILABLE),
              "cannot open (its folder is missing: create it) " + folder_.path("none/out") + ": No such file or directory");
}

TEST_F(PublisherTest, ClaimsNothingAndLeavesNoPartWhenTheFileCannotGrow) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1", "2"}), SLUICE_OK);

    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 100;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string text = failure_of([&] { publish(publisher, {"3", std::string(500, 'x')}); }, SLUICE_UNAVAILABLE);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, handler);

    EXPECT_EQ(text, "cannot write to " + folder_.path("out") +
                        ": File too large: raise `ulimit -f` (LimitFSIZE= of a systemd unit), or rotate the file");
    EXPECT_THAT(published_, IsEmpty());
    EXPECT_EQ(folder_.read("out"), "1\n2\n");
    EXPECT_EQ(publish(publisher, {"3"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out"), "1\n2\n3\n");
}

TEST_F(PublisherTest, GoesOnInTheFileThatHasTheName) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1"}), SLUICE_OK);
    std::filesystem::rename(folder_.path("out"), folder_.path("out.1"));
    EXPECT_EQ(publish(publisher, {"2"}), SLUICE_OK);
    std::filesystem::remove(folder_.path("out"));
    EXPECT_EQ(publish(publisher, {"3"}), SLUICE_OK);
    folder_.write("other", "4\nto");
    std::filesystem::rename(folder_.path("other"), folder_.path("out"));
    EXPECT_EQ(publish(publisher, {"5"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out.1"), "1\n");
    EXPECT_EQ(folder_.read("out"), "4\nto\n5\n");
}

TEST_F(PublisherTest, MakesItsFileAnewWhenItIsToldThatItWasRotated) {
    Publisher publisher = open();
    std::filesystem::rename(folder_.path("out"), folder_.path("out.1"));
    publisher.reopen();
    EXPECT_TRUE(std::filesystem::exists(folder_.path("out")));
    Publisher other = open("out.1");  // it was let go of
}

TEST_F(PublisherTest, WaitsForAFolderAndForWhatStandsInTheFilesPlaceAndBlamesNoMessage) {
    std::filesystem::create_directory(folder_.path("folder"));
    Publisher publisher = open("folder/out");
    std::filesystem::remove_all(folder_.path("folder"));
    EXPECT_THAT(failure_of([&] { publish(publisher, {"1"}); }, SLUICE_UNAVAILABLE), HasSubstr("its folder is missing"));
    std::filesystem::create_directories(folder_.path("folder/out"));
    EXPECT_THAT(failure_of([&] { publish(publisher, {"1"}); }, SLUICE_UNAVAILABLE), HasSubstr("Is a directory"));
    std::filesystem::remove(folder_.path("folder/out"));
    EXPECT_EQ(publish(publisher, {"1"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("folder/out"), "1\n");
}

TEST_F(PublisherTest, MakesFilesThatOtherUsersCannotReadWhateverTheUmask) {
    for (const mode_t mask : {0077u, 0000u}) {
        const mode_t before = ::umask(mask);
        const std::string name = "out" + std::to_string(mask);
        open(name);
        ::umask(before);
        struct stat status {};
        ASSERT_EQ(::stat(folder_.path(name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0640u);
    }
    std::filesystem::permissions(folder_.write("old", ""), std::filesystem::perms(0604));
    open("old");
    EXPECT_EQ(std::filesystem::status(folder_.path("old")).permissions(), std::filesystem::perms(0604));
}

TEST_F(PublisherTest, NamesTheLimitWhenThereAreTooManyOpenFiles) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer opens pipes of its own";  // to see whether an object may be read
#endif
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const std::string text = failure_of([&] { open(); }, SLUICE_UNAVAILABLE);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(text, "cannot open " + folder_.path("out") +
                        ": Too many open files in this process: raise `ulimit -n` (LimitNOFILE= of a systemd unit)");
}

TEST_F(PublisherTest, RefusesWhatIsNoFile) {
    std::filesystem::create_directory(folder_.path("folder"));
    EXPECT_THAT(failure_of([&] { open("folder"); }, SLUICE_INVALID), HasSubstr("is a folder: name a file in it"));
    std::filesystem::create_symlink("loop", folder_.path("loop"));
    EXPECT_THAT(failure_of([&] { open("loop"); }, SLUICE_INVALID), HasSubstr("Too many levels of symbolic links"));
    EXPECT_THAT(failure_of([&] { open(std::string(300, 'x')); }, SLUICE_INVALID), HasSubstr("File name too long"));
}

// ---- FIFOs and standard output ----------------------------------------------------------------------------------------------

class FifoTest : public PublisherTest {
protected:
    FifoTest() {
        if (::mkfifo(path().c_str(), 0600) != 0) throw std::runtime_error("no FIFO");
        ::signal(SIGPIPE, SIG_IGN);  // as the program does
    }
    std::string path() const { return folder_.path("fifo"); }
    FileDescriptor reader() const { return FileDescriptor(::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)); }
    static std::string taken(const FileDescriptor& from) {
        std::string text(1 << 20, 0);
        const ssize_t got = ::read(from.get(), text.data(), text.size());
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
};

TEST_F(FifoTest, TakesNothingWithoutAReader) {
    Publisher publisher = open("fifo");
    EXPECT_EQ(failure_of([&] { publish(publisher, {"1"}); }, SLUICE_UNAVAILABLE), "nobody reads the FIFO " + path());
    {
        const FileDescriptor first = reader();
        EXPECT_EQ(publish(publisher, {"1"}), SLUICE_OK);
        EXPECT_EQ(taken(first), "1\n");
    }
    EXPECT_EQ(failure_of([&] { publish(publisher, {"2"}); }, SLUICE_UNAVAILABLE),
              "whoever read the FIFO " + path() + " has left");
    EXPECT_EQ(failure_of([&] { publish(publisher, {"2"}); }, SLUICE_UNAVAILABLE), "nobody reads the FIFO " + path());
    const FileDescriptor second = reader();
    EXPECT_EQ(publish(publisher, {"2"}), SLUICE_OK);
    EXPECT_EQ(taken(second), "2\n");
}

TEST_F(FifoTest, IsOpenedAnewWhenItIsMadeAnew) {
    Publisher publisher = open("fifo");
    const FileDescriptor first = reader();
    EXPECT_EQ(publish(publisher, {"1"}), SLUICE_OK);
    std::filesystem::remove(path());
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    EXPECT_EQ(failure_of([&] { publish(publisher, {"2"}); }, SLUICE_UNAVAILABLE), "nobody reads the FIFO " + path());
    const FileDescriptor second = reader();
    EXPECT_EQ(publish(publisher, {"2"}), SLUICE_OK);
    EXPECT_EQ(taken(second), "2\n");
}

TEST_F(FifoTest, GoesOnWhereAReaderThatStoodStillHadStopped) {
    Publisher publisher = open("fifo");
    const FileDescriptor slow = reader();
    const std::string large(100'000, 'x');  // more than a pipe holds
    EXPECT_THAT(failure_of([&] { publish(publisher, {"1", large}); }, SLUICE_FULL), HasSubstr("takes nothing now"));
    std::string all = taken(slow);
    EXPECT_EQ(publish(publisher, {"1", large, "2"}), SLUICE_OK);  // the same ones again
    all += taken(slow);
    EXPECT_TRUE(all == "1\n" + large + "\n2\n");
}

TEST_F(FifoTest, EndsATornLineWhenOtherMessagesCome) {
    Publisher publisher = open("fifo");
    const FileDescriptor slow = reader();
    const std::string large(100'000, 'x');
    failure_of([&] { publish(publisher, {large}); }, SLUICE_FULL);
    std::string all = taken(slow);
    EXPECT_EQ(publish(publisher, {"2"}), SLUICE_OK);
    all += taken(slow);
    EXPECT_TRUE(all.ends_with("x\n2\n"));
}

TEST_F(FifoTest, OfStandardOutputHasOneReader) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const FileDescriptor writing(ends[1]);
    StreamOutput output(writing.get(), "standard output");
    {
        const FileDescriptor reading(ends[0]);
        output.append("1\n");
    }
    EXPECT_EQ(failure_of([&] { output.append("2\n"); }, SLUICE_FAILED),
              "standard output has no reader any more, as when `head` has read enough: nothing more can be published there");
}

TEST_F(PublisherTest, LeavesNoTornLineInARedirectedStandardOutput) {
    for (const int appends : {0, O_APPEND}) {
        folder_.write("out", "torn");
        const FileDescriptor file(::open(folder_.path("out").c_str(), O_RDWR | appends | O_CLOEXEC));
        ::lseek(file.get(), 0, SEEK_END);
        FileOutput output(file.get(), true, Log());
        output.append("1\n");
        rlimit before{};
        ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const auto handler = ::signal(SIGXFSZ, SIG_IGN);
        rlimit small = before;
        small.rlim_cur = 100;
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
        failure_of([&] { output.append(std::string(500, 'x') + "\n"); }, SLUICE_UNAVAILABLE);
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
        ::signal(SIGXFSZ, handler);
        output.append("2\n");
        EXPECT_EQ(folder_.read("out"), "torn\n1\n2\n");
    }
}

}  // namespace
}  // namespace sluice::file
