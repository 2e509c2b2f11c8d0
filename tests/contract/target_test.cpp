// Targets: their life, what publishing answers, and what is stored then.
#include "target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source.hpp"
#include "threads.hpp"

namespace sluice::contract {
namespace {

using std::chrono_literals::operator""ms;
using testing::AnyOf;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class TargetContract : public testing::TestWithParam<const QueueEngine*> {
protected:
    void open() {
        ASSERT_TRUE(target.created().ok()) << target.created();
        const Answer opened = target.open();
        ASSERT_TRUE(opened.ok()) << opened;
    }
    // What is stored; closes the target.
    Bodies read_back() {
        target.close();
        if (engine.read_back) return engine.read_back(folder);
        Source source(engine, folder);
        EXPECT_TRUE(source.open().ok());
        return bodies_of(source.take_what_is_there());
    }
    void expect_stored(const std::vector<Published>& results) {
        for (const Published& each : results) EXPECT_EQ(each.status, SLUICE_OK) << each.text;
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
    Target target{engine, folder};
};

TEST_P(TargetContract, TheTableHasWhatATargetNeeds) {
    EXPECT_NE(target.table().open_target, nullptr);
    EXPECT_NE(target.table().publish, nullptr);
    EXPECT_NE(target.table().close, nullptr);
    EXPECT_EQ(target.table().limits != nullptr, engine.has_limits);
    EXPECT_TRUE(target.table().capabilities == nullptr || target.capabilities() == 0);
}

TEST_P(TargetContract, StoresInOrderWhatItIsGiven) {
    open();
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies())));
    EXPECT_EQ(read_back(), numbered_bodies());
}

TEST_P(TargetContract, StoresCallAfterCallInOrder) {
    open();
    target.next_token = (std::uint64_t{1} << 63) - 2;  // tokens are the host's
    for (std::size_t i = 0; i < stored; ++i) expect_stored(target.publish_and_wait(outgoing(numbered_bodies(2, 2 * i))));
    EXPECT_EQ(read_back(), numbered_bodies(2 * stored));
}

TEST_P(TargetContract, KeepsWhatItHasStoredOverAReopen) {
    open();
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(2))));
    target.close();
    open();
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(2, 2))));
    EXPECT_EQ(read_back(), numbered_bodies(4));
}

TEST_P(TargetContract, TakesAPublishOfNothing) {
    open();
    EXPECT_TRUE(target.publish({}).is_taken());
    EXPECT_THAT(target.results(), IsEmpty());
    EXPECT_THAT(read_back(), IsEmpty());
}

TEST_P(TargetContract, CloseWaitsForWhatWasPublished) {
    open();
    EXPECT_TRUE(target.publish(outgoing(numbered_bodies())).is_taken());
    target.close();
    const auto begun = Clock::now();
    expect_stored(target.results());
    EXPECT_LT(Clock::now() - begun, soon) << "a result was not there when close had returned";
    EXPECT_EQ(read_back(), numbered_bodies());
}

TEST_P(TargetContract, StoresAThousandInOneCall) {
    open();
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(1'000))));
    EXPECT_EQ(read_back(), numbered_bodies(1'000));
}

TEST_P(TargetContract, AMessageThatCannotBeDelayedIsRefusedAlone) {
    open();
    std::vector<Outgoing> messages = outgoing(numbered_bodies(3));
    messages[1].delay = std::chrono::hours(1);
    const auto results = target.publish_and_wait(messages);
    ASSERT_THAT(results, SizeIs(3));
    EXPECT_EQ(results[0].status, SLUICE_OK);
    EXPECT_EQ(results[1].status, engine.can_delay ? SLUICE_OK : SLUICE_UNSUPPORTED);
    EXPECT_EQ(results[2].status, SLUICE_OK);
    EXPECT_THAT(read_back(), SizeIs(2));
}

TEST_P(TargetContract, OpensClosesAndLeavesNoThread) {
    const auto before = threads();
    for (int i = 0; i < 3; ++i) {
        open();
        target.close();
    }
    EXPECT_TRUE(are_gone_but(before));
}

TEST_P(TargetContract, IsDestroyedWithoutAnOpen) {
    EXPECT_TRUE(target.created().ok());
}

TEST_P(TargetContract, ReopensWhatStaysWhereItIs) {
    open();
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(2))));
    if (target.table().reopen != nullptr) {
        EXPECT_TRUE(target.reopen().ok());
    }
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(2, 2))));
    EXPECT_EQ(read_back(), numbered_bodies(4));
}

TEST_P(TargetContract, IsProbedAndNothingIsChanged) {
    std::filesystem::remove_all(folder / "state");
    const auto before = folder.contents();
    Target probed(engine, folder, {}, false);
    Facts facts;
    const auto created = folder.contents();  // with what the test has made for its options
    const Answer answer = probed.probe(facts);
    EXPECT_THAT(answer.status, AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE, SLUICE_INVALID)) << answer;
    EXPECT_EQ(folder.contents(), created);
    EXPECT_EQ(created, before);
}

TEST_P(TargetContract, TellsItsResource) {
    open();
    const std::string resource = target.resource_id();
    target.close();
    open();
    EXPECT_EQ(target.resource_id(), resource);
}

INSTANTIATE_TEST_SUITE_P(, TargetContract, testing::ValuesIn(queues([](auto& engine) { return bool(engine.target); })),
                         name_of);

// ---- fields, delays and limits ---------------------------------------------------------------------------------------------

class RichTarget : public TargetContract {};

TEST_P(RichTarget, KeepsKeyAndHeaders) {
    open();
    std::vector<Outgoing> messages{
        {"plain"}, {"rich", "the key", "the id", {{"one", "1"}, {"two", std::string("\0\xff", 2)}, {"one", "3"}}}};
    expect_stored(target.publish_and_wait(messages));
    target.close();
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    const auto got = source.take(2);
    ASSERT_THAT(got, SizeIs(2));
    EXPECT_EQ(got[0].body, "plain");
    EXPECT_EQ(got[0].message_key, "");
    EXPECT_EQ(got[1].body, "rich");
    EXPECT_EQ(got[1].message_key, "the key");
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(got[1].headers.at(i), messages[1].headers[i]) << "order and duplicates stay";
}

TEST_P(RichTarget, KeepsEmptyAndBinaryBodies) {
    open();
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    expect_stored(target.publish_and_wait({{""}, {all}, {std::string(100'000, 'x')}}));
    EXPECT_EQ(read_back(), (Bodies{"", all, std::string(100'000, 'x')}));
}

INSTANTIATE_TEST_SUITE_P(, RichTarget,
                         testing::ValuesIn(queues([](auto& engine) { return engine.target && engine.stores_fields; })),
                         name_of);

class DelayingTarget : public TargetContract {};

TEST_P(DelayingTarget, DeliversNotBeforeTheDelayIsOver) {
    open();
    const auto begun = Clock::now();
    std::vector<Outgoing> messages = outgoing(numbered_bodies(2));
    messages[0].delay = 100ms;
    expect_stored(target.publish_and_wait(messages));
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(bodies_of(source.take(1)), numbered_bodies(1, 1));
    EXPECT_EQ(bodies_of(source.take(1)), numbered_bodies(1));
    EXPECT_GE(Clock::now() - begun, 98ms);
}

TEST_P(DelayingTarget, TakesAnyDelayForWhatItSays) {
    open();
    std::vector<Outgoing> messages = outgoing(numbered_bodies(3));
    messages[0].delay = Milliseconds(INT64_MAX);
    messages[1].delay = Milliseconds(-5);
    expect_stored(target.publish_and_wait(messages));
    EXPECT_EQ(read_back(), numbered_bodies(2, 1));
}

INSTANTIATE_TEST_SUITE_P(, DelayingTarget,
                         testing::ValuesIn(queues([](auto& engine) { return engine.target && engine.can_delay; })), name_of);

class LimitedTarget : public TargetContract {};

TEST_P(LimitedTarget, TakesWhatItsLimitsAllowAndRefusesMore) {
    open();
    sluice_queue_limits limits{};
    ASSERT_TRUE(target.limits(limits).ok());
    ASSERT_GT(limits.message_bytes_max, 0u);
    const auto most = static_cast<std::size_t>(limits.message_bytes_max);
    expect_stored(target.publish_and_wait({{std::string(most - 20, 'x'), "0123456789", "0123456789"}}));
    target.close();
    std::filesystem::remove_all(folder / "data");
    open();
    const auto refused = target.publish_and_wait({{std::string(most - 9, 'x'), "0123456789"}});
    EXPECT_EQ(refused.at(0).status, SLUICE_INVALID);
    EXPECT_THAT(refused.at(0).text, Not(IsEmpty()));
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(1))));
}

INSTANTIATE_TEST_SUITE_P(, LimitedTarget,
                         testing::ValuesIn(queues([](auto& engine) { return engine.target && engine.has_limits; })), name_of);

// ---- a target that is full -------------------------------------------------------------------------------------------------

class FullTarget : public testing::TestWithParam<std::tuple<const QueueEngine*, std::size_t>> {
protected:
    static constexpr std::size_t bound = 4;

    FullTarget() { EXPECT_TRUE(target.open().ok()); }

    // So many are taken out again.
    void make_room(std::size_t count) {
        Source source(engine, folder);
        ASSERT_TRUE(source.open().ok());
        source.ack(source.take(count));
    }

    const QueueEngine& engine = *std::get<0>(GetParam());
    const std::size_t before = std::get<1>(GetParam());  // are stored already
    Folder folder;
    Target target{engine, folder, engine.bounded(folder, bound), {}};
};

std::string bound_name(const testing::TestParamInfo<FullTarget::ParamType>& test) {
    return std::get<0>(test.param)->name + "_with_" + std::to_string(std::get<1>(test.param));
}

TEST_P(FullTarget, StoresTheFirstOnesAndNothingBehindOneThatHasNoRoom) {
    for (const Published& each : target.publish_and_wait(outgoing(numbered_bodies(before)))) {
        ASSERT_EQ(each.status, SLUICE_OK);
    }
    const auto results = target.publish_and_wait(outgoing(numbered_bodies(bound + 2, before)));
    std::size_t taken = 0;
    while (taken < results.size() && results[taken].status == SLUICE_OK) ++taken;
    EXPECT_LE(before + taken, bound);
    for (std::size_t i = taken; i < results.size(); ++i) EXPECT_EQ(results[i].status, SLUICE_FULL) << results[i].text;
    if (taken != 0) {
        const auto next = target.publish_and_wait(outgoing(numbered_bodies(1, 100)));
        EXPECT_EQ(next[0].status, SLUICE_UNAVAILABLE) << "so that nothing overtakes what was given back";
    }
    make_room(before + taken);
    for (const Published& each : target.publish_and_wait(outgoing(numbered_bodies(1, 50)))) EXPECT_EQ(each.status, SLUICE_OK);
    target.close();
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(bodies_of(source.take(1)), numbered_bodies(1, 50));
    EXPECT_THAT(source.take_what_is_there(), IsEmpty());
}

TEST_P(FullTarget, HasAPublishEndSoonWhenItIsInterrupted) {
    if (target.table().interrupt == nullptr) GTEST_SKIP() << "it cannot be interrupted";
    for (const Published& each : target.publish_and_wait(outgoing(numbered_bodies(bound)))) ASSERT_EQ(each.status, SLUICE_OK);
    Aside<std::vector<Published>> publishing(
        [this] { return target.publish_and_wait(outgoing(numbered_bodies(before + 1, bound))); });
    target.interrupt();
    ASSERT_TRUE(publishing.ends_soon());
    for (const Published& each : publishing.result()) EXPECT_THAT(each.status, AnyOf(SLUICE_FULL, SLUICE_UNAVAILABLE));
    target.close();
    ASSERT_TRUE(target.open().ok());
    make_room(bound);
    for (const Published& each : target.publish_and_wait(outgoing(numbered_bodies(1)))) EXPECT_EQ(each.status, SLUICE_OK);
}

INSTANTIATE_TEST_SUITE_P(, FullTarget,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) { return bool(engine.bounded); })),
                                          testing::Range<std::size_t>(0, 5)),
                         bound_name);

// ---- a target that another program holds up --------------------------------------------------------------------------------

class ObstructedTarget : public TargetContract {
protected:
    ObstructedTarget() {
        open();
        expect_stored(target.publish_and_wait(outgoing(numbered_bodies(1))));
    }
};

TEST_P(ObstructedTarget, EndsItsOpen) {
    target.close();
    Guard obstructed = engine.obstruct(folder);
    Aside<Answer> opening([this] { return target.open(); });
    (void)opening.is_waiting();
    target.interrupt();
    ASSERT_TRUE(opening.ends_soon());
    EXPECT_THAT(opening.result().status, AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE));
    obstructed.reset();
    target.close();
    open();
    expect_stored(target.publish_and_wait(outgoing(numbered_bodies(1, 1))));
}

TEST_P(ObstructedTarget, EndsItsPublish) {
    Guard obstructed = engine.obstruct(folder);
    Aside<std::vector<Published>> publishing([this] { return target.publish_and_wait(outgoing(numbered_bodies(2, 1))); });
    EXPECT_TRUE(publishing.is_waiting());
    target.interrupt();
    ASSERT_TRUE(publishing.ends_soon());
    for (const Published& each : publishing.result()) EXPECT_EQ(each.status, SLUICE_UNAVAILABLE) << each.text;
    obstructed.reset();
    EXPECT_EQ(read_back(), numbered_bodies(1));
}

TEST_P(ObstructedTarget, EndsItsClose) {
    Guard obstructed = engine.obstruct(folder);
    EXPECT_TRUE(target.publish(outgoing(numbered_bodies(2, 1))).is_taken());
    Aside<bool> closing([this] {
        target.close();
        return true;
    });
    EXPECT_TRUE(closing.is_waiting());
    target.interrupt();
    ASSERT_TRUE(closing.ends_soon());
    for (const Published& each : target.results()) EXPECT_EQ(each.status, SLUICE_UNAVAILABLE) << each.text;
}

TEST_P(ObstructedTarget, AfterAFailureAnswersTheNextCallWithAnOutage) {
    Guard obstructed = engine.obstruct(folder);
    Aside<std::vector<Published>> publishing([this] { return target.publish_and_wait(outgoing(numbered_bodies(1, 1))); });
    EXPECT_TRUE(publishing.is_waiting());
    target.interrupt();
    ASSERT_TRUE(publishing.ends_soon());
    const auto failed = publishing.result();
    obstructed.reset();
    if (failed.at(0).status == SLUICE_UNAVAILABLE) {
        EXPECT_EQ(target.publish_and_wait(outgoing(numbered_bodies(1, 2))).at(0).status, SLUICE_UNAVAILABLE);
    }
}

INSTANTIATE_TEST_SUITE_P(, ObstructedTarget, testing::ValuesIn(queues([](auto& engine) {
                             return engine.target && engine.can_be_interrupted && engine.obstruct;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
