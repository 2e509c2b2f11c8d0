// Following a file while its folder, a link to it or the right to read it is removed and restored.
#include <gmock/gmock.h>

#include "following.hpp"

namespace sluice::file {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Until `count` messages have come.
void wait_for(Following& run, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (run.received.size() < count && std::chrono::steady_clock::now() < deadline) run.input().poll(3, 1s);
    ASSERT_EQ(run.received.size(), count);
}

class FollowedInAFolder : public testing::Test {
protected:
    FollowedInAFolder() {
        std::filesystem::create_directories(base_.path("parent/logs"));
        base_.write("parent/logs/in", "one\n");
    }
    FileOptions at(std::string_view path) const {
        FileOptions options;
        options.path = base_.path(path);
        return options;
    }
    TemporaryFolder base_;
};

TEST_F(FollowedInAFolder, IsFoundWhenTheFolderIsRemovedAndMadeAgain) {
    Following run(base_, at("parent/logs/in"));
    wait_for(run, 1);
    for (int round = 0; round < 3; ++round) {
        std::filesystem::remove_all(base_.path("parent/logs"));
        run.read();
        std::filesystem::create_directory(base_.path("parent/logs"));
        base_.write("parent/logs/in", "again " + std::to_string(round) + "\n");
        wait_for(run, 2u + static_cast<unsigned>(round));
        EXPECT_EQ(run.bodies().back(), "again " + std::to_string(round));
    }
    base_.append("parent/logs/in", "four\n");
    wait_for(run, 5);
}

TEST_F(FollowedInAFolder, IsFoundWhenALinkOnTheWayIsSwitched) {
    std::filesystem::create_directories(base_.path("other/logs"));
    std::filesystem::create_directory_symlink("parent", base_.path("current"));
    Following run(base_, at("current/logs/in"));
    wait_for(run, 1);
    base_.write("other/logs/in", "two\n");
    std::filesystem::create_directory_symlink("other", base_.path("next"));
    rename(base_, "next", "current");
    wait_for(run, 2);
    base_.append("other/logs/in", "three\n");
    wait_for(run, 3);
    rename(base_, "other/logs/in", "other/logs/in.1");  // it is watched, too
    base_.write("other/logs/in", "four\n");
    wait_for(run, 4);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two", "three", "four"));
}

TEST_F(FollowedInAFolder, IsFoundWhenALinkToItIsSwitched) {
    base_.write("second", "two\n");
    std::filesystem::create_symlink("parent/logs/in", base_.path("linked"));
    Following run(base_, at("linked"));
    wait_for(run, 1);
    std::filesystem::create_symlink("second", base_.path("next"));
    rename(base_, "next", "linked");
    wait_for(run, 2);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two"));
}

TEST_F(FollowedInAFolder, IsFoundWhenAParentIsRenamed) {
    Following run(base_, at("parent/logs/in"));
    wait_for(run, 1);
    rename(base_, "parent", "moved");
    std::filesystem::create_directories(base_.path("parent/logs"));
    base_.write("parent/logs/in", "two\n");
    wait_for(run, 2);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two"));
}

TEST_F(FollowedInAFolder, IsWaitedForWhenTheFolderIsNotThereYet) {
    std::filesystem::remove_all(base_.path("parent"));
    Following run(base_, at("parent/logs/in"));
    run.read();
    EXPECT_THAT(run.log, ElementsAre(testing::AllOf(HasSubstr("cannot list the folder"), HasSubstr("waiting for it"))));
    std::filesystem::create_directories(base_.path("parent/logs"));
    base_.write("parent/logs/in", "one\n");
    wait_for(run, 1);
}

TEST_F(FollowedInAFolder, IsNotSaidToBeLostWhileItsFileSystemIsNotThere) {
    Following(base_, at("parent/logs/in")).read().ack_all();
    base_.append("parent/logs/in", "two\n");
    rename(base_, "parent/logs", "parent/away");
    std::filesystem::create_directory(base_.path("parent/logs"));  // where it would be mounted
    Following run(base_, at("parent/logs/in"));
    run.read();
    EXPECT_THAT(run.log, ElementsAre(testing::AllOf(HasSubstr("is not there"), HasSubstr("waiting for it"))));
    std::filesystem::remove(base_.path("parent/logs"));
    rename(base_, "parent/away", "parent/logs");
    wait_for(run, 1);
    EXPECT_THAT(run.bodies(), ElementsAre("two"));
}

TEST(FollowedFile, IsWaitedForWhileItMayNotBeRead) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    const Unprivileged user(folder);
    Following run(folder);
    run.read();
    rotate(folder, "three\n");
    std::filesystem::permissions(folder.path("in"), std::filesystem::perms::none);
    folder.append("in.1", "two\n");
    wait_for(run, 2);
    run.read();
    ASSERT_EQ(run.log.size(), 1u);
    EXPECT_EQ(run.log[0], "cannot open " + folder.path("in") + ": Permission denied; let this user read it; waiting for it");
    std::filesystem::permissions(folder.path("in"), std::filesystem::perms::owner_read);
    wait_for(run, 3);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two", "three"));
}

TEST(FollowedFile, IsWaitedForWhenItMayNotBeReadAtTheStart) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    {
        Following run(folder);
        run.read();
        run.settle(run.ack(0));
        run.input().flush();
    }
    rotate(folder, "three\n");
    for (const char* name : {"in", "in.1"}) {
        std::filesystem::permissions(folder.path("in"), std::filesystem::perms::owner_read);
        std::filesystem::permissions(folder.path(name), std::filesystem::perms::none);
        const Unprivileged user(folder);
        Following run(folder);
        run.read();
        EXPECT_THAT(run.log.front(), HasSubstr(std::string("cannot open ") + folder.path(name) + ": Permission denied"));
        std::filesystem::permissions(folder.path(name), std::filesystem::perms::owner_read);
        wait_for(run, 2);
        EXPECT_THAT(run.bodies(), ElementsAre("two", "three"));
    }
}

TEST(FollowedFile, IsNotOvertakenByOneBehindItWhileItMayNotBeRead) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    const Unprivileged user(folder);
    Following run(folder);
    run.read();
    rename(folder, "in", "in.2");
    folder.write("in.1", "two\n");  // was "in" between two looks
    std::filesystem::permissions(folder.path("in.1"), std::filesystem::perms::none);
    folder.write("in", "three\n");
    run.read();
    EXPECT_THAT(run.bodies(), ElementsAre("one"));
    std::filesystem::permissions(folder.path("in.1"), std::filesystem::perms::owner_read);
    wait_for(run, 3);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two", "three"));
}

TEST(FollowedFile, IsWaitedForWhenItsCopyMayNotBeReadYet) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    const Unprivileged user(folder);
    Following run(folder);
    run.read();
    folder.append("in", "two\n");
    copy_and_cut(folder, "in.1");
    std::filesystem::permissions(folder.path("in.1"), std::filesystem::perms::none);
    EXPECT_THROW(run.input().poll(3, 0ms), Failure);
    std::filesystem::permissions(folder.path("in.1"), std::filesystem::perms::owner_read);
    folder.append("in", "three\n");
    wait_for(run, 3);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two", "three"));
}

TEST(FollowedFile, MayBeAFolderForAWhile) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    Following run(folder);
    run.read();
    rename(folder, "in", "in.1");
    std::filesystem::create_directory(folder.path("in"));
    run.read();
    EXPECT_THAT(run.log, ElementsAre(HasSubstr("is a folder, not a regular file")));
    std::filesystem::remove(folder.path("in"));
    folder.write("in", "two\n");
    wait_for(run, 2);
}

TEST(FollowedFile, IsRefusedWhenItIsCompressed) {
    TemporaryFolder folder;
    folder.write("in", std::string_view("\x1f\x8b\x08\0\n", 5));
    EXPECT_THROW(Following run(folder), Failure);
}

TEST(FollowedFile, IsKnownAgainWhenItsDeviceHasAnotherNumber) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    std::string stream;
    {
        Following run(folder);
        run.read();
        rotate(folder, "three\nfour\n");
        run.read();
        stream = run.received[0].stream;
        run.settle(run.ack(0));
        run.settle(run.ack(2));
        run.input().flush();
    }
    for (int i = 0; i < 2; ++i) {
        Positions positions = decode(folder.read("state/position"));
        for (Position& position : positions) position.device += 1000;
        folder.write("state/position", encode(positions));
        Following run(folder);
        folder.append("in", "more\n");
        run.read();
        EXPECT_EQ(run.received[0].body, "two");
        EXPECT_EQ(run.received[1].body, "four");
        EXPECT_EQ(run.received[0].stream, positions[0].stream());
        EXPECT_THAT(run.log, IsEmpty());
    }
}

}  // namespace
}  // namespace sluice::file
