#include "file_input.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <future>

#include "failure.hpp"
#include "failure_of.hpp"
#include "session.hpp"

namespace sluice::file {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Stores nothing by itself, so that a test decides when.
FileOptions unhurried() {
    FileOptions options;
    options.persist_every = 1h;
    return options;
}

TEST(FileInput, DeliversEveryLineOnceOverAllRuns) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\nthree\nfour\n");
    EXPECT_THAT(Session(folder).read_all().ack_all().bodies(), ElementsAre("one", "two", "three", "four"));
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
}

TEST(FileInput, GoesOnWithWhatTheFileHasGrownBy) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    const std::string stream = Session(folder).read_all().ack_all().received[0].stream;
    folder.append("in", "three\nfour\n");
    Session run(folder);
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("three", "four"));
    EXPECT_EQ(run.received[0].id, stream + ":8");
}

TEST(FileInput, GivesTheSameIdsWhenThePositionIsGoneAndTheFileHasGrown) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    const auto before = Session(folder).read_all().ack_all().ids();
    std::filesystem::remove(folder.path("state/position"));
    folder.append("in", "three\n");
    const auto after = Session(folder).read_all().ids();
    ASSERT_EQ(after.size(), 3u);
    EXPECT_THAT(after, ElementsAre(before[0], before[1], EndsWith(":8")));
}

TEST(FileInput, NamesPositionsThatTouch) {
    TemporaryFolder folder;
    folder.write("in", "one\n\n\ntwo\n");
    Session run(folder);
    run.read_all();
    EXPECT_EQ(run.received[0].position, 0u);
    EXPECT_EQ(run.received[0].position_end, run.received[1].position);
    EXPECT_EQ(run.received[1].position_end, 10u);
    EXPECT_THAT(run.received[1].id, EndsWith(":6"));
    EXPECT_THAT(run.received[1].id, StartsWith(run.received[1].stream + ":"));
}

TEST(FileInput, ConfirmsNothingBeforeThePositionIsStored) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\nthree\n");
    Session run(folder, unhurried());
    run.read_all();
    run.settle(run.ack(0));
    run.settle(run.ack(1));
    EXPECT_THAT(run.settled, IsEmpty());
    run.input().flush();
    EXPECT_THAT(run.settled, ElementsAre(std::pair{run.received[0].tag, SLUICE_OK}, std::pair{run.received[1].tag, SLUICE_OK}));
    EXPECT_EQ(run.confirmed_below, 8u);
    EXPECT_EQ(run.confirmed_stream, run.received[0].stream);
}

TEST(FileInput, PausesAtTheGapUntilThePositionIsStored) {
    TemporaryFolder folder;
    folder.write("in", "1\n2\n3\n4\n5\n");
    FileOptions options = unhurried();
    options.max_gap = 2;
    Session run(folder, options);
    EXPECT_EQ(run.input().poll(2, 0ms), SLUICE_OK);
    const sluice_settlement both[] = {run.ack(1), run.ack(0)};
    EXPECT_EQ(run.input().settle(both), SLUICE_QUEUED);
    while (run.received.size() == 2) EXPECT_EQ(run.input().poll(2, 1min), SLUICE_OK);
    EXPECT_EQ(run.settled.size(), 2u);
    EXPECT_EQ(run.confirmed_below, 4u);
}

TEST(FileInput, StoresWhenTheTimeHasCome) {
    TemporaryFolder folder;
    folder.write("in", "1\n2\n3\n4\n5\n");
    FileOptions options = unhurried();
    options.persist_every = 0ms;
    Session run(folder, options);
    EXPECT_EQ(run.input().poll(1, 0ms), SLUICE_OK);
    run.settle(run.ack(0));
    while (run.settled.empty()) EXPECT_NE(run.input().poll(1, 0ms), SLUICE_FAILED);
    EXPECT_EQ(run.confirmed_below, 2u);
}

TEST(FileInput, DeliversAfterACrashWhatWasNotSettledAndNothingElse) {
    TemporaryFolder folder;
    folder.write("in", "1\n2\n\n3\n4\n5\n6\n");
    {
        Session run(folder, unhurried());
        EXPECT_EQ(run.input().poll(5, 0ms), SLUICE_OK);
        for (std::size_t index : {0u, 2u, 4u}) run.settle(run.ack(index));
        run.input().flush();
        run.settle(run.ack(1));  // never stored
    }
    {
        Session run(folder, unhurried());
        EXPECT_THAT(run.read_all().bodies(), ElementsAre("2", "4", "6"));
        run.settle(run.ack(2));
        run.input().flush();
    }
    {
        Session run(folder, unhurried());
        EXPECT_EQ(run.input().poll(1, 0ms), SLUICE_OK);  // has not come to the ranges above yet
        EXPECT_THAT(run.bodies(), ElementsAre("2"));
        run.settle(run.ack(0));
        run.input().flush();
    }
    EXPECT_THAT(Session(folder).read_all().ack_all().bodies(), ElementsAre("4"));
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
}

TEST(FileInput, DeliversWhatWasTakenBackFirstAndInOrder) {
    TemporaryFolder folder;
    folder.write("in", "1\n2\n3\n4\r\n5\n");
    Session run(folder);
    EXPECT_EQ(run.input().poll(4, 0ms), SLUICE_OK);
    for (std::size_t index : {3u, 1u}) run.settle(run.release(index));
    EXPECT_EQ(run.settled.at(run.received[1].tag), SLUICE_OK);
    run.read_all();
    EXPECT_THAT(run.bodies(), ElementsAre("1", "2", "3", "4", "2", "4", "5"));
    EXPECT_EQ(run.received[4].id, run.received[1].id);
    EXPECT_NE(run.received[4].tag, run.received[1].tag);
    run.settle(run.ack(1));
    EXPECT_EQ(run.settled.at(run.received[1].tag), SLUICE_STALE);
    for (std::size_t index : {0u, 2u, 4u, 5u, 6u}) run.settle(run.ack(index));
    run.input().flush();
    EXPECT_EQ(run.confirmed_below, 11u);
}

TEST(FileInput, HoldsNewerMessagesBackWhileOneThatWasTakenBackIsNotDue) {
    TemporaryFolder folder;
    folder.write("in", "1\n2\n");
    Session run(folder);
    EXPECT_EQ(run.input().poll(1, 0ms), SLUICE_OK);
    run.settle(run.release(0, 3'600'000));
    EXPECT_EQ(run.input().poll(5, 0ms), SLUICE_OK);
    EXPECT_EQ(run.received.size(), 1u);
}

TEST(FileInput, IsWokenFromAWait) {
    TemporaryFolder folder;
    folder.write("in", "1\n");
    Session run(folder);
    run.read_all();
    run.settle(run.release(0, 3'600'000));
    auto poll = std::async(std::launch::async, [&] { return run.input().poll(1, 1h); });
    run.input().wake();
    EXPECT_EQ(poll.get(), SLUICE_OK);
    EXPECT_EQ(run.received.size(), 1u);
}

TEST(FileInput, KeepsTheMessageTheHostHasNoRoomFor) {
    TemporaryFolder folder;
    folder.write("in", "1\n2\n3\n");
    Session run(folder);
    run.room = 1;
    EXPECT_EQ(run.input().poll(3, 0ms), SLUICE_OK);
    EXPECT_EQ(run.input().poll(3, 0ms), SLUICE_OK);
    run.room = 10;
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("1", "2", "3"));
    run.ack_all();
    EXPECT_EQ(run.confirmed_below, 6u);
}

TEST(FileInput, RefusesALineThatIsTooLongByName) {
    TemporaryFolder folder;
    folder.write("in", "one\n" + std::string(50'000, 'x') + "\ntwo\n");
    FileOptions options;
    options.max_line = 1000;
    Session run(folder, options);
    run.read_all();
    ASSERT_EQ(run.received.size(), 3u);
    EXPECT_EQ(run.received[1].refused, "the line at offset 4 of " + folder.path("in") +
                                           " is 50000 bytes long, more than max_line (1000): raise it, at most to 64MiB, or "
                                           "shorten the line");
    EXPECT_EQ(run.received[1].body, std::string(LineReader::sample_bytes, 'x'));
    run.settle(run.release(1));
    run.read_all();
    ASSERT_EQ(run.received.size(), 4u);
    EXPECT_EQ(run.received[3].body, run.received[1].body);
    EXPECT_EQ(run.received[3].refused, run.received[1].refused);
    for (std::size_t index : {0u, 2u, 3u}) run.settle(run.ack(index));
    run.input().flush();
    EXPECT_EQ(run.confirmed_below, 50'009u);
}

TEST(FileInput, RefusesWhatIsLargerThanTheHostTakes) {
    TemporaryFolder folder;
    folder.write("in", std::string(6000, 'x') + "\n");
    Session run(folder);
    run.largest = 5000;
    run.read_all();
    ASSERT_EQ(run.received.size(), 1u);
    EXPECT_THAT(run.received[0].refused, HasSubstr("6000 bytes long, more than this host takes"));
    EXPECT_EQ(run.received[0].body.size(), LineReader::sample_bytes);
}

TEST(FileInput, TakesTheLastLineWithoutALineEndAndGoesOnBehindIt) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo");
    EXPECT_THAT(Session(folder).read_all().ack_all().bodies(), ElementsAre("one", "two"));
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
    folder.append("in", "\nthree\n");
    EXPECT_THAT(Session(folder).read_all().ack_all().bodies(), ElementsAre("three"));
}

TEST(FileInput, TakesWhatWasAddedToADeliveredLastLineAsALineOfItsOwn) {
    TemporaryFolder folder;
    folder.write("in", "one");
    const std::string stream = Session(folder).read_all().ack_all().received[0].stream;
    folder.append("in", "two\nthree\n");
    Session run(folder);
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("two", "three"));
    EXPECT_EQ(run.received[0].stream, stream);
}

TEST(FileInput, JudgesAnEmptiedFileWhenItHasBytesAgain) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Session(folder).read_all().ack_all();
    folder.write("in", "");
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
    folder.write("in", "other\n");
    EXPECT_THAT(Session(folder).read_all().bodies(), ElementsAre("other"));
}

TEST(FileInput, EndsAtOnceWithAnEmptyFile) {
    TemporaryFolder folder;
    folder.write("in", "");
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
    folder.append("in", "one\n");
    EXPECT_THAT(Session(folder).read_all().bodies(), ElementsAre("one"));
}

TEST(FileInput, LeavesAByteOrderMarkOutAlsoWhenTheLineIsReadAgain) {
    TemporaryFolder folder;
    folder.write("in",
                 "\xef\xbb\xbf"
                 "one\ntwo\n");
    {
        Session run(folder);
        run.read_all();
        run.settle(run.release(0));
        run.read_all();
        EXPECT_THAT(run.bodies(), ElementsAre("one", "two", "one"));
        run.settle(run.ack(1));
        run.settle(run.ack(2));
        run.input().flush();
        EXPECT_EQ(run.confirmed_below, 11u);
    }
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
}

TEST(FileInput, RefusesInputThatNoLinesCanBeReadFrom) {
    TemporaryFolder folder;
    folder.write("in", std::string_view("\x1f\x8b\x08\0\n\n", 6));
    EXPECT_THAT(failure_of([&] { Session run(folder); }, SLUICE_INVALID), HasSubstr("is compressed with gzip"));
}

TEST(FileInput, StopsWhenItsPositionIsTakenAway) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Session run(folder, unhurried());
    run.read_all();
    run.settle(run.ack(0));
    std::filesystem::rename(folder.state(), folder.path("elsewhere"));
    EXPECT_THAT(failure_of([&] { run.input().flush(); }, SLUICE_FAILED), HasSubstr("was removed or replaced"));
    EXPECT_THAT(run.settled, IsEmpty());
}

TEST(FileInput, SaysWhatIsMissingOrNoFile) {
    TemporaryFolder folder;
    EXPECT_EQ(failure_of([&] { Session run(folder); }, SLUICE_INVALID),
              "cannot open " + folder.path("in") + ": No such file or directory; create it first, or correct `path`");
    std::filesystem::create_directory(folder.path("in"));
    EXPECT_THAT(failure_of([&] { Session run(folder); }, SLUICE_INVALID), HasSubstr("is a folder, not a regular file"));
    std::filesystem::remove(folder.path("in"));
    ASSERT_EQ(::mkfifo(folder.path("in").c_str(), 0600), 0);
    EXPECT_THAT(failure_of([&] { Session run(folder); }, SLUICE_INVALID),
                HasSubstr("is a FIFO, not a regular file: for a pipe use `path: \"-\"`"));
    std::filesystem::remove(folder.path("in"));
    std::filesystem::create_symlink("in", folder.path("in"));
    EXPECT_THAT(failure_of([&] { Session run(folder); }, SLUICE_INVALID), HasSubstr("Too many levels of symbolic links"));
}

TEST(FileInput, SaysThatItMayNotReadTheFile) {
    TemporaryFolder folder;
    std::filesystem::permissions(folder.write("in", "one\n"), std::filesystem::perms::none);
    const Unprivileged user(folder);
    EXPECT_EQ(failure_of([&] { Session run(folder); }, SLUICE_INVALID),
              "cannot open " + folder.path("in") + ": Permission denied; let this user read it");
}

TEST(FileInput, StopsWithAnErrorWhenALineItMustReadAgainIsGone) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Session run(folder);
    run.read_all();
    run.settle(run.release(1));
    folder.write("in", "one\n");
    EXPECT_THAT(failure_of([&] { run.input().poll(1, 0ms); }, SLUICE_FAILED), HasSubstr("the line at offset 4 is gone"));
}

TEST(FileInput, PausesWithoutConfirmingWhileThePositionCannotBeStored) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\nthree\n");
    FileOptions options = unhurried();
    options.max_gap = 1;
    Session run(folder, options);
    EXPECT_EQ(run.input().poll(1, 0ms), SLUICE_OK);
    std::filesystem::create_directory(folder.path("state/position.new"));  // where the new one is written
    const sluice_settlement item = run.ack(0);
    EXPECT_EQ(run.input().settle({&item, 1}), SLUICE_QUEUED);
    EXPECT_THAT(failure_of([&] { run.input().poll(1, 1min); }, SLUICE_UNAVAILABLE), HasSubstr(folder.path("state/position")));
    EXPECT_THAT(failure_of([&] { run.input().flush(); }, SLUICE_UNAVAILABLE), HasSubstr("cannot create"));
    EXPECT_THAT(run.settled, IsEmpty());
    EXPECT_EQ(run.received.size(), 1u);

    std::filesystem::remove(folder.path("state/position.new"));
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("one", "two", "three"));
    EXPECT_EQ(run.settled.size(), 1u);
}

}  // namespace
}  // namespace sluice::file
