#include "source/source_loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

TEST_F(SourceLoopTest, EndsWhenTheSourceHasEndedAndEverythingIsSettled) {
    deliver(3, SLUICE_END);
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::finished);
    EXPECT_EQ(bench.loop->counts().acked, 3u);
    EXPECT_EQ(bench.ended.value(), 1u);
    expect_law();
}

TEST_F(SourceLoopTest, SettlesWhatIsInFlightWhenTheSourceCannotGoOn) {
    deliver(3, SLUICE_FAILED);
    std::promise<void> release;
    start([released = release.get_future().share()](const Handled&) {
        released.wait();
        return SLUICE_DONE;
    });
    ASSERT_TRUE(bench.ended.reaches(1));
    EXPECT_TRUE(bench.loop->failing());
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::running);
    EXPECT_NE(bench.loop->error().find("so it is"), std::string::npos);
    release.set_value();
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::failed);
    EXPECT_EQ(bench.loop->counts().acked, 3u);
    EXPECT_EQ(polls, 2) << "it is not polled again";
    expect_law();
}

TEST_F(SourceLoopTest, AbandonsAtTheDeadlineWhatAFailedSourceDoesNotTake) {
    deliver(3, SLUICE_CORRUPT);
    bench.source.on_settle = [](FakeSource::Settlements) { return SLUICE_UNAVAILABLE; };
    start([](const Handled&) { return SLUICE_DONE; });
    ASSERT_TRUE(bench.ended.reaches(1));
    bench.loop->give_up();
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::failed);
    EXPECT_EQ(bench.loop->counts().abandoned, 3u);
    expect_law();
}

TEST_F(SourceLoopTest, FailsAtOnceWhenItsSourceWillNeverSettleAgain) {
    deliver(3, SLUICE_OK);
    bench.source.on_settle = [](FakeSource::Settlements) { return SLUICE_CORRUPT; };
    start([](const Handled&) { return SLUICE_DONE; });
    close();  // nobody tells it to give up
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::failed);
    EXPECT_TRUE(bench.loop->failing());
    EXPECT_EQ(bench.loop->counts().acked, 0u);
    EXPECT_EQ(bench.loop->counts().abandoned, 3u);
    expect_law();
}

TEST_F(SourceLoopTest, ComesAgainToASourceThatIsAwayAndSaysSoOnce) {
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t, sluice_fault* fault) {
        return ++polls <= 2 ? sluice_fault_set(fault, SLUICE_UNAVAILABLE, "no route", 8) : SLUICE_END;
    };
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_EQ(polls, 3);
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::finished);
    const std::string said = bench.log.text();
    EXPECT_TRUE(logged("no route"));
    EXPECT_EQ(said.find("no route"), said.rfind("no route"));
}

TEST_F(SourceLoopTest, WakesAPollThatWaitsWhenItIsToStop) {
    std::mutex mutex;
    std::condition_variable woken;
    bool wake = false;
    Tally waiting;
    bench.source.on_wake = [&] {
        const std::lock_guard lock(mutex);
        wake = true;
        woken.notify_all();
    };
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t wait_ms, sluice_fault*) {
        std::unique_lock lock(mutex);
        if (wait_ms == 0) return SLUICE_OK;
        waiting.add();
        EXPECT_TRUE(woken.wait_for(lock, test_deadline, [&] { return wake; }));
        return SLUICE_OK;
    };
    start([](const Handled&) { return SLUICE_DONE; });
    ASSERT_TRUE(waiting.reaches(1));
    bench.loop->request_stop();
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::finished);
}

TEST_F(SourceLoopTest, AbandonsWhatHangsWhenItIsToGiveUp) {
    deliver(3, SLUICE_END);
    Tally inside;
    std::promise<void> release;
    start([&, released = release.get_future().share()](const Handled&) {
        inside.add();
        released.wait();
        return SLUICE_REJECT;
    });
    ASSERT_TRUE(inside.reaches(1));
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    bench.loop->give_up();
    ASSERT_TRUE(bench.ended.reaches(1));
    release.set_value();
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::abandoned);
    EXPECT_EQ(bench.loop->counts().abandoned, 3u);
    expect_law();
}

TEST_F(SourceLoopTest, AsksASourceToConfirmThatConfirmsOnlyWhenItIsCalled) {
    deliver(2, SLUICE_END);
    std::vector<std::uint64_t> open;
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        for (const sluice_settlement& item : items) open.push_back(item.tag);
        return SLUICE_QUEUED;
    };
    bench.source.on_flush = [&] {
        bench.source.sink->settled(bench.source.sink->context, open.data(), open.size(), SLUICE_OK);
        open.clear();
        return SLUICE_OK;
    };
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_EQ(bench.loop->counts().acked, 2u);
    expect_law();
}

// It looks again after a second for what nobody has announced; that is not to hold up what somebody has.
TEST_F(SourceLoopTest, IsPolledOnWhenSomethingHasComeIntoWhatWasEmpty) {
    Stages stages;
    EventCount nobody;
    stages.add(nobody);
    bench.on_loop = [&](SourceLoop& loop) {
        loop.follow(stages);
        stages.connect({{}, {0}});
    };
    Tally polled;
    std::array<std::int64_t, 3> at{};
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t, sluice_fault*) {
        if (const auto number = polled.value(); number < at.size()) at[number] = bench.clock.now();
        polled.add();
        return polled.value() == 2 ? bench.push("m", "{\"k\":1}", 1) : SLUICE_END;
    };
    start([](const Handled&) { return SLUICE_DONE; });
    ASSERT_TRUE(polled.reaches(1));
    while (polled.value() < 2) stages.stored(1);
    ASSERT_TRUE(polled.reaches(3));
    EXPECT_LT(at[2] - at[1], 500 * ns_per_ms);
    stages.ended(0);
    close();
    EXPECT_EQ(bench.loop->counts().acked, 1u);
    expect_law();
}

TEST_F(SourceLoopTest, EndsAtOnceWhenTheSourceRefusesSettlementsPermanently) {
    deliver(3, SLUICE_OK);
    bench.source.on_settle = [](FakeSource::Settlements) { return SLUICE_CORRUPT; };
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::failed);
    EXPECT_EQ(bench.loop->counts().abandoned, 3u);
    expect_law();
}

}  // namespace
}  // namespace sluice
