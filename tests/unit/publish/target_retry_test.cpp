// What a target does while its adapter is unreachable, and how it stops.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "publish/fake_target.hpp"
#include "publish/target.hpp"

namespace sluice {
namespace {

using Bodies = std::vector<std::string>;
using Statuses = std::vector<sluice_status>;

// Returns when the target's thread has looked at everything once since the call.
void turn(Target& target) {
    for (int news = 0; news < 2; ++news) {  // the second is taken only after all that the first woke the thread for
        TestBatch batch({});
        batch.submit_to(target);
        ASSERT_TRUE(batch.wait());
    }
}

TEST(TargetRetry, TriesAgainInOrderUntilTheTargetIsBack) {
    int away = 5;
    Bodies stored;
    FakeTarget fake([&](const Call& call, sluice_fault* fault) {
        if (away-- > 0) return say(fault, SLUICE_UNAVAILABLE, "the server is unreachable");
        stored.insert(stored.end(), call.bodies.begin(), call.bodies.end());
        return SLUICE_OK;
    });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch first({"a", "b"});
    TestBatch second({"c"});
    first.submit_to(target);
    second.submit_to(target);
    ASSERT_TRUE(first.wait() && second.wait());
    stop(target, clock);
    EXPECT_EQ(first.statuses(), Statuses(2, SLUICE_OK));
    EXPECT_EQ(stored, (Bodies{"a", "b", "c"}));
    EXPECT_GE(target.counts().retried, 5u);
}

TEST(TargetRetry, WaitsTwiceAsLongAfterEachFailureUpToTheMost) {
    std::atomic<bool> away = true;
    FakeTarget fake([&](const Call&, sluice_fault*) { return away ? SLUICE_UNAVAILABLE : SLUICE_OK; });
    FakeClock clock;
    Target::Options options = quick();
    options.backoff_first_ns = 100'000'000;
    options.backoff_max_ns = 300'000'000;
    Target target(fake.port(), options, clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a"});
    batch.submit_to(target);
    std::uint64_t calls = 1;
    for (const int wait_ms : {100, 200, 300, 300}) {
        ASSERT_TRUE(fake.calls.reaches(calls));
        turn(target);
        clock.advance(std::chrono::milliseconds(wait_ms - 1));
        turn(target);
        EXPECT_EQ(fake.calls.value(), calls) << wait_ms;
        clock.advance(std::chrono::milliseconds(1));
        turn(target);
        ++calls;
    }
    away = false;
    clock.advance(std::chrono::milliseconds(300));
    turn(target);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
}

// The answers to one attempt may come over a longer time than its pause.
TEST(TargetRetry, TakesLateAnswersToOneAttemptForOneFailure) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_QUEUED; });
    FakeClock clock;
    Target::Options options = quick();
    options.backoff_first_ns = 100'000'000;
    options.backoff_max_ns = 100'000'000'000;
    Target target(fake.port(), options, clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "b", "c"});
    batch.submit_to(target);
    for (std::uint64_t attempt = 1, wait_ms = 100; attempt <= 3; ++attempt, wait_ms *= 2) {
        ASSERT_TRUE(fake.calls.reaches(attempt));
        const std::uint64_t token = fake.calls_made().back().token;
        fake.answer(token, 1, SLUICE_UNAVAILABLE, "lost");
        turn(target);
        for (std::uint64_t late = 1; late <= 2; ++late) {
            clock.advance(std::chrono::milliseconds(wait_ms));
            fake.answer(token + late, 1, SLUICE_UNAVAILABLE, "lost");
            turn(target);
        }
        EXPECT_EQ(fake.calls.value(), attempt + 1) << "its pause was over before its last answer came";
    }
    ASSERT_TRUE(fake.calls.reaches(4));
    fake.answer(fake.calls_made().back().token, 3, SLUICE_OK);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
}

TEST(TargetRetry, SendsNothingNewUntilWhatFailedStandsInFrontAgain) {
    std::atomic<bool> queued = true;
    FakeTarget fake([&](const Call&, sluice_fault*) { return queued ? SLUICE_QUEUED : SLUICE_OK; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch first({"a", "b", "c"});
    first.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    const std::uint64_t token = fake.calls_made()[0].token;
    fake.answer(token + 1, 1, SLUICE_UNAVAILABLE, "lost");
    turn(target);
    queued = false;
    TestBatch second({"d"});
    second.submit_to(target);
    turn(target);
    EXPECT_EQ(fake.calls.value(), 1u);
    fake.answer(token + 2, 1, SLUICE_UNKNOWN, "lost");
    fake.answer(token, 1, SLUICE_OK);
    ASSERT_TRUE(first.wait() && second.wait());
    stop(target, clock);
    ASSERT_EQ(fake.calls_made().size(), 2u);
    EXPECT_EQ(fake.calls_made()[1].bodies, (Bodies{"b", "c", "d"}));
    EXPECT_GT(fake.calls_made()[1].token, token + 2);
}

TEST(TargetRetry, AnswersEverythingOnceTheTargetHasFailedForGood) {
    FakeTarget fake([](const Call&, sluice_fault* fault) { return say(fault, SLUICE_FAILED, "the disk is gone"); });
    SystemClock clock;
    Target::Options options = quick();
    Tally told;
    std::string why;
    options.on_failed = [&](const std::string& text) {
        why = text;
        told.add();
    };
    Target target(fake.port(), options, clock, {});
    ASSERT_TRUE(target.start());
    TestBatch first({"a", "b"});
    first.submit_to(target);
    ASSERT_TRUE(first.wait());
    TestBatch second({"c"});
    second.submit_to(target);
    ASSERT_TRUE(second.wait());
    ASSERT_TRUE(told.reaches(1));
    stop(target, clock);
    EXPECT_EQ(first.statuses(), Statuses(2, SLUICE_FAILED));
    EXPECT_EQ(second.statuses(), Statuses{SLUICE_FAILED});
    EXPECT_EQ(why, "targets.out failed permanently: the disk is gone");
    EXPECT_EQ(first.batch.results[1].text, why);
    EXPECT_EQ(told.value(), 1u);
    EXPECT_EQ(fake.calls.value(), 1u);
}

TEST(TargetRetry, PublishesWhatWasSubmittedBeforeItStops) {
    FakeTarget fake;
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch(Bodies(5000, "x"));
    batch.submit_to(target);
    stop(target, clock);
    EXPECT_EQ(batch.statuses(), Statuses(5000, SLUICE_OK));
    TestBatch late({"late"});
    late.submit_to(target);
    EXPECT_EQ(late.statuses(), Statuses{SLUICE_STOPPED});
    EXPECT_EQ(late.batch.results[0].text, "targets.out has stopped");
}

TEST(TargetRetry, TriesOnceMoreAtStopHoweverLongTheBackoff) {
    std::atomic<bool> away = true;
    FakeTarget fake([&](const Call&, sluice_fault*) { return away ? SLUICE_UNAVAILABLE : SLUICE_OK; });
    SystemClock clock;
    Target::Options options = quick();
    options.backoff_first_ns = options.backoff_max_ns = 3'600'000'000'000;
    Target target(fake.port(), options, clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    turn(target);
    away = false;
    stop(target, clock);
    EXPECT_EQ(batch.statuses(), Statuses{SLUICE_OK});
}

TEST(TargetRetry, GivesUpAtTheDeadlineWhatIsStillAway) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_UNAVAILABLE; });
    FakeClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "b"});
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    target.request_stop(clock.now() + 1'000'000'000'000);
    turn(target);
    EXPECT_EQ(batch.done.value(), 0u);
    target.request_stop(clock.now());  // the second signal
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), Statuses(2, SLUICE_STOPPED));
    ASSERT_TRUE(target.join(INT64_MAX));
    EXPECT_EQ(fake.closed, 1);
    EXPECT_EQ(target.counts().failed, 2u);
    EXPECT_EQ(target.counts().pending, 0u);
}

TEST(TargetRetry, TakesTheLastConfirmationsWhileTheAdapterCloses) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_QUEUED; });
    FakeClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "b", "c"});
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    const std::uint64_t token = fake.calls_made()[0].token;
    fake.on_close = [&] {
        fake.answer(token, 1, SLUICE_OK);
        fake.answer(token + 1, 1, SLUICE_UNAVAILABLE, "closing");
        throw std::runtime_error("closed badly");
    };
    target.request_stop(clock.now());
    ASSERT_TRUE(target.join(INT64_MAX));
    EXPECT_EQ(batch.statuses(), (Statuses{SLUICE_OK, SLUICE_STOPPED, SLUICE_STOPPED}));
}

TEST(TargetRetry, SaysWhenTheAdapterHoldsItsThreadPastTheDeadline) {
    Tally go;
    FakeTarget fake([&](const Call&, sluice_fault*) {
        go.reaches(1);
        return SLUICE_OK;
    });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    target.request_stop(clock.now());
    EXPECT_FALSE(target.join(clock.now() + 10'000'000));
    go.add();
    ASSERT_TRUE(target.join(INT64_MAX));
    EXPECT_EQ(batch.statuses(), Statuses{SLUICE_OK});
}

TEST(TargetRetry, AFullTargetThatNobodyTakesFromGivesBackWhatWaitsForIt) {
    std::atomic<bool> full = true;
    FakeTarget fake([&](const Call&, sluice_fault*) { return full ? SLUICE_FULL : SLUICE_OK; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch waits({"a", "b"});
    waits.submit_to(target);
    target.expect_no_room();
    ASSERT_TRUE(waits.wait()) << "long before anybody's deadline";
    EXPECT_EQ(waits.statuses(), Statuses(2, SLUICE_STOPPED));
    TestBatch later({"c"});
    later.submit_to(target);
    ASSERT_TRUE(later.wait());
    EXPECT_EQ(later.statuses(), Statuses{SLUICE_STOPPED});
    stop(target, clock);
}

TEST(TargetRetry, LetsNothingOvertakeWhatAFullTargetHasGivenBack) {
    std::atomic<bool> full = true;
    std::atomic<int> stored = 0;
    FakeTarget fake([&](const Call&, sluice_fault*) {
        if (full) return SLUICE_FULL;
        ++stored;
        return SLUICE_OK;
    });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch waits({"a"});
    waits.submit_to(target);
    target.expect_no_room();
    ASSERT_TRUE(waits.wait());
    full = false;
    TestBatch later({"b"});
    later.submit_to(target);
    ASSERT_TRUE(later.wait());
    EXPECT_EQ(later.statuses(), Statuses{SLUICE_STOPPED}) << "though there would have been room";
    EXPECT_EQ(stored, 0);
    stop(target, clock);
}

TEST(TargetRetry, WaitsForATargetThatIsUnreachableAlsoWhereNobodyTakesFromIt) {
    std::atomic<int> away = 3;
    FakeTarget fake([&](const Call&, sluice_fault*) { return away-- > 0 ? SLUICE_UNAVAILABLE : SLUICE_OK; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    target.expect_no_room();
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), Statuses{SLUICE_OK});
    stop(target, clock);
}

TEST(TargetRetry, SaysThatSomethingIsStoredBeforeTheSubmitterIsTold) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_OK; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    std::atomic<int> said = 0;
    target.on_stored([&] { ++said; });
    ASSERT_TRUE(target.start());
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(said, 1);
    stop(target, clock);
}

}  // namespace
}  // namespace sluice
