#include <gmock/gmock.h>

#include <future>
#include <random>
#include <set>

#include "following.hpp"

namespace sluice::file {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FollowedFile, IsReadOnAsItGrows) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    Following run(folder);
    EXPECT_THAT(run.read().bodies(), ElementsAre("one"));
    folder.append("in", "two\nthree\n");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "three"));
}

TEST(FollowedFile, IsWaitedForWithoutPolling) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    Following run(folder);
    run.read();
    auto poll = std::async(std::launch::async, [&] {
        while (run.received.size() < 2) run.input().poll(3, 60s);
    });
    folder.append("in", "two\n");
    ASSERT_EQ(poll.wait_for(20s), std::future_status::ready);
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two"));
}

TEST(FollowedFile, NeedNotBeThereYet) {
    TemporaryFolder folder;
    Following run(folder);
    EXPECT_THAT(run.read().bodies(), IsEmpty());
    EXPECT_THAT(run.log, ElementsAre(HasSubstr("is not there yet; waiting for it")));
    auto poll = std::async(std::launch::async, [&] {
        while (run.received.empty()) run.input().poll(3, 60s);
    });
    folder.write("in", "one\n");
    ASSERT_EQ(poll.wait_for(20s), std::future_status::ready);
    EXPECT_THAT(run.bodies(), ElementsAre("one"));
}

TEST(FollowedFile, HasALineOnlyWhenItHasItsEnd) {
    TemporaryFolder folder;
    folder.write("in", "on");
    Following run(folder);
    EXPECT_THAT(run.read().bodies(), IsEmpty());
    folder.append("in", "e\ntw");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one"));
    folder.append("in", "o\n");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two"));
}

TEST(FollowedFile, IsReadToItsEndBeforeTheNextOneBegins) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    Following run(folder);
    run.read();
    rotate(folder, "");
    folder.append("in.1", "two\n");  // its writer has it open still
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two"));
    folder.append("in.1", "three\nfour without an end");
    folder.append("in", "five\n");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "three", "four without an end", "five"));
    EXPECT_NE(run.received[3].stream, run.received[4].stream);
}

TEST(FollowedFile, MayBeRotatedSeveralTimesBetweenTwoLooks) {
    TemporaryFolder folder;
    folder.write("in", "one\n");
    Following run(folder);
    run.read();
    for (const char* line : {"two\n", "three\n", "four\n"}) {
        if (std::filesystem::exists(folder.path("in.2"))) rename(folder, "in.2", "in.3");
        if (std::filesystem::exists(folder.path("in.1"))) rename(folder, "in.1", "in.2");
        rotate(folder, line);
    }
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "three", "four"));
}

// Whatever the order in which the folder lists them: .10 is rotated before .9, a date after an earlier one.
TEST(FollowedFile, IsInTheOrderOfNamesWhereFilesWereWrittenAtOneTime) {
    for (const std::vector<const char*>& names : {std::vector{"in.10", "in.9", "in.2", "in.1", "in"},
                                                  {"in-20240131", "in-20240201", "in-20240202", "in-20240203", "in"}}) {
        TemporaryFolder folder;
        folder.write("in", "one\n");
        Following run(folder);
        run.read();
        rename(folder, "in", names[0]);
        for (const std::size_t i : {3, 1, 4, 2}) folder.write(names[i], std::string(1, static_cast<char>('a' + i)) + "\n");
        const timespec now{time(nullptr) + 1, 0};
        for (const char* name : names) at_time(folder, name, now);
        EXPECT_THAT(run.read().bodies(), ElementsAre("one", "b", "c", "d", "e"));
    }
}

TEST(FollowedFile, MayBeRemovedAfterItWasRotatedAndBeforeItWasRead) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\nthree\n");
    Following run(folder);
    run.input().poll(1, 0ms);
    rotate(folder, "four\n");
    run.input().poll(1, 0ms);
    std::filesystem::remove(folder.path("in.1"));
    rotate(folder, "five\n");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "three", "four", "five"));
}

TEST(FollowedFile, LosesNothingWhenItIsCopiedAndCut) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Following run(folder);
    run.read();
    folder.append("in", "three\n");  // only the copy has it when the source looks again
    copy_and_cut(folder, "in.1");
    folder.append("in", "four\n");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "three", "four"));
    copy_and_cut(folder, "in.2");
    folder.append("in", "a first line that is longer than all that was there\n");
    EXPECT_EQ(run.read().bodies().back(), "a first line that is longer than all that was there");
    EXPECT_EQ(run.received.size(), 5u);
}

TEST(FollowedFile, LosesNothingWhenItIsCopiedAndCutBeforeItIsRead) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Following run(folder);
    run.input().poll(1, 0ms);
    rotate(folder, "three\n");
    run.input().poll(1, 0ms);  // it is known now, and waits
    copy_and_cut(folder, "in.2");
    folder.append("in", "four\n");
    std::filesystem::copy_file(folder.path("in.1"), folder.path("in.1.bak"));  // of what is being read: nothing new
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "three", "four"));
}

TEST(FollowedFile, SaysWhatMayBeLostWhenItIsCutWithoutACopy) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Following run(folder);
    run.read();
    cut(folder);
    folder.append("in", "one\n");
    EXPECT_THAT(run.read().bodies(), ElementsAre("one", "two", "one"));
    EXPECT_NE(run.received[0].id, run.received[2].id);
    ASSERT_FALSE(run.log.empty());
    EXPECT_THAT(run.log[0], HasSubstr("was cut after it had been read up to offset 8"));
}

TEST(FollowedFile, IsFoundUnderItsNewNameWhenItWasRotatedMeanwhile) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Following(folder).read().ack_all();
    folder.append("in", "three\n");
    rename(folder, "in", "in-20240131");
    folder.write("in", "four\n");
    rename(folder, "in", "in-20240201");
    folder.write("in", "five\n");
    EXPECT_THAT(Following(folder).read().ack_all().bodies(), ElementsAre("three", "four", "five"));
    EXPECT_THAT(Following(folder).read().bodies(), IsEmpty());
}

TEST(FollowedFile, IsFoundInItsCopyWhenItWasCutMeanwhile) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    const std::string stream = Following(folder).read().ack_all().received[0].stream;
    folder.append("in", "three\n");
    copy_and_cut(folder, "in.1");
    folder.append("in", "four\n");
    {
        Following run(folder);
        EXPECT_THAT(run.read().ack_all().bodies(), ElementsAre("three", "four"));
        EXPECT_EQ(run.received[0].id, stream + ":8");
    }
    EXPECT_THAT(Following(folder).read().bodies(), IsEmpty());
}

TEST(FollowedFile, IsFoundInACopyThatIsOlderThanThePosition) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\nthree\n");
    {
        Following run(folder);
        run.input().poll(2, 0ms);
        copy_and_cut(folder, "in.1");
        const auto later = std::filesystem::last_write_time(folder.path("in.1")) - 5s;
        std::filesystem::last_write_time(folder.path("in.1"), later);
        run.settle(run.ack(0));
    }
    Following again(folder);
    EXPECT_EQ(again.read().bodies().back(), "three");
}

TEST(FollowedFile, IsSaidToBeLostWhenItIsGone) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    {
        Following run(folder);
        run.read();
        run.settle(run.ack(0));
        run.input().flush();
    }
    std::filesystem::remove(folder.path("in"));
    folder.write("in", "three\n");
    {
        Following run(folder);
        EXPECT_THAT(run.read().ack_all().bodies(), ElementsAre("three"));
        EXPECT_THAT(run.log[0], testing::AllOf(HasSubstr("read up to offset 4"), HasSubstr("is lost")));
    }
    Following again(folder);
    EXPECT_THAT(again.read().bodies(), IsEmpty());
    EXPECT_THAT(again.log, IsEmpty());
}

TEST(FollowedFile, KeepsThePositionsOfBothFilesOverARestart) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\nthree\n");
    std::vector<std::string> ids;
    {
        Following run(folder);
        run.read();
        rotate(folder, "four\nfive\n");
        run.read();
        ids = run.ids();
        for (const std::size_t settled : {0u, 2u, 3u}) run.settle(run.ack(settled));
        run.input().flush();
    }
    Following run(folder);
    EXPECT_THAT(run.read().bodies(), ElementsAre("two", "five"));
    EXPECT_THAT(run.ids(), ElementsAre(ids[1], ids[4]));
}

TEST(FollowedFile, DeliversWhatWasTakenBackInTheOrderOfTheFiles) {
    TemporaryFolder folder;
    folder.write("in", "one\ntwo\n");
    Following run(folder);
    run.read();
    rotate(folder, "three\nfour\n");
    run.read();
    for (const std::size_t back : {3u, 1u, 2u}) run.settle(run.release(back));
    folder.append("in", "five\n");
    run.read();
    EXPECT_THAT(run.bodies(), ElementsAre("one", "two", "three", "four", "two", "three", "four", "five"));
}

TEST(FollowedFile, LeavesFilesAloneThatAreNotOfItsName) {
    TemporaryFolder folder;
    const Rotation rotation(folder.path("app.log"));
    for (const char* name : {"app.log.1", "app.log-20240131", "app.log.old", "app-20240131.log", "app.1.log"})
        EXPECT_TRUE(rotation.may_be_earlier(name)) << name;
    for (const char* name : {"app.log", "app.log.1.gz", "app.logs", "application.log", "app-errors.log", "other.log.1", "log"})
        EXPECT_FALSE(rotation.may_be_earlier(name)) << name;
}

// Every line that was ever written arrives, in order, once; after a crash what was not confirmed comes again under the same id.
TEST(FollowedFile, LosesNothingUnderRandomRotationsAndCrashes) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 chance(seed);
        TemporaryFolder folder;
        FileOptions options;
        options.persist_every = 0ms;
        std::optional<Following> run;
        std::map<std::string, std::string> id_of_line;
        std::vector<std::string> written;
        std::set<std::string> confirmed;
        int rotated = 0;
        const auto look = [&] {
            const std::size_t before = run->received.size();
            run->read();
            for (std::size_t i = before; i < run->received.size(); ++i) {
                const auto& [body, id] = std::pair(run->received[i].body, run->received[i].id);
                EXPECT_FALSE(confirmed.contains(body)) << body << " was confirmed and came again";
                EXPECT_EQ(id_of_line.try_emplace(body, id).first->second, id) << body;
            }
        };
        run.emplace(folder, options);
        folder.write("in", "first\n");
        written.push_back("first");
        look();
        for (int step = 0; step < 200; ++step) {
            if (!run) run.emplace(folder, options);
            switch (chance() % 8) {
                case 0:  // rotate
                    if (std::filesystem::exists(folder.path("in"))) rename(folder, "in", "in." + std::to_string(++rotated));
                    break;
                case 1: {  // copy and cut; whoever does this must leave time to look, or lines that came between are lost
                    if (!std::filesystem::exists(folder.path("in"))) break;
                    look();
                    copy_and_cut(folder, "in." + std::to_string(++rotated));
                    look();
                    break;
                }
                case 2:
                    for (std::size_t i = 0; i < run->received.size(); ++i)
                        if (chance() % 2 == 0 && !run->settled.contains(run->received[i].tag)) run->settle(run->ack(i));
                    run->input().flush();
                    for (const Received& each : run->received)
                        if (run->settled.contains(each.tag)) confirmed.insert(each.body);
                    break;
                case 3:
                    if (chance() % 3 == 0) run.reset();  // a crash
                    break;
                case 4: look(); break;
                default:
                    written.push_back("line " + std::to_string(written.size()));
                    folder.append("in", written.back() + "\n");
            }
        }
        if (!run) run.emplace(folder, options);
        look();
        EXPECT_EQ(id_of_line.size(), written.size());
        std::set<std::string> ids;
        for (const auto& [line, id] : id_of_line) ids.insert(id);
        EXPECT_EQ(ids.size(), id_of_line.size());
        run->ack_all();
        run.reset();
        run.emplace(folder, options);
        look();
        EXPECT_THAT(run->bodies(), IsEmpty());
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace sluice::file
