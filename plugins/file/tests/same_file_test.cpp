// Whether a file is the one of the last run: by its inode and by what it holds, on whatever device.
#include <gmock/gmock.h>

#include "session.hpp"

namespace sluice::file {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A position as it would be if the file system had had another device number.
void change_device(const TemporaryFolder& folder) {
    Positions positions = decode(folder.read("state/position"));
    for (Position& position : positions) position.device += 1000;
    folder.write("state/position", encode(positions));
}

TEST(FileInput, StartsOverWithAnotherFile) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    const std::string stream = Session(folder).read_all().ack_all().received[0].stream;
    folder.write("other", "one\ntwo\nthree\n");
    std::filesystem::rename(folder.path("other"), folder.path("in"));
    Session run(folder);
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("one", "two", "three"));
    EXPECT_NE(run.received[0].stream, stream);
}

TEST(FileInput, StartsOverUnderNewIdsWhenTheFileWasCut) {
    TemporaryFolder folder;
    folder.write("in", "head\none\ntwo\n");
    const std::string stream = Session(folder).read_all().ack_all().received[0].stream;
    folder.write("in", "head\nnew\n");  // the same inode and first line
    {
        Session run(folder);
        EXPECT_THAT(run.read_all().ack_all().bodies(), ElementsAre("head", "new"));
        EXPECT_EQ(run.received[0].stream, stream + "-1");
    }
    EXPECT_THAT(Session(folder).read_all().bodies(), IsEmpty());
}

TEST(FileInput, StartsOverUnderNewIdsWhenTheFileWasRewrittenWithTheSameBeginning) {
    TemporaryFolder folder;
    folder.write("in", "head\none\ntwo\n");
    const std::string stream = Session(folder).read_all().ack_all().received[0].stream;
    folder.write("in", "head\nONE\ntwo\nthree\n");
    Session run(folder);
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("head", "ONE", "two", "three"));
    EXPECT_EQ(run.received[0].stream, stream + "-1");
}

TEST(FileInput, KnowsAFileAgainWhenItsDeviceHasAnotherNumber) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Session(folder).read_all().ack_all();
    change_device(folder);
    folder.append("in", "three\n");
    for (int i = 0; i < 2; ++i) {
        Session run(folder);
        EXPECT_THAT(run.read_all().bodies(), ElementsAre("three"));
        EXPECT_EQ(run.received[0].stream, decode(folder.read("state/position"))[0].stream());
        EXPECT_THAT(run.log, ElementsAre(HasSubstr("has another device number")));
        if (i == 0) change_device(folder);
    }
}

TEST(FileInput, TakesAFileOnAnotherDeviceForAnotherOneWhenItHoldsSomethingElse) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Session(folder).read_all().ack_all();
    change_device(folder);
    folder.write("in", "one\nTWO\nthree\n");  // the same inode and first line
    Session run(folder);
    EXPECT_THAT(run.read_all().bodies(), ElementsAre("one", "TWO", "three"));
    EXPECT_THAT(run.log, ElementsAre(HasSubstr("is another file than last time")));
}

}  // namespace
}  // namespace sluice::file
