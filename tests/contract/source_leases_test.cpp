// Leases: how long the engine leaves a delivery with this host, and what becomes of it when that is over; deliveries that
// another host gets one by one.
#include "source_lanes.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

// ---- of every source -------------------------------------------------------------------------------------------------------

class SourceWithLeasesOrWithout : public SourceSettle {};

TEST_P(SourceWithLeasesOrWithout, SaysAfterOpenHowLongTheyAreAndCanExtendThem) {
    for (int i = 0; i < 2; ++i) {
        sluice_queue_limits limits{};
        ASSERT_TRUE(source.limits(limits).ok());
        EXPECT_EQ(limits.lease_ms != 0, bool(engine.leased));
        if (limits.lease_ms != 0) {
            EXPECT_NE(source.table().extend, nullptr);
        }
        (void)after_a_reopen();
    }
}

TEST_P(SourceWithLeasesOrWithout, SaysTheOneThatItWasConfiguredWith) {
    source.close();
    if (!engine.leased) {
        EXPECT_EQ(source.table().extend, nullptr) << "nothing is there to be extended";
        return;
    }
    Source leased(engine, folder, engine.leased(folder, 1'234ms), {});
    ASSERT_TRUE(leased.open().ok());
    sluice_queue_limits limits{};
    EXPECT_TRUE(leased.limits(limits).ok());
    EXPECT_EQ(limits.lease_ms, 1'234u);
}

TEST_P(SourceWithLeasesOrWithout, LosesNothingThatNobodyTakes) {
    for (const auto end = Clock::now() + 60ms; Clock::now() < end;) (void)source.poll(1, 5ms);
    EXPECT_THAT(source.lost, IsEmpty());
    EXPECT_THAT(source.revocations, IsEmpty());
    EXPECT_THAT(source.delivered, SizeIs(stored));
    source.ack(got);
}

INSTANTIATE_TEST_SUITE_P(, SourceWithLeasesOrWithout,
                         testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })), name_of);

// ---- leases that run out ---------------------------------------------------------------------------------------------------

class Leases : public SourceLanes {
protected:
    static constexpr Milliseconds lease = 300ms;

    Leases() {
        source.close();
        EXPECT_TRUE(leased.open().ok());
        begun = Clock::now();
        got = leased.take(stored);
        taken = Clock::now();
        EXPECT_THAT(got, SizeIs(stored));
    }
    std::vector<std::uint64_t> tags() const {
        std::vector<std::uint64_t> all;
        for (const Delivery& each : got) all.push_back(each.tag);
        return all;
    }
    // False: the machine was so slow that the leases are over already, and the test says nothing.
    bool extended_in_time(Milliseconds time) {
        const Answer answer = leased.extend(tags(), time);
        EXPECT_TRUE(answer.ok()) << answer;
        return Clock::now() - begun < lease;
    }
    // A poll that takes nothing.
    void look() {
        leased.room = 0;
        (void)leased.poll(1024, 10ms);
    }
    // Nothing is called, as by a host that hangs.
    void wait_until_over() const { std::this_thread::sleep_until(taken + lease + 20ms); }
    void call_until_over() {
        for (const auto end = taken + 2 * lease; Clock::now() < end;) {
            (void)leased.poll(1, 10ms);
            std::uint32_t next_ms = 0;
            if (leased.table().service != nullptr) (void)leased.service(next_ms);
        }
    }
    bool is_lost(const Delivery& delivery) const {
        return leased.lost.contains(delivery.tag) ||
               std::ranges::any_of(leased.revocations, [&](const Revocation& each) { return each.lane == delivery.lane; });
    }
    sluice_status end_of(const Delivery& delivery) { return leased.end_of(settlement(delivery.tag, SLUICE_ACK)); }
    // All is lost, one by one or by lanes, and comes again once the host has answered.
    void expect_all_comes_again() {
        for (const Delivery& each : got) {
            EXPECT_TRUE(is_lost(each)) << each;
            EXPECT_THAT(end_of(each), testing::AnyOf(SLUICE_LOST_LEASE, engine.knows_lost ? SLUICE_LOST_LEASE : SLUICE_STALE));
        }
        leased.room.reset();
        const auto revoked = leased.revocations;
        for (const Revocation& each : revoked) leased.answer(each.token);
        const auto again = leased.take(stored);
        expect_redelivered(again, got);
        for (const Delivery& each : again) EXPECT_EQ(end_of(each), SLUICE_OK);
    }

    Source leased{engine, folder, engine.leased(folder, lease), {}};
    Clock::time_point begun, taken;  // the leases have begun in between
};

TEST_P(Leases, ThatAreNotExtendedAreLostAndTheirDeliveriesComeAgain) {
    for (const auto end = Clock::now() + soon; !std::ranges::all_of(got, [&](auto& each) { return is_lost(each); });) {
        ASSERT_LT(Clock::now(), end);
        look();
    }
    EXPECT_GE(Clock::now() - begun, lease - 2ms) << "too early: clocks of engines count whole milliseconds";
    expect_all_comes_again();
}

TEST_P(Leases, AreLostAlsoWhileNothingIsPolled) {
    ASSERT_NE(leased.table().service, nullptr) << "who would notice?";
    for (const auto end = Clock::now() + soon;;) {
        std::uint32_t next_ms = 0;
        ASSERT_TRUE(leased.service(next_ms).ok());
        if (std::ranges::all_of(got, [&](auto& each) { return is_lost(each); })) break;
        ASSERT_LT(Clock::now(), end);
        ASSERT_NE(next_ms, 0u) << "it has something to do, and wants not to be called";
        std::this_thread::sleep_for(Milliseconds(next_ms));
    }
    EXPECT_THAT(leased.delivered, SizeIs(stored));
    expect_all_comes_again();
}

TEST_P(Leases, ThatAreExtendedInTimeAreKept) {
    if (!extended_in_time(far_longer)) GTEST_SKIP() << "a slow machine";
    call_until_over();
    EXPECT_THAT(leased.lost, IsEmpty());
    EXPECT_THAT(leased.revocations, IsEmpty());
    EXPECT_THAT(leased.delivered, SizeIs(stored));
    leased.ack(got);
}

TEST_P(Leases, MayBeExtendedFarMoreOftenThanNeeded) {
    if (!extended_in_time(far_longer)) GTEST_SKIP() << "a slow machine";
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(leased.extend(tags(), far_longer).ok());
    EXPECT_TRUE(leased.extend(tags(), Milliseconds(UINT32_MAX)).ok()) << "for as long as can be said";
    auto twice = tags();
    twice.insert(twice.end(), twice.begin(), twice.end());
    EXPECT_TRUE(leased.extend(twice, far_longer).ok());
    call_until_over();
    EXPECT_THAT(leased.lost, IsEmpty());
    leased.ack(got);
}

TEST_P(Leases, OfNothingAreExtendedWithoutHarm) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(leased.extend({}, lease).ok());
    EXPECT_THAT(leased.lost, IsEmpty());
    wait_until_over();
    look();
    expect_all_comes_again();
}

// Whether it noticed in time or not: what it does not say to be lost stays.
TEST_P(Leases, ThatAreOverAreLostOrStay) {
    wait_until_over();
    const Answer answer = leased.extend(tags(), far_longer);
    EXPECT_TRUE(answer.ok()) << answer;
    call_until_over();
    for (const Delivery& each : got) EXPECT_EQ(end_of(each) != SLUICE_OK, is_lost(each)) << each;
}

TEST_P(Leases, OfATagThatWasNeverGivenAreSaidToBeLostAndTheOthersKept) {
    auto all = tags();
    all.insert(all.begin() + 1, never_given());
    const Answer answer = leased.extend(all, far_longer);
    EXPECT_TRUE(answer.ok()) << answer;
    EXPECT_THAT(leased.lost, Contains(never_given()));
    if (Clock::now() - begun >= lease) GTEST_SKIP() << "a slow machine";
    EXPECT_THAT(leased.lost, SizeIs(1));
    call_until_over();
    leased.ack(got);
}

TEST_P(Leases, OfWhatIsLostBringNothingBack) {
    wait_until_over();
    look();
    const Answer answer = leased.extend(tags(), far_longer);
    EXPECT_TRUE(answer.ok()) << answer;
    expect_all_comes_again();
}

TEST_P(Leases, OfWhatIsAckedBringNothingBack) {
    if (!extended_in_time(far_longer)) GTEST_SKIP() << "a slow machine";
    leased.ack(got);
    EXPECT_TRUE(leased.extend(tags(), far_longer).ok());
    EXPECT_THAT(leased.take_what_is_there(), IsEmpty());
    leased.close();
    ASSERT_TRUE(leased.open().ok());
    EXPECT_EQ(leased.take_what_is_there().empty(), engine.remembers);
}

INSTANTIATE_TEST_SUITE_P(, Leases, testing::ValuesIn(queues([](auto& engine) { return engine.source && engine.leased; })),
                         name_of);

// ---- deliveries that another host gets one by one --------------------------------------------------------------------------

class LostDelivery : public SourceLanes {
protected:
    void take_away_one(const Delivery& delivery) {
        engine.take_delivery(folder, delivery.tag);
        call_until([&] { return source.lost.contains(delivery.tag); });
    }
};

TEST_P(LostDelivery, SettlesNothingComesAgainAndLeavesTheOthersAlone) {
    take_away_one(got[1]);
    EXPECT_THAT(source.lost, SizeIs(1));
    EXPECT_THAT(source.revocations, IsEmpty()) << "its lane stays";
    expect_lost(got[1]);
    const auto again = source.take(1);
    expect_redelivered(again, {got[1]});
    expect_lost(got[1], SLUICE_RELEASE);
    source.ack({got[0]});
    source.ack(from_to(2, stored));
    source.ack(again);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
    expect_after_a_reopen({});
}

TEST_P(LostDelivery, WithItsSettlementOnTheWayIsAnsweredOnce) {
    engine.take_delivery(folder, got[1].tag);
    EXPECT_TRUE(source.settle({settlement(got[1].tag, SLUICE_ACK)}).is_taken());
    const auto again = source.take_what_is_there();
    EXPECT_TRUE(source.flush().ok());
    ASSERT_THAT(source.settled[got[1].tag], SizeIs(1));
    const bool is_acked = source.settled[got[1].tag].front() == SLUICE_OK;
    EXPECT_EQ(again.empty(), is_acked);
    EXPECT_EQ(source.lost.empty(), is_acked);
}

TEST_P(LostDelivery, MayLoseItsLaneBesides) {
    take_away_one(got[0]);
    const Revocation lost = take_away(got[0].lane, SLUICE_LANE_LOST);
    source.answer(lost.token);
    EXPECT_EQ(bodies_of(source.take(by(1).size())), bodies_of(by(1)));
}

TEST_P(LostDelivery, IsNotExtendedAnyMore) {
    take_away_one(got[2]);
    if (source.table().extend != nullptr) {
        EXPECT_TRUE(source.extend({got[2].tag, got[3].tag}, far_longer).ok());
    }
    EXPECT_FALSE(source.lost.contains(got[3].tag));
    expect_lost(got[2]);
    expect_redelivered(source.take(1), {got[2]});
}

INSTANTIATE_TEST_SUITE_P(, LostDelivery,
                         testing::ValuesIn(queues([](auto& engine) { return engine.source && engine.take_delivery; })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
