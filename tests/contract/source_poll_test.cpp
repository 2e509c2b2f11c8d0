// What a poll brings, how it stops where the host has no more room, and how it waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source.hpp"
#include "threads.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

class SourcePoll : public testing::TestWithParam<const QueueEngine*> {
protected:
    SourcePoll() {
        if (engine.fill) engine.fill(folder, numbered_bodies());
    }

    // What it delivers to whoever takes all at once.
    std::vector<Delivery> all() {
        Source source(engine, folder);
        EXPECT_TRUE(source.open().ok());
        return source.take(stored);
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
};

TEST_P(SourcePoll, BringsWhatWasStoredInOrder) {
    const auto got = all();
    ASSERT_THAT(got, SizeIs(stored));
    EXPECT_TRUE(!engine.fill || bodies_of(got) == numbered_bodies());
    std::set<std::uint64_t> tags;
    std::set<std::string> ids;
    for (const Delivery& each : got) {
        tags.insert(each.tag);
        ids.insert(each.id);
        EXPECT_THAT(each.refused, IsEmpty());
        EXPECT_FALSE(each.body.empty());
        EXPECT_LE(each.attempt, 1u);
        EXPECT_EQ(each.flags & SLUICE_MESSAGE_REDELIVERED, 0u);
    }
    EXPECT_THAT(tags, SizeIs(stored));
    EXPECT_TRUE((engine.capabilities & SLUICE_QUEUE_STABLE_IDS) == 0 || ids.size() == stored);
}

TEST_P(SourcePoll, PositionsOfAStreamRise) {
    std::map<std::string, std::uint64_t> ends;
    for (const Delivery& each : all()) {
        if (each.stream.empty()) continue;
        EXPECT_TRUE(each.id.starts_with(each.stream));
        EXPECT_GE(each.position, ends[each.stream]);
        ends[each.stream] = each.position_end;
    }
}

TEST_P(SourcePoll, BringsNoMoreThanItIsAskedFor) {
    const auto wanted = bodies_of(all());
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    for (std::size_t i = 0; i < stored; ++i) {
        const std::size_t before = source.delivered.size();
        const Answer polled = source.poll(1, 1'000ms);
        ASSERT_TRUE(polled.ok()) << polled;
        EXPECT_EQ(source.delivered.size(), before + 1);
    }
    EXPECT_EQ(bodies_of(source.delivered), wanted);
}

TEST_P(SourcePoll, BringsAllAtOnceIfThereIsRoom) {
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    ASSERT_TRUE(source.poll(stored, 1'000ms).ok());
    EXPECT_THAT(source.delivered, SizeIs(stored));
}

TEST_P(SourcePoll, BringsTheSameToAHostWithoutRoomToReserve) {
    const auto wanted = bodies_of(all());
    Source source(engine, folder);
    source.reserves = false;
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(bodies_of(source.take(stored)), wanted);
}

TEST_P(SourcePoll, StopsAtTheBytesThatAreEnough) {
    const auto wanted = bodies_of(all());
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    for (std::size_t i = 0; i < stored; ++i) {
        ASSERT_TRUE(source.poll(stored, 1'000ms, 1).ok());
        ASSERT_THAT(source.delivered, SizeIs(i + 1));
    }
    EXPECT_EQ(bodies_of(source.delivered), wanted);
}

TEST_P(SourcePoll, WithoutRoomForOneMessageBringsNothingAndLosesNothing) {
    const auto wanted = bodies_of(all());
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    source.room = 0;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(source.poll().ok());
    EXPECT_THAT(source.delivered, IsEmpty());
    source.room.reset();
    EXPECT_EQ(bodies_of(source.take(stored)), wanted);
}

TEST_P(SourcePoll, PushesWhatIsTooLargeAgainAsRefused) {
    const auto wanted = all();
    Source source(engine, folder);
    source.too_large_at = 2;
    ASSERT_TRUE(source.open().ok());
    if (!engine.refuses_large) {
        const Answer polled = source.poll();
        EXPECT_FALSE(polled.ok());
        EXPECT_THAT(polled.text, testing::Not(IsEmpty()));
        return;
    }
    const auto got = source.take(stored);
    ASSERT_THAT(got, SizeIs(stored));
    for (std::size_t i = 0; i < stored; ++i) {
        EXPECT_EQ(got[i].refused.empty(), i != 2) << got[i].refused;
        EXPECT_EQ(got[i].id, wanted[i].id);
        EXPECT_LE(got[i].body.size(), wanted[i].body.size());
    }
    source.ack({got[2]});  // as a dead letter
    source.release({got[0]});
    EXPECT_THAT(source.take(1), SizeIs(1));
}

TEST_P(SourcePoll, DoesNotWaitIfItIsNotAskedTo) {
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    (void)source.take_what_is_there();
    EXPECT_THAT(source.delivered, SizeIs(stored));
    const auto begun = Clock::now();
    for (int i = 0; i < 10; ++i) (void)source.poll();
    EXPECT_LT(Clock::now() - begun, soon);
}

INSTANTIATE_TEST_SUITE_P(, SourcePoll, testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })), name_of);

// ---- SLUICE_FULL at each push ----------------------------------------------------------------------------------------------

class SourceWithLittleRoom : public testing::TestWithParam<std::tuple<const QueueEngine*, std::size_t, bool>> {};

std::string place_name(const testing::TestParamInfo<SourceWithLittleRoom::ParamType>& test) {
    const auto& [engine, room, reserves] = test.param;
    return engine->name + "_full_at_" + std::to_string(room) + (reserves ? "_reserved" : "_pushed");
}

TEST_P(SourceWithLittleRoom, KeepsWhatWasNotTakenForTheNextPoll) {
    const auto [engine, room, reserves] = GetParam();
    Folder folder;
    if (engine->fill) engine->fill(folder, numbered_bodies());
    Source source(*engine, folder);
    source.reserves = reserves;
    ASSERT_TRUE(source.open().ok());
    source.room = room;
    ASSERT_TRUE(source.poll(1024, 1'000ms).ok());
    EXPECT_EQ(source.delivered.size(), std::min(room, stored));
    source.room.reset();
    if (room < stored) (void)source.take(stored - room);
    ASSERT_THAT(source.delivered, SizeIs(stored));
    std::set<std::string> different;
    for (const Delivery& each : source.delivered) different.insert(each.body);
    EXPECT_THAT(different, SizeIs(stored));
    EXPECT_TRUE(!engine->fill || bodies_of(source.delivered) == numbered_bodies());
    source.ack(source.delivered);
}

INSTANTIATE_TEST_SUITE_P(, SourceWithLittleRoom,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })),
                                          testing::Range<std::size_t>(1, stored + 1), testing::Bool()),
                         place_name);

// ---- the end, and waiting --------------------------------------------------------------------------------------------------

class FiniteSource : public SourcePoll {};

TEST_P(FiniteSource, EndsAndStaysSoWhileDeliveriesAreSettled) {
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    const auto got = source.take(stored);
    source.ack({got.begin(), got.end() - 1});
    for (int i = 0; i < 3; ++i) EXPECT_THAT(source.poll().status, testing::AnyOf(SLUICE_OK, SLUICE_END));
    source.ack({got.back()});
    for (int i = 0; i < 3; ++i) EXPECT_EQ(source.poll(1, 10ms).status, SLUICE_END);
    EXPECT_THAT(source.delivered, SizeIs(stored));
    EXPECT_TRUE(source.flush().ok());
}

TEST_P(FiniteSource, EndsOfNothingAtOnceAfterItHasRemembered) {
    {
        Source source(engine, folder);
        ASSERT_TRUE(source.open().ok());
        source.ack(source.take(stored));
    }
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    if (!engine.remembers) source.ack(source.take(stored));
    const std::size_t before = source.delivered.size();
    EXPECT_EQ(source.poll(1, 1'000ms).status, SLUICE_END);
    EXPECT_THAT(source.delivered, SizeIs(before));
}

INSTANTIATE_TEST_SUITE_P(, FiniteSource, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && (engine.capabilities & SLUICE_QUEUE_FINITE) != 0;
                         })),
                         name_of);

class WaitingSource : public SourcePoll {
protected:
    WaitingSource() {
        EXPECT_TRUE(source.open().ok());
        source.ack(source.take(stored));
        EXPECT_THAT(source.delivered, SizeIs(stored));
        EXPECT_TRUE(source.poll().ok());
    }
    // A poll that waits as long as nothing happens.
    Answer wait() { return source.poll(1, far_longer); }

    Source source{engine, folder};
};

TEST_P(WaitingSource, WaitsAsLongAsItIsAskedToAndHasNoEnd) {
    for (int i = 0; i < 2; ++i) {
        const auto begun = Clock::now();
        Answer polled;
        // It may end early, since something else was to be done; then it is polled again.
        while (Clock::now() - begun < 60ms) ASSERT_TRUE((polled = source.poll(1, 60ms)).ok()) << polled;
        EXPECT_LT(Clock::now() - begun, soon);
    }
    EXPECT_THAT(source.delivered, SizeIs(stored));
}

TEST_P(WaitingSource, IsWokenFromAnotherThread) {
    ASSERT_NE(source.table().wake, nullptr) << "the host would poll it with wait_ms of 10";
    Aside<Answer> polling([this] { return wait(); });
    EXPECT_TRUE(polling.is_waiting());
    source.wake();
    ASSERT_TRUE(polling.ends_soon());
    EXPECT_TRUE(polling.result().ok());
}

TEST_P(WaitingSource, IsWokenBeforeItWaits) {
    source.wake();
    const auto begun = Clock::now();
    EXPECT_TRUE(wait().ok());
    EXPECT_LT(Clock::now() - begun, soon);
}

TEST_P(WaitingSource, WaitsAgainAfterAWake) {
    source.wake();
    EXPECT_TRUE(wait().ok());
    Aside<Answer> polling([this] { return wait(); });
    EXPECT_TRUE(polling.is_waiting());
    source.wake();
    ASSERT_TRUE(polling.ends_soon());
}

TEST_P(WaitingSource, ManyWakesDoNoHarm) {
    for (int i = 0; i < 1'000; ++i) source.wake();
    EXPECT_TRUE(wait().ok());
    Aside<Answer> polling([this] { return wait(); });
    for (int i = 0; i < 1'000; ++i) source.wake();
    EXPECT_TRUE(polling.ends_soon());
}

TEST_P(WaitingSource, AWakeBeforeCloseIsNoHarm) {
    source.wake();
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_TRUE(source.poll().ok());
}

INSTANTIATE_TEST_SUITE_P(, WaitingSource, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && (engine.capabilities & SLUICE_QUEUE_FINITE) == 0;
                         })),
                         name_of);

class GrowingSource : public WaitingSource {};

TEST_P(GrowingSource, EndsItsWaitForWhatIsStoredMeanwhile) {
    Aside<Answer> polling([this] { return wait(); });
    EXPECT_TRUE(polling.is_waiting());
    engine.fill(folder, numbered_bodies(1, stored));
    ASSERT_TRUE(polling.ends_soon());
    EXPECT_TRUE(polling.result().ok());
    if (source.delivered.size() == stored) (void)source.take(1);
    EXPECT_THAT(bodies_of(source.delivered), Contains(numbered_bodies(1, stored).front()));
}

INSTANTIATE_TEST_SUITE_P(, GrowingSource, testing::ValuesIn(queues([](auto& engine) {
                             return engine.source && engine.fill && (engine.capabilities & SLUICE_QUEUE_FINITE) == 0;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
