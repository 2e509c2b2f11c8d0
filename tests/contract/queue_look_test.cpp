// A look into a queue: how full it is, what is stored, and taking things out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source.hpp"
#include "target.hpp"

namespace sluice::contract {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class QueueLook : public testing::TestWithParam<const QueueEngine*> {
protected:
    QueueLook() {
        engine.fill(folder, numbered_bodies());
        EXPECT_TRUE(source.open().ok());
    }
    std::vector<Stored> listed(const std::string& after = "", std::size_t most = SIZE_MAX) {
        std::vector<Stored> found;
        const Answer answer = source.list(after, found, most);
        EXPECT_TRUE(answer.ok()) << answer;
        return found;
    }
    sluice_queue_depths depths() {
        sluice_queue_depths depths{};
        const Answer answer = source.depths(depths);
        EXPECT_TRUE(answer.ok()) << answer;
        return depths;
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
    Source source{engine, folder};
};

TEST_P(QueueLook, CountsWhatIsReadyInFlightAndDelayed) {
    EXPECT_EQ(depths().ready, stored);
    EXPECT_GT(depths().bytes, 0u);
    EXPECT_GT(depths().oldest_ms, 0);
    const auto got = source.take(3);
    EXPECT_EQ(depths().in_flight, 3u);
    EXPECT_EQ(depths().ready, stored - 3);
    source.ack({got[0]});
    EXPECT_EQ(source.end_of(settlement(got[1].tag, SLUICE_RELEASE, std::chrono::hours(1))), SLUICE_OK);
    EXPECT_EQ(depths().in_flight, 1u);
    EXPECT_EQ(depths().delayed, 1u);
    EXPECT_EQ(depths().ready, stored - 3);
    source.release({got[2]});
    EXPECT_EQ(depths().ready, stored - 2);
    EXPECT_EQ(depths().dead, 0u);
}

TEST_P(QueueLook, CountsNothingOfAnEmptyQueue) {
    source.ack(source.take(stored));
    const sluice_queue_depths empty = depths();
    EXPECT_EQ(empty.ready + empty.delayed + empty.in_flight + empty.dead + empty.bytes, 0u);
    EXPECT_EQ(empty.oldest_ms, 0);
    EXPECT_THAT(listed(), IsEmpty());
}

TEST_P(QueueLook, ListsInOrderFromAnyPlaceOn) {
    const auto all = listed();
    ASSERT_THAT(all, SizeIs(stored));
    for (std::size_t i = 0; i < stored; ++i) {
        EXPECT_EQ(all[i].body, numbered_bodies()[i]);
        EXPECT_EQ(all[i].state, SLUICE_STORED_READY);
        EXPECT_EQ(all[i].attempt, 1u);
        EXPECT_GT(all[i].enqueued_ms, 0);
        const auto behind = listed(all[i].place);
        ASSERT_THAT(behind, SizeIs(stored - i - 1));
        if (!behind.empty()) {
            EXPECT_EQ(behind[0].place, all[i + 1].place) << "places stay the same";
        }
    }
}

TEST_P(QueueLook, StopsWhenTheSinkHasEnough) {
    for (std::size_t most = 1; most <= stored; ++most) EXPECT_THAT(listed("", most), SizeIs(most));
}

TEST_P(QueueLook, ShowsWhatIsInFlightAndDelayedAsThat) {
    const auto got = source.take(2);
    EXPECT_EQ(source.end_of(settlement(got[1].tag, SLUICE_RELEASE, std::chrono::hours(1))), SLUICE_OK);
    const auto all = listed();
    ASSERT_THAT(all, SizeIs(stored));
    EXPECT_EQ(all[0].state, SLUICE_STORED_IN_FLIGHT);
    EXPECT_EQ(all[1].state, SLUICE_STORED_DELAYED);
    EXPECT_GT(all[1].due_ms, 0);
    EXPECT_EQ(all[2].state, SLUICE_STORED_READY);
}

TEST_P(QueueLook, GetsOneByItsPlace) {
    const auto all = listed();
    for (const Stored& each : all) {
        std::vector<Stored> found;
        EXPECT_TRUE(source.get(each.place, found).ok());
        ASSERT_THAT(found, SizeIs(1));
        EXPECT_EQ(found[0].place, each.place);
        EXPECT_EQ(found[0].body, each.body);
    }
}

TEST_P(QueueLook, HasNothingAtAPlaceThatIsNone) {
    for (const char* place : {"", "none", "999999", "-1", "99999999999999999999999999"}) {
        std::vector<Stored> found;
        const Answer answer = source.get(place, found);
        EXPECT_EQ(answer.status, SLUICE_INVALID) << place;
        EXPECT_THAT(found, IsEmpty());
    }
}

TEST_P(QueueLook, RemovesWhatIsNotInFlightAndCountsIt) {
    const auto all = listed();
    (void)source.take(2);
    std::uint64_t removed = 77;
    const Answer answer = source.remove({all[0].place, all[3].place, all[5].place, "none"}, removed);
    EXPECT_TRUE(answer.ok()) << answer;
    EXPECT_EQ(removed, 2u);
    EXPECT_THAT(listed(), SizeIs(stored - 2));
    const auto rest = source.take(4);
    EXPECT_THAT(bodies_of(rest), testing::ElementsAre(all[2].body, all[4].body, all[6].body, all[7].body));
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

TEST_P(QueueLook, RemovesNothingIfItIsGivenNothing) {
    std::uint64_t removed = 77;
    EXPECT_TRUE(source.remove({}, removed).ok());
    EXPECT_EQ(removed, 0u);
    EXPECT_THAT(listed(), SizeIs(stored));
}

TEST_P(QueueLook, RemovesDurably) {
    const auto all = listed();
    std::uint64_t removed = 0;
    EXPECT_TRUE(source.remove({all[1].place}, removed).ok());
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_THAT(source.take_what_is_there(), SizeIs(stored - 1));
}

TEST_P(QueueLook, LooksFromATargetToo) {
    if (!engine.target) GTEST_SKIP() << "it has no target here";
    Target target(engine, folder);
    ASSERT_TRUE(target.open().ok());
    std::vector<Stored> found;
    EXPECT_TRUE(target.list("", found).ok());
    EXPECT_THAT(found, SizeIs(stored));
    // A stored message goes in the same step as the one that replaces it.
    Outgoing replacing{"new"};
    replacing.replaces = found[0].place;
    EXPECT_EQ(target.publish_and_wait({replacing}).at(0).status, SLUICE_OK);
    found.clear();
    EXPECT_TRUE(target.list("", found).ok());
    ASSERT_THAT(found, SizeIs(stored));
    EXPECT_EQ(found.front().body, numbered_bodies()[1]);
    EXPECT_EQ(found.back().body, "new");
}

INSTANTIATE_TEST_SUITE_P(, QueueLook, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && engine.fill && engine.can_list;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
