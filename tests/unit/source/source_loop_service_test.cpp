// The time that a source has of its thread while it is not polled, and the bounds that it says once it is open.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

class SourceLoopService : public testing::Test {
protected:
    // Serviced every millisecond.
    void service() {
        bench.source.on_service = [this](std::uint32_t& next_ms, sluice_fault*) {
            next_ms = 1;
            serviced.add();
            return SLUICE_OK;
        };
    }
    void deliver(std::uint64_t count) {
        bench.source.on_poll = [this, count](std::uint32_t max, std::uint32_t, sluice_fault*) {
            polled.add();
            for (std::uint32_t i = 0; i < max && pushed < count; ++i) {
                ++pushed;
                EXPECT_EQ(bench.push("m" + std::to_string(pushed), "{\"k\":" + std::to_string(pushed) + "}", pushed),
                          SLUICE_OK);
            }
            return pushed < count ? SLUICE_OK : SLUICE_END;
        };
    }
    bool is_serviced_on() { return serviced.reaches(serviced.value() + 5); }

    SourceBench bench;
    Tally serviced, polled;
    std::uint64_t pushed = 0;
};

TEST_F(SourceLoopService, ComesBeforeTheFirstPoll) {
    service();
    bench.source.on_poll = [this](std::uint32_t, std::uint32_t, sluice_fault*) {
        EXPECT_GE(serviced.value(), 1u);
        return SLUICE_END;
    };
    bench.start([](const FakeHandler::Call&) { return SLUICE_DONE; }, 1, WorkPolicy{});
    bench.close();
    EXPECT_GE(serviced.value(), 1u);
}

TEST_F(SourceLoopService, GoesOnWhileNothingIsPolledForAFullQueue) {
    service();
    deliver(100'000);
    WorkPolicy policy;
    policy.queue_capacity = 4;
    policy.batch_max = 1;
    std::promise<void> release;
    bench.start(
        [released = release.get_future().share()](const FakeHandler::Call&) {
            released.wait();
            return SLUICE_DONE;
        },
        1, policy);
    ASSERT_TRUE(polled.reaches(1));
    EXPECT_TRUE(is_serviced_on());
    const std::uint64_t polls = polled.value();
    EXPECT_TRUE(is_serviced_on());
    EXPECT_LE(polled.value(), polls + 1) << "it is serviced, not polled";
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    release.set_value();
    bench.close();
}

TEST_F(SourceLoopService, GoesOnWhileAReloadHoldsTheSource) {
    service();
    bench.source.on_poll = [](std::uint32_t, std::uint32_t, sluice_fault*) { return SLUICE_OK; };
    bench.start([](const FakeHandler::Call&) { return SLUICE_DONE; }, 1, WorkPolicy{});
    bench.loop->proxy().hold(Hold::keep);
    while (bench.loop->pool_stage() != PoolStage::quiet) ASSERT_TRUE(is_serviced_on());
    EXPECT_TRUE(is_serviced_on());
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    bench.close();
}

TEST_F(SourceLoopService, EndsASourceThatFailsInIt) {
    bench.source.on_service = [](std::uint32_t&, sluice_fault* fault) {
        return sluice_fault_set(fault, SLUICE_FAILED, "the broker has closed the channel", 33);
    };
    bench.source.on_poll = [](std::uint32_t, std::uint32_t, sluice_fault*) { return SLUICE_OK; };
    bench.start([](const FakeHandler::Call&) { return SLUICE_DONE; }, 1, WorkPolicy{});
    ASSERT_TRUE(bench.ended.reaches(1));
    bench.close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::failed);
    EXPECT_NE(bench.loop->error().find("the broker has closed the channel"), std::string::npos) << bench.loop->error();
}

TEST_F(SourceLoopService, BoundsWhatIsInFlightByWhatTheSourceAllows) {
    bench.source.on_limits = [](sluice_queue_limits& limits, sluice_fault*) -> sluice_status {
        limits.in_flight_max = 3;
        return SLUICE_OK;
    };
    std::atomic<std::uint64_t> open{0}, most{0};
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        if (pushed == 50) return SLUICE_END;
        for (std::uint32_t i = 0; i < max && pushed < 50; ++i) {
            ++pushed;
            most = std::max<std::uint64_t>(most, ++open);
            EXPECT_EQ(bench.push("m" + std::to_string(pushed), "{\"k\":" + std::to_string(pushed) + "}", pushed), SLUICE_OK);
        }
        return SLUICE_OK;
    };
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        open -= items.size();
        return SLUICE_OK;
    };
    bench.start([](const FakeHandler::Call&) { return SLUICE_DONE; }, 1, WorkPolicy{});
    bench.close();
    EXPECT_EQ(bench.loop->counts().acked, 50u);
    EXPECT_LE(most.load(), 3u);
}

// Its service comes as often as `every_ms` says, and answers what `service` does.
class ServicedSource : public testing::Test {
protected:
    using Handled = FakeHandler::Call;

    ServicedSource() {
        bench.source.on_service = [this](std::uint32_t& next_ms, sluice_fault* fault) {
            const sluice_status status = service ? service(fault) : SLUICE_OK;
            next_ms = every_ms;
            serviced.add();
            return status;
        };
        bench.source.on_wake = [this] {
            const std::lock_guard lock(mutex);
            woken = true;
            wakes.notify_all();
        };
    }
    void start(FakeHandler::Handle handle = [](const Handled&) { return SLUICE_DONE; }) {
        bench.start(std::move(handle), 1, WorkPolicy{});
    }
    // As an adapter waits that has nothing.
    sluice_status wait(std::uint32_t wait_ms) {
        std::unique_lock lock(mutex);
        wakes.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return woken; });
        woken = false;
        return SLUICE_OK;
    }
    sluice_status push(std::uint64_t tag) {
        return bench.push("m" + std::to_string(tag), "{\"k\":" + std::to_string(tag) + "}", tag);
    }
    bool is_serviced_on() { return serviced.reaches(serviced.value() + 5); }
    void end() {
        bench.loop->request_stop();
        bench.pool->stop(StopMode::finish_current);
        bench.close();
        EXPECT_TRUE(bench.loop->counts().law_holds());
    }

    std::function<sluice_status(sluice_fault*)> service;
    std::uint32_t every_ms = 1;
    Tally serviced;
    std::mutex mutex;
    std::condition_variable wakes;
    bool woken = false;  // guarded by mutex
    SourceBench bench;   // its threads end before what they use here goes
};

TEST_F(ServicedSource, IsServicedWhileItIsIdle) {
    std::atomic<std::uint32_t> longest{0};
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t wait_ms, sluice_fault*) {
        longest = std::max(longest.load(), wait_ms);
        return wait(wait_ms);
    };
    every_ms = 20;
    start();
    EXPECT_TRUE(is_serviced_on());
    end();
    EXPECT_GT(longest, 0u);
    EXPECT_LE(longest, 21u) << "no poll waits for longer than the service can";
}

TEST_F(ServicedSource, IsServicedWhileItIsUnreachable) {
    bench.source.on_poll = [](std::uint32_t, std::uint32_t, sluice_fault* fault) {
        return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "no route", 8);
    };
    start();
    EXPECT_TRUE(is_serviced_on());
    end();
}

TEST_F(ServicedSource, IsServicedWhileItHasFailedAndStillSettles) {
    bool polled = false;
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t, sluice_fault*) {
        return std::exchange(polled, true) ? SLUICE_FAILED : push(1);
    };
    std::promise<void> release;
    start([released = release.get_future().share()](const Handled&) {
        released.wait();
        return SLUICE_DONE;
    });
    ASSERT_TRUE(bench.ended.reaches(1));
    EXPECT_TRUE(is_serviced_on());
    release.set_value();
    bench.close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::failed);
    EXPECT_EQ(bench.loop->counts().acked, 1u);
}

// Nothing but its service tells it what has been confirmed, and nothing more is polled.
TEST_F(ServicedSource, MayConfirmInItsServiceAndPushesNothingThere) {
    bool polled = false;
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t, sluice_fault*) {
        return std::exchange(polled, true) ? SLUICE_END : push(1);
    };
    std::vector<std::uint64_t> open;
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        for (const sluice_settlement& item : items) open.push_back(item.tag);
        return SLUICE_QUEUED;
    };
    service = [&](sluice_fault*) {
        EXPECT_EQ(push(9), SLUICE_FULL);
        EXPECT_EQ(bench.source.sink->reserve(bench.source.sink->context, 1), nullptr);
        bench.source.sink->settled(bench.source.sink->context, open.data(), open.size(), SLUICE_OK);
        open.clear();
        return SLUICE_OK;
    };
    start();
    bench.close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::finished);
    EXPECT_EQ(bench.loop->counts().received, 1u);
    EXPECT_EQ(bench.loop->counts().acked, 1u);
}

TEST_F(ServicedSource, IsPolledOnWhileItsServiceFailsInPassing) {
    service = [](sluice_fault* fault) { return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "no heartbeat", 12); };
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t wait_ms, sluice_fault*) {
        return serviced.value() < 5 ? wait(wait_ms) : SLUICE_END;
    };
    start();
    bench.close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::finished);
    const std::string said = bench.log.text();
    EXPECT_NE(said.find("no heartbeat"), std::string::npos);
    EXPECT_EQ(said.find("no heartbeat"), said.rfind("no heartbeat")) << "once";
}

// How long the polls of an idle source may wait: what wakes the thread without need would shorten them.
class WaitOfAnIdleSource : public ServicedSource {
protected:
    std::vector<std::uint32_t> waits() {
        std::vector<std::uint32_t> all;
        bench.source.on_poll = [&](std::uint32_t, std::uint32_t wait_ms, sluice_fault*) {
            all.push_back(wait_ms);
            return all.size() < 5 ? SLUICE_OK : SLUICE_END;
        };
        start();
        bench.close();
        return all;
    }
    static std::vector<std::uint32_t> unhurried() { return {0, 1'000, 1'000, 1'000, 1'000}; }
};

TEST_F(WaitOfAnIdleSource, IsNotShortenedWithoutAService) {
    bench.source.on_service = nullptr;
    EXPECT_EQ(waits(), unhurried());
}

TEST_F(WaitOfAnIdleSource, IsNotShortenedByAServiceThatWantsNoMore) {
    every_ms = 0;
    EXPECT_EQ(waits(), unhurried());
    EXPECT_EQ(serviced.value(), 1u);
}

// What it has not confirmed is in flight for it, though not for the host.
TEST_F(ServicedSource, HasNoMoreInFlightThanItAllows) {
    constexpr std::uint64_t messages = 30, allowed = 3;
    bench.source.on_limits = [](sluice_queue_limits& limits, sluice_fault*) {
        limits.in_flight_max = allowed;
        return SLUICE_OK;
    };
    std::uint64_t pushed = 0, confirmed = 0;
    std::vector<std::uint64_t> open;
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        EXPECT_LE(pushed - confirmed + max, allowed);
        for (; max != 0 && pushed < messages; --max) EXPECT_EQ(push(++pushed), SLUICE_OK);
        return pushed < messages ? SLUICE_OK : SLUICE_END;
    };
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        for (const sluice_settlement& item : items) open.push_back(item.tag);
        return SLUICE_QUEUED;
    };
    service = [&](sluice_fault*) {
        confirmed += open.size();
        bench.source.sink->settled(bench.source.sink->context, open.data(), open.size(), SLUICE_OK);
        open.clear();
        return SLUICE_OK;
    };
    start();
    bench.close();
    EXPECT_EQ(bench.loop->counts().acked, messages);
    EXPECT_TRUE(bench.loop->counts().law_holds());
}

TEST_F(ServicedSource, IsNotOpenIfItCannotSayWhatItTakes) {
    int closed = 0;
    bench.source.on_close = [&] { ++closed; };
    bench.source.on_limits = [](sluice_queue_limits&, sluice_fault* fault) {
        return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "no route", 8);
    };
    SourceLoop loop("fake", "fake", bench.source.create_port(), bench.clock, Logger(), [] {});
    const Result<void> opened = loop.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::unavailable) << "it is tried again";
    EXPECT_EQ(closed, 1);
    EXPECT_EQ(serviced.value(), 0u);
}

}  // namespace
}  // namespace sluice
