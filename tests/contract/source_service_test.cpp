// `service`: the time that a source gets of its thread while the host does not poll. Whoever lacks it does without.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "cut.hpp"
#include "source_lanes.hpp"
#include "target.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Calls it as the host does while nothing is polled: at first, and then when it is due. How often that was.
std::size_t serve(Source& source, Milliseconds time) {
    if (source.table().service == nullptr) return 0;
    std::size_t calls = 0;
    std::uint32_t next_ms = 0;
    for (const auto end = Clock::now() + time; Clock::now() < end && (calls == 0 || next_ms != 0); ++calls) {
        std::this_thread::sleep_until(std::min(end, Clock::now() + Milliseconds(next_ms)));
        const auto begun = Clock::now();
        const Answer served = source.service(next_ms);
        EXPECT_TRUE(served.ok()) << served;
        EXPECT_LT(Clock::now() - begun, soon) << "it returns soon";
    }
    return calls;
}

// ---- of every source -------------------------------------------------------------------------------------------------------

class ServedSource : public testing::TestWithParam<const QueueEngine*> {
protected:
    ServedSource() {
        if (engine.fill) engine.fill(folder, numbered_bodies());
        EXPECT_TRUE(source.open().ok());
    }
    void expect_all_stored(const std::vector<Delivery>& got) const {
        EXPECT_THAT(got, SizeIs(stored));
        EXPECT_TRUE(!engine.fill || bodies_of(got) == numbered_bodies());
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
    Source source{engine, folder};
};

TEST_P(ServedSource, HasAServiceOrWorksWithoutOne) {
    EXPECT_EQ(source.table().service != nullptr, engine.has_service);
    const auto got = source.take(stored);
    expect_all_stored(got);
    source.ack(got);
}

TEST_P(ServedSource, IsCalledBeforeTheFirstPollAndPushesNothing) {
    EXPECT_EQ(serve(source, 60ms) != 0, engine.has_service);
    EXPECT_THAT(source.delivered, IsEmpty());
    expect_all_stored(source.take(stored));
}

TEST_P(ServedSource, KeepsWhatItHasWhileItIsNotPolled) {
    (void)source.poll(3, 100ms);
    ASSERT_THAT(source.delivered, SizeIs(3));
    source.release({source.delivered[0]});
    (void)serve(source, 60ms);
    EXPECT_THAT(source.delivered, SizeIs(3)) << "polls are paused";
    EXPECT_THAT(source.lost, IsEmpty());
    const auto rest = source.take(stored - 2);
    EXPECT_THAT(rest, SizeIs(stored - 2));
    source.ack({source.delivered[1], source.delivered[2]});
    source.ack(rest);
}

// A poll alone must not be what confirms: the host does not poll while too much is unconfirmed.
TEST_P(ServedSource, ConfirmsWithoutAPoll) {
    const auto got = source.take(stored);
    std::vector<sluice_settlement> items;
    for (const Delivery& each : got) items.push_back(settlement(each.tag, SLUICE_ACK));
    EXPECT_TRUE(source.settle(items).is_taken());
    (void)serve(source, 60ms);
    EXPECT_TRUE(source.flush().ok());
    for (const Delivery& each : got) EXPECT_THAT(source.settled[each.tag], ElementsAre(SLUICE_OK)) << each;
}

TEST_P(ServedSource, MayBeCalledFarMoreOftenThanItAsksFor) {
    std::uint32_t next_ms = 0;
    for (int i = 0; i < 300 && engine.has_service; ++i) ASSERT_TRUE(source.service(next_ms).ok());
    const auto got = source.take(stored);
    for (int i = 0; i < 300 && engine.has_service; ++i) ASSERT_TRUE(source.service(next_ms).ok());
    source.ack(got);
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

TEST_P(ServedSource, IsCalledAtItsEndAndAfterAnotherOpen) {
    source.ack(source.take(stored));
    (void)source.poll();
    EXPECT_EQ(serve(source, 20ms) != 0, engine.has_service);
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(serve(source, 20ms) != 0, engine.has_service) << "it asks anew after each open";
    EXPECT_THAT(source.take_what_is_there(), SizeIs(engine.remembers ? 0 : stored));
}

INSTANTIATE_TEST_SUITE_P(, ServedSource, testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })), name_of);

// ---- what it may tell ------------------------------------------------------------------------------------------------------

class TellingService : public SourceLanes {};

TEST_P(TellingService, TellsOfSettlementsLanesAndDeliveriesInOneCall) {
    const std::uint32_t last_lane = got.back().lane;
    EXPECT_TRUE(source.settle({settlement(got[0].tag, SLUICE_ACK)}).is_taken());
    engine.take_delivery(folder, got[1].tag);
    engine.take_lane(folder, last_lane, SLUICE_LANE_LOST);
    call_until([&] { return !source.revocations.empty() && !source.lost.empty() && !source.settled.empty(); });
    EXPECT_THAT(source.settled[got[0].tag], ElementsAre(SLUICE_OK));
    EXPECT_THAT(source.lost, ElementsAre(got[1].tag));
    EXPECT_EQ(source.revocations.at(0).lane, last_lane);
    EXPECT_THAT(source.delivered, SizeIs(stored)) << "it pushes nothing, though something is to come again";
}

INSTANTIATE_TEST_SUITE_P(, TellingService,
                         testing::ValuesIn(queues([](auto& engine) { return engine.has_service && engine.take_lane; })),
                         name_of);

// ---- to a host of another age ----------------------------------------------------------------------------------------------

std::vector<Cut> of_sinks() {
    return {{"larger", Sizes::all_larger()},          CUT_BEFORE(sluice_queue_sink, lost),
            CUT_BEFORE(sluice_queue_sink, revoke),    CUT_BEFORE(sluice_queue_sink, confirmed_below),
            CUT_BEFORE(sluice_fault, retry_delay_ms), CUT_BEFORE(sluice_fault, text)};
}

class ServiceSizes : public testing::TestWithParam<std::tuple<const QueueEngine*, Cut>> {};

// A host that knows no lanes cannot be told that one goes, and none goes for ever.
TEST_P(ServiceSizes, HarmNothing) {
    const auto& [engine, cut] = GetParam();
    Folder folder;
    if (engine->fill) engine->fill(folder, numbered_bodies());
    Source source(*engine, folder, cut.sizes);
    ASSERT_TRUE(source.open().ok());
    (void)serve(source, 5ms);
    auto got = source.take(stored);
    ASSERT_THAT(got, SizeIs(stored));
    if (engine->take_lane) {
        engine->take_lane(folder, 1, SLUICE_LANE_LOST);
        engine->take_delivery(folder, got.back().tag);
        EXPECT_TRUE(source.settle({settlement(got[0].tag, SLUICE_ACK)}).is_taken());
    }
    (void)serve(source, 20ms);
    EXPECT_TRUE(source.flush().ok());
    for (const Revocation& each : std::vector(source.revocations)) source.answer(each.token);
    source.close();
    ASSERT_TRUE(source.open().ok());
    got = source.take_what_is_there();
    EXPECT_THAT(got, SizeIs(testing::Ge(stored - 1)));
    if (!engine->take_lane) return;
    engine->take_lane(folder, got.front().lane, SLUICE_LANE_LOST);
    (void)serve(source, 20ms);
    for (const Revocation& each : std::vector(source.revocations)) source.answer(each.token);
    EXPECT_THAT(source.take(1), SizeIs(1)) << "the lane comes back";
}

INSTANTIATE_TEST_SUITE_P(, ServiceSizes,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })),
                                          testing::ValuesIn(of_sinks())),
                         [](const auto& test) { return std::get<0>(test.param)->name + "_" + std::get<1>(test.param).name; });

// ---- of every target -------------------------------------------------------------------------------------------------------

class ServedTarget : public testing::TestWithParam<const QueueEngine*> {};

TEST_P(ServedTarget, HasAServiceOrWorksWithoutOne) {
    const QueueEngine& engine = *GetParam();
    Folder folder;
    Target target(engine, folder);
    ASSERT_TRUE(target.open().ok());
    EXPECT_EQ(target.table().service != nullptr, engine.has_service);
    std::uint32_t next_ms = 0;
    if (engine.has_service) {
        EXPECT_TRUE(target.service(next_ms).ok());
    }
    EXPECT_TRUE(target.publish(outgoing(numbered_bodies())).is_taken());
    // Nothing else is called meanwhile, but the service.
    for (const auto end = Clock::now() + 60ms; engine.has_service && Clock::now() < end;)
        EXPECT_TRUE(target.service(next_ms).ok());
    for (const Published& each : target.results()) EXPECT_EQ(each.status, SLUICE_OK) << each.text;
}

INSTANTIATE_TEST_SUITE_P(, ServedTarget, testing::ValuesIn(queues([](auto& engine) { return bool(engine.target); })), name_of);

}  // namespace
}  // namespace sluice::contract
