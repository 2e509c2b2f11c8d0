#include "source/ended_messages.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <vector>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

class EndedMessagesTest : public SourceLoopTest {};

TEST_F(EndedMessagesTest, AcksADeadLetterOnlyWhenItIsStored) {
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

TEST_F(EndedMessagesTest, PausesPollingWhileTooManyBecomeDeadLetters) {
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

TEST_F(EndedMessagesTest, LetsNoMoreDieThanTheRateAllowsAndGivesTheRestBackAtAStop) {
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

}  // namespace
}  // namespace sluice
