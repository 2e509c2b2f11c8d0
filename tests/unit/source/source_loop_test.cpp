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

class SourceLoopTest : public testing::Test {
protected:
    using Handled = FakeHandler::Call;

    // Delivers `count` messages in the first poll and says `then` in all that follow.
    void deliver(std::uint64_t count, sluice_status then) {
        bench.source.on_poll = [this, count, then](std::uint32_t, std::uint32_t, sluice_fault* fault) {
            if (++polls > 1) return sluice_fault_set(fault, then, "so it is", 8);
            for (std::uint64_t tag = 1; tag <= count; ++tag)
                EXPECT_EQ(bench.push("m" + std::to_string(tag), "{\"k\":" + std::to_string(tag) + "}", tag), SLUICE_OK);
            return SLUICE_OK;
        };
    }
    void start(FakeHandler::Handle handle) { bench.start(std::move(handle), 1, WorkPolicy{}); }
    void close() { bench.close(); }
    void expect_law() {
        EXPECT_TRUE(bench.loop->counts().law_holds());
        EXPECT_EQ(bench.loop->counts().in_flight, 0u);
    }
    bool logged(const std::string& text) const { return bench.log.text().find(text) != std::string::npos; }

    SourceBench bench;
    int polls = 0;
};

TEST_F(SourceLoopTest, EndsWhenTheSourceHasEndedAndEverythingIsSettled) {
    deliver(3, SLUICE_END);
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_EQ(bench.loop->state(), SourceLoop::State::finished);
    EXPECT_EQ(bench.loop->counts().acked, 3u);
    EXPECT_EQ(bench.ended.value(), 1u);
    expect_law();
}

TEST_F(SourceLoopTest, TellsTheSourceHowManyBytesThereIsRoomFor) {
    MemoryLimit memory(1u << 20, bench.logging.logger("memory"));
    bench.on_loop = [&](SourceLoop& loop) { loop.share(memory); };
    std::uint64_t max_bytes = 0;
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        EXPECT_GT(max, 0u);
        max_bytes = bench.source.polled.max_bytes;
        return SLUICE_END;
    };
    start([](const Handled&) { return SLUICE_DONE; });
    close();
    EXPECT_GT(max_bytes, 0u);
    EXPECT_LE(max_bytes, 1u << 17) << "a share of the last eighth of the limit";
    bench.loop = nullptr;  // before its limit
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

TEST_F(SourceLoopTest, PausesPollingWhileTooManyBecomeDeadLetters) {
    constexpr std::int64_t period = 200'000'000;
    std::vector<std::int64_t> delivered;
    bench.source.on_poll = [&](std::uint32_t, std::uint32_t, sluice_fault*) {
        if (delivered.size() == 12) return SLUICE_END;
        if (bench.loop->counts().dead_lettered < delivered.size()) return SLUICE_OK;  // one at a time
        delivered.push_back(bench.clock.now());
        return bench.push("m" + std::to_string(delivered.size()), "{}", delivered.size());
    };
    bench.dead_letters_max = 5;
    bench.dead_letters_period_ns = period;
    start([](const Handled& call) { return call.say(SLUICE_REJECT, "no"); });
    close();
    EXPECT_EQ(bench.loop->counts().dead_lettered, 12u) << "nothing is lost";
    ASSERT_EQ(delivered.size(), 12u);
    for (std::size_t i = 6; i < delivered.size(); ++i)
        EXPECT_GE(delivered[i] - delivered[i - 6], period / 2)
            << "the sixth waits for its turn, and a seventh is not polled meanwhile";
    EXPECT_TRUE(logged("nothing is polled until there are fewer"));
    EXPECT_TRUE(logged("polling goes on"));
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

TEST_F(SourceLoopTest, AcksADeadLetterOnlyWhenItIsStored) {
    deliver(1, SLUICE_END);
    std::atomic<bool> stored{false};
    std::string line;
    bench.on_dead_letter = [&](const Call& call, sluice_fault*) {
        line = call.bodies.front();
        stored = true;
        return SLUICE_OK;
    };
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        EXPECT_TRUE(stored);
        EXPECT_EQ(items[0].action, SLUICE_ACK);
        return SLUICE_OK;
    };
    start([](const Handled& call) { return call.say(SLUICE_REJECT, "no such airport"); });
    close();
    EXPECT_NE(line.find("no such airport"), std::string::npos);
    EXPECT_EQ(bench.loop->counts().dead_lettered, 1u);
    expect_law();
}

// Messages of these keys in one poll, and then the end; what the source is told, in order: "ack2 release1".
class DeadLettersOfAKey : public SourceLoopTest {
protected:
    void start(const std::string& keys) {
        bench.source.on_poll = [this, keys](std::uint32_t, std::uint32_t, sluice_fault*) {
            if (++polls > 1) return SLUICE_END;
            for (std::uint64_t tag = 1; tag <= keys.size(); ++tag)
                bench.push("m" + std::to_string(tag), std::string("{\"k\":\"") + keys[tag - 1] + "\"}", tag);
            return SLUICE_OK;
        };
        bench.source.on_settle = [this](FakeSource::Settlements items) {
            for (const sluice_settlement& item : items) {
                settled += (item.action == SLUICE_RELEASE ? " release" : " ack") + std::to_string(item.tag);
                tally.add();
            }
            return SLUICE_OK;
        };
        SourceLoopTest::start(
            [](const Handled& call) { return call.id() == "m1" ? call.say(SLUICE_REJECT, "no such airport") : SLUICE_DONE; });
    }

    std::string settled;  // written by the source thread, read between the counts of `tally`
    Tally tally;
};

TEST_F(DeadLettersOfAKey, AreSettledBeforeWhatFollowsOfTheirKey) {
    std::promise<void> store;
    bench.on_dead_letter = [stored = store.get_future().share()](const Call&, sluice_fault*) {
        stored.wait();
        return SLUICE_OK;
    };
    start("aab");
    ASSERT_TRUE(tally.reaches(1));
    EXPECT_EQ(settled, " ack3") << "another key";
    store.set_value();
    close();
    EXPECT_EQ(settled, " ack3 ack1 ack2");
    expect_law();
}

TEST_F(DeadLettersOfAKey, AreKeptWithWhatFollowsWhileTheirStoreRefusesThem) {
    Tally refused;
    bench.on_dead_letter = [&](const Call&, sluice_fault* fault) {
        refused.add();
        return sluice_fault_set(fault, SLUICE_INVALID, "too large", 9);
    };
    start("aab");
    ASSERT_TRUE(refused.reaches(1) && tally.reaches(1));
    EXPECT_EQ(settled, " ack3");
    bench.loop->request_stop();
    close();
    EXPECT_EQ(settled, " ack3 release1 ack2") << "it goes back at the stop, and what followed was processed";
    EXPECT_LE(refused.value(), 2u) << "it is not tried all the time";
    EXPECT_TRUE(logged("too large"));
    EXPECT_EQ(bench.loop->counts().released, 1u);
    expect_law();
}

TEST_F(DeadLettersOfAKey, AreStoredAsSoonAsTheirStoreTakesThem) {
    std::atomic<int> refusals = 1;
    bench.on_dead_letter = [&](const Call&, sluice_fault*) { return refusals-- > 0 ? SLUICE_INVALID : SLUICE_OK; };
    start("aa");
    close();
    EXPECT_EQ(settled, " ack1 ack2");
    EXPECT_EQ(bench.loop->counts().dead_lettered, 1u);
    expect_law();
}

TEST_F(SourceLoopTest, LetsNoMoreDieThanTheRateAllowsAndGivesTheRestBackAtAStop) {
    deliver(50, SLUICE_OK);
    bench.dead_letters_max = 5;
    bench.dead_letters_period_ns = 3'600'000'000'000;
    Tally died;
    bench.on_dead_letter = [&](const Call& call, sluice_fault*) {
        for (std::size_t i = 0; i < call.bodies.size(); ++i) died.add();
        return SLUICE_OK;
    };
    Tally handled;
    start([&](const Handled& call) {
        handled.add();
        return call.say(SLUICE_REJECT, "no");
    });
    ASSERT_TRUE(handled.reaches(50) && died.reaches(5));
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    close();
    EXPECT_EQ(died.value(), 5u);
    EXPECT_EQ(bench.loop->counts().dead_lettered, 5u);
    EXPECT_EQ(bench.loop->counts().released, 45u);
    EXPECT_TRUE(logged("nothing is polled until there are fewer"));
    expect_law();
}

TEST_F(SourceLoopTest, SaysWhyItIsNotPolled) {
    deliver(50, SLUICE_OK);
    bench.dead_letters_max = 5;
    bench.dead_letters_period_ns = 3'600'000'000'000;
    Tally handled;
    start([&](const Handled& call) {
        handled.add();
        return call.say(SLUICE_REJECT, "no");
    });
    ASSERT_TRUE(handled.reaches(50));
    const std::int64_t deadline_ns = bench.clock.now() + 10'000 * ns_per_ms;
    while (bench.loop->not_polled().reason != "dead_letters.max_rate" && bench.clock.now() < deadline_ns)
        std::this_thread::yield();
    EXPECT_EQ(bench.loop->not_polled().reason, "dead_letters.max_rate");
    EXPECT_GT(bench.loop->not_polled().since_ns, 0);
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    close();
    EXPECT_EQ(bench.loop->not_polled().reason, "") << "it has ended";
}

// It looks again after a second for what nobody has announced; that is not to hold up what somebody has.
TEST_F(SourceLoopTest, IsPolledOnWhenSomethingHasComeIntoWhatWasEmpty) {
    Stages stages;
    Doorbell nobody;
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
