#include "position.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "failure.hpp"
#include "failure_of.hpp"
#include "temporary_folder.hpp"

namespace sluice::file {
namespace {

using testing::HasSubstr;

Position example() {
    Position position;
    position.device = 2049;
    position.inode = 131;
    position.first = {0xfedcba9876543210u, 90};
    position.again = 2;
    position.before = {7, 64};
    position.below = 1000;
    position.settled = {{1100, 1200}, {1300, 1500}};
    return position;
}

TEST(Position, NamesItsStreamByDeviceInodeAndFirstBytes) {
    Position position = example();
    EXPECT_EQ(position.stream(), "2049:131:fedcba9876543210-2");
    position.again = 0;
    EXPECT_EQ(position.stream(), "2049:131:fedcba9876543210");
}

TEST(Position, IsTheSameAfterBeingWrittenAndRead) {
    EXPECT_EQ(decode(encode({example()})), Positions{example()});
}

TEST(Position, IsThatOfSeveralFilesAndOfSomeThatAreDone) {
    Position done = example();
    done.settled.clear();
    done.done = true;
    done.copy = {2049, 132};
    const Positions positions{done, example(), example()};
    EXPECT_EQ(decode(encode(positions)), positions);
}

TEST(Position, IsRefusedWhenAnyByteIsMissingOrChanged) {
    const std::string good = encode({example()});
    for (std::size_t i = 0; i < good.size(); ++i) {
        EXPECT_THROW(decode(good.substr(0, i)), Failure) << i;
        std::string changed = good;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_THROW(decode(changed), Failure) << i;
    }
    EXPECT_THROW(decode(good + "\n"), Failure);
}

TEST(PositionStore, HasNothingAtFirstAndThenWhatWasSaved) {
    TemporaryFolder folder;
    {
        PositionStore store(folder.state());
        EXPECT_TRUE(store.load("f").empty());
        store.save({example()});
    }
    PositionStore store(folder.state());
    EXPECT_EQ(store.load("f"), Positions{example()});
}

TEST(PositionStore, RefusesADamagedFileWithItsNameAndTheRemedy) {
    TemporaryFolder folder;
    folder.write("state/position", "sluice file position 1\nfile 1 x\n");
    PositionStore store(folder.state());
    const std::string text = failure_of([&] { store.load("/data/in.jsonl"); }, SLUICE_CORRUPT);
    EXPECT_EQ(text, "the position file " + folder.state() +
                        "/position is damaged (line 2: a number is damaged): put back a copy of it, or delete it to read "
                        "/data/in.jsonl from its start again");
    EXPECT_EQ(folder.read("state/position"), "sluice file position 1\nfile 1 x\n");
}

TEST(PositionStore, KeepsAnotherProcessOut) {
    TemporaryFolder folder;
    PositionStore first(folder.state());
    EXPECT_THAT(failure_of([&] { PositionStore second(folder.state()); }, SLUICE_INVALID), HasSubstr("another process"));
}

TEST(PositionStore, KeepsTheOldPositionWhenTheNewOneCannotBeWritten) {
    TemporaryFolder folder;
    PositionStore store(folder.state());
    store.save({example()});
    std::filesystem::create_directory(folder.path("state/position.new"));  // where the new one is written
    Position next = example();
    next.below = 1100;
    EXPECT_THAT(failure_of([&] { store.save({next}); }, SLUICE_UNAVAILABLE), HasSubstr("cannot create the position file"));
    EXPECT_EQ(store.load("f"), Positions{example()});
}

TEST(PositionStore, KeepsItsFileFromOtherUsersWhateverTheUmask) {
    for (const mode_t mask : {0077u, 0000u}) {
        TemporaryFolder folder;
        PositionStore store(folder.state());
        const mode_t before = ::umask(mask);
        store.save({example()});
        ::umask(before);
        struct stat status {};
        ASSERT_EQ(::stat(store.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0640u);
    }
}

TEST(PositionStore, StoresNothingWhereNobodyWouldLookForIt) {
    TemporaryFolder folder;
    PositionStore store(folder.state());
    store.save({example()});
    std::filesystem::rename(folder.state(), folder.path("moved"));
    const std::string gone = failure_of([&] { store.save({example()}); }, SLUICE_FAILED);
    EXPECT_EQ(gone,
              folder.state() +
                  " was removed or replaced while this host kept its position there: put it back if it was moved by mistake, "
                  "and start again");
    std::filesystem::create_directory(folder.state());
    EXPECT_EQ(failure_of([&] { store.save({example()}); }, SLUICE_FAILED), gone);
    EXPECT_FALSE(std::filesystem::exists(folder.path("state/position")));
    std::filesystem::remove(folder.state());
    std::filesystem::rename(folder.path("moved"), folder.state());
    store.save({example()});
}

TEST(PositionStore, OverwritesNoPositionOfSomebodyElse) {
    TemporaryFolder folder;
    PositionStore store(folder.state());
    store.save({example()});
    store.save({example()});
    folder.write("other", encode({example(), example()}));
    std::filesystem::rename(folder.path("other"), folder.path("state/position"));
    EXPECT_THAT(failure_of([&] { store.save({example()}); }, SLUICE_FAILED),
                HasSubstr("/position was removed or replaced while this host"));
    EXPECT_EQ(store.load("f").size(), 2u);
    std::filesystem::remove(folder.path("state/position"));
    EXPECT_THAT(failure_of([&] { store.save({example()}); }, SLUICE_FAILED), HasSubstr("/position was removed"));
}

}  // namespace
}  // namespace sluice::file
