// Lanes: the parts of a source that one host owns at a time. What becomes of a lane that goes to another host, and comes back.
#include "source_lanes.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Milliseconds a_while = 40ms;  // far more than a lane needs to come back

// ---- of every source -------------------------------------------------------------------------------------------------------

class SourceWithLanesOrWithout : public SourceSettle {};
class SourceThatDeliversAgain : public SourceSettle {};

// Without `revoked` no message has a lane and none is revoked, which the sink holds in every test.
TEST_P(SourceWithLanesOrWithout, HasRevokedIfItHasLanes) {
    EXPECT_EQ(source.table().revoked != nullptr, engine.lanes != 0);
    std::vector<std::uint32_t> lanes;
    for (const Delivery& each : got) lanes.push_back(each.lane);
    EXPECT_TRUE(std::ranges::is_sorted(lanes)) << "the engine's file says that they follow each other";
    EXPECT_THAT(std::set<std::uint32_t>(lanes.begin(), lanes.end()), SizeIs(std::max(engine.lanes, 1u)));
    EXPECT_EQ(lanes.front(), engine.lanes == 0 ? 0 : 1);
    source.ack(got);
    EXPECT_THAT(source.revocations, IsEmpty()) << "nobody has taken one";
}

TEST_P(SourceThatDeliversAgain, DoesSoByTheSameLaneAndCounts) {
    source.release(got);
    const auto again = source.take(stored);
    ASSERT_THAT(again, SizeIs(stored));
    for (const Delivery& each : again) {
        const auto first = std::ranges::find(got, each.body, &Delivery::body);
        ASSERT_NE(first, got.end());
        EXPECT_EQ(each.lane, first->lane);
        EXPECT_EQ(each.deliveries, first->deliveries == 0 ? 0 : 2) << "kept from the first one on, or never";
    }
}

INSTANTIATE_TEST_SUITE_P(, SourceWithLanesOrWithout,
                         testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })), name_of);
INSTANTIATE_TEST_SUITE_P(, SourceThatDeliversAgain, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && (engine.capabilities & SLUICE_QUEUE_TAKES_BACK) != 0;
                         })),
                         name_of);

// ---- a lane that drains ----------------------------------------------------------------------------------------------------

class DrainedLane : public SourceLanes {};

TEST_P(DrainedLane, IsStillOursUntilItIsAnswered) {
    const Revocation drained = take_away(1, SLUICE_LANE_DRAIN);
    source.ack(by(1));
    source.answer(drained.token);
    EXPECT_THAT(come_within(a_while), IsEmpty()) << "all of it is acked";
    source.ack(not_by(1));
    expect_after_a_reopen({});
}

TEST_P(DrainedLane, BringsNothingBeforeItIsAnsweredAndThenWhatWasReleased) {
    const Revocation drained = take_away(1, SLUICE_LANE_DRAIN);
    auto its = by(1);
    source.ack({its.front()});
    its.erase(its.begin());
    std::vector<Delivery> reversed(its.rbegin(), its.rend());
    source.release(reversed);
    EXPECT_THAT(come_within(a_while), IsEmpty());
    source.answer(drained.token);
    expect_redelivered(source.take(its.size()), its);
    EXPECT_THAT(come_within(a_while), IsEmpty()) << "once";
}

TEST_P(DrainedLane, LeavesTheOthersAlone) {
    const Revocation drained = take_away(1, SLUICE_LANE_DRAIN);
    const auto others = not_by(1);
    source.release({others[0]});
    expect_redelivered(source.take(1), {others[0]});
    source.ack({source.delivered.back()});
    source.ack({others.begin() + 1, others.end()});
    source.release(by(1));
    source.answer(drained.token);
    expect_redelivered(source.take(by(1).size()), by(1));
}

TEST_P(DrainedLane, MayHaveNothingWithTheHost) {
    source.ack(by(1));
    source.answer(take_away(1, SLUICE_LANE_DRAIN).token);
    EXPECT_THAT(come_within(a_while), IsEmpty());
    source.ack(not_by(1));
    expect_after_a_reopen({});
}

// What was answered with SLUICE_QUEUED is confirmed late, and only once.
TEST_P(DrainedLane, WithSettlementsOnTheirWayIsGivenUpAndTheyCountAllTheSame) {
    const auto its = by(1);
    const std::size_t half = its.size() / 2;
    engine.take_lane(folder, 1, SLUICE_LANE_DRAIN);
    std::vector<sluice_settlement> items;
    for (std::size_t i = 0; i < its.size(); ++i)
        items.push_back(settlement(its[i].tag, i < half ? SLUICE_ACK : SLUICE_RELEASE));
    call_until([&] { return !source.revocations.empty(); });
    EXPECT_TRUE(source.settle(items).is_taken());
    source.answer(source.revocations.at(0).token);
    EXPECT_TRUE(source.flush().ok());
    for (const Delivery& each : its) EXPECT_THAT(source.settled[each.tag], ElementsAre(SLUICE_OK)) << each;
    expect_redelivered(source.take(its.size() - half), {its.begin() + static_cast<std::ptrdiff_t>(half), its.end()});
    EXPECT_THAT(come_within(a_while), IsEmpty());
}

TEST_P(DrainedLane, MayBeLostMeanwhileAndEachTokenIsAnswered) {
    for (const bool in_order : {true, false}) {
        const std::size_t before = source.delivered.size();
        const auto its = by(1);
        const Revocation drained = take_away(1, SLUICE_LANE_DRAIN);
        const Revocation lost = take_away(1, SLUICE_LANE_LOST);
        expect_lost(its[0]);
        source.answer(in_order ? drained.token : lost.token);
        EXPECT_THAT(come_within(a_while), IsEmpty()) << "one of two";
        source.answer(in_order ? lost.token : drained.token);
        got = source.take(its.size());
        EXPECT_EQ(bodies_of(got), bodies_of(its));
        EXPECT_EQ(source.delivered.size(), before + its.size());
    }
}

INSTANTIATE_TEST_SUITE_P(, DrainedLane, testing::ValuesIn(queues([](auto& engine) { return engine.lanes != 0; })), name_of);

// ---- a lane that is lost ---------------------------------------------------------------------------------------------------

class LostLane : public SourceLanes {};

TEST_P(LostLane, SettlesNothingAndComesAgainInOrder) {
    const auto its = by(2);
    const Revocation lost = take_away(2, SLUICE_LANE_LOST);
    expect_lost(its[0]);
    expect_lost(its[1], SLUICE_RELEASE);
    EXPECT_THAT(come_within(a_while), IsEmpty());
    source.answer(lost.token);
    const auto again = source.take(its.size());
    expect_redelivered(again, its);
    expect_lost(its[0]);
    source.ack(again);
    EXPECT_THAT(come_within(a_while), IsEmpty());
    expect_after_a_reopen(not_by(2));
}

// Each is answered once: confirmed before the lane was lost, or lost with it.
TEST_P(LostLane, WithSettlementsOnTheirWayAnswersEach) {
    const auto its = by(1);
    std::vector<sluice_settlement> items;
    for (const Delivery& each : its) items.push_back(settlement(each.tag, SLUICE_ACK));
    engine.take_lane(folder, 1, SLUICE_LANE_LOST);
    EXPECT_TRUE(source.settle(items).is_taken());
    call_until([&] { return !source.revocations.empty(); });
    EXPECT_TRUE(source.flush().ok());
    std::vector<Delivery> left;
    for (const Delivery& each : its) {
        EXPECT_THAT(source.settled[each.tag], ElementsAre(AnyOf(SLUICE_OK, SLUICE_LOST_LEASE, SLUICE_STALE))) << each;
        if (source.settled[each.tag] != std::vector<sluice_status>{SLUICE_OK}) left.push_back(each);
    }
    source.answer(source.revocations.at(0).token);
    expect_redelivered(source.take(left.size()), left);
    EXPECT_THAT(come_within(a_while), IsEmpty());
}

TEST_P(LostLane, IsNotBroughtBackByATokenThatIsNone) {
    const auto its = by(1);
    const Revocation first = take_away(1, SLUICE_LANE_LOST);
    source.answer(first.token + 1'000'003);
    EXPECT_THAT(come_within(a_while), IsEmpty());
    source.answer(first.token);
    source.answer(first.token);
    const auto again = source.take(its.size());
    expect_redelivered(again, its);
    const Revocation second = take_away(1, SLUICE_LANE_LOST);
    source.answer(first.token);
    EXPECT_THAT(come_within(a_while), IsEmpty()) << "this token was answered before";
    source.answer(second.token);
    expect_redelivered(source.take(its.size()), again);
}

TEST_P(LostLane, ComesAgainAsOftenAsItIsLost) {
    auto last = by(1);
    for (int i = 0; i < 5; ++i) {
        source.answer(take_away(1, SLUICE_LANE_LOST).token);
        const auto again = source.take(last.size());
        expect_redelivered(again, last);
        last = again;
    }
}

TEST_P(LostLane, IsForgottenByAReopen) {
    const Revocation lost = take_away(1, SLUICE_LANE_LOST);
    const auto again = after_a_reopen();
    EXPECT_EQ(bodies_of(again), bodies_of(got));
    source.answer(lost.token);
    source.ack(again);
    expect_after_a_reopen({});
}

TEST_P(LostLane, IsOneOfManyThatAreLostAtOnce) {
    for (std::uint32_t lane = 1; lane <= engine.lanes; ++lane) engine.take_lane(folder, lane, SLUICE_LANE_LOST);
    call_until([&] { return source.revocations.size() == engine.lanes; });
    for (const Delivery& each : got) expect_lost(each);
    EXPECT_THAT(come_within(a_while), IsEmpty());
    for (const Revocation& each : source.revocations) source.answer(each.token);
    const auto again = source.take(stored);
    EXPECT_THAT(bodies_of(again), testing::UnorderedElementsAreArray(bodies_of(got)));
    source.ack(again);
}

INSTANTIATE_TEST_SUITE_P(, LostLane, testing::ValuesIn(queues([](auto& engine) { return engine.lanes != 0; })), name_of);

// ---- SLUICE_FULL at each push ----------------------------------------------------------------------------------------------

class LaneCutShort : public testing::TestWithParam<std::tuple<const QueueEngine*, std::size_t, std::uint32_t>> {
protected:
    LaneCutShort() {
        engine.fill(folder, numbered_bodies());
        EXPECT_TRUE(source.open().ok());
        wanted = source.take(stored);
        source.close();
        source.delivered.clear();
        EXPECT_TRUE(source.open().ok());
    }
    static std::vector<Delivery> by(std::uint32_t lane, const std::vector<Delivery>& of) {
        std::vector<Delivery> its;
        std::ranges::copy_if(of, std::back_inserter(its), [&](const Delivery& each) { return each.lane == lane; });
        return its;
    }
    // The host has room for so many, and another host gets the lane that the last one came by.
    Revocation take_the_last(std::size_t room, std::uint32_t how) {
        source.room = room;
        EXPECT_TRUE(source.poll(1024, 1'000ms).ok());
        EXPECT_THAT(source.delivered, SizeIs(room));
        source.room = 0;
        engine.take_lane(folder, source.delivered.back().lane, how);
        for (const auto deadline = Clock::now() + soon; source.revocations.empty() && Clock::now() < deadline;)
            (void)source.poll(1024, 10ms);
        source.room.reset();
        return source.revocations.empty() ? Revocation{} : source.revocations.front();
    }

    const QueueEngine& engine = *std::get<0>(GetParam());
    Folder folder;
    Source source{engine, folder};
    std::vector<Delivery> wanted;
};

TEST_P(LaneCutShort, ComesAgainWholeAndInOrder) {
    const auto [its_engine, room, how] = GetParam();
    const Revocation revoked = take_the_last(room, how);
    const auto first = by(revoked.lane, source.delivered);
    ASSERT_THAT(first, testing::Not(IsEmpty()));
    (void)source.take_what_is_there();  // of the other lanes
    const auto whole = by(revoked.lane, wanted);
    EXPECT_THAT(source.delivered, SizeIs(stored - whole.size() + first.size()));
    for (auto each = first.rbegin(); each != first.rend(); ++each) {
        const sluice_status end = source.end_of(settlement(each->tag, SLUICE_RELEASE));
        EXPECT_EQ(end == SLUICE_OK, how == SLUICE_LANE_DRAIN) << end;
    }
    source.answer(revoked.token);
    const auto again = source.take(whole.size());
    EXPECT_EQ(bodies_of(again), bodies_of(whole));
    // Late, in reverse, and twice.
    for (auto each = source.delivered.rbegin(); each != source.delivered.rend(); ++each) {
        const bool is_gone = std::ranges::find(first, each->tag, &Delivery::tag) != first.end();
        EXPECT_EQ(source.end_of(settlement(each->tag, SLUICE_ACK)) == SLUICE_OK, !is_gone) << *each;
        EXPECT_NE(source.end_of(settlement(each->tag, SLUICE_RELEASE)), SLUICE_OK) << *each;
    }
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

std::string cut_short_name(const testing::TestParamInfo<LaneCutShort::ParamType>& test) {
    const auto& [engine, room, how] = test.param;
    return engine->name + "_full_at_" + std::to_string(room) + (how == SLUICE_LANE_DRAIN ? "_drained" : "_lost");
}

INSTANTIATE_TEST_SUITE_P(, LaneCutShort,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) { return engine.lanes != 0; })),
                                          testing::Range<std::size_t>(1, stored + 1),
                                          testing::Values(SLUICE_LANE_DRAIN, SLUICE_LANE_LOST)),
                         cut_short_name);

}  // namespace
}  // namespace sluice::contract
