// A source that takes lanes and single deliveries away while their messages are on their way.
#include "source/withdrawals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

class SourceLanes : public testing::Test {
protected:
    SourceLanes() {
        bench.source.on_revoked = [this](std::uint64_t token) { note("revoked " + std::to_string(token)); };
        bench.source.on_settle = [this](FakeSource::Settlements items) {
            for (const sluice_settlement& item : items)
                note((item.action == SLUICE_ACK ? "ack " : "release ") + std::to_string(item.tag));
            return SLUICE_OK;
        };
        bench.source.on_poll = [this](std::uint32_t, std::uint32_t, sluice_fault*) {
            if (const auto step = next_step()) step();
            return is_over ? SLUICE_END : SLUICE_OK;
        };
        policy.batch_max = 4;
    }
    // In the next poll that has nothing else to do.
    void then(std::function<void()> does) {
        const std::lock_guard lock(mutex);
        steps.push_back(std::move(does));
    }
    std::function<void()> next_step() {
        const std::lock_guard lock(mutex);
        if (steps.empty()) return {};
        auto step = std::move(steps.front());
        steps.pop_front();
        return step;
    }
    void push(std::uint64_t tag, std::uint32_t lane, const std::string& key) {
        EXPECT_EQ(bench.push("m" + std::to_string(tag), "{\"k\":\"" + key + "\"}", tag, lane), SLUICE_OK);
    }
    void revoke(std::uint32_t lane, std::uint32_t how, std::uint64_t token) {
        bench.source.sink->revoke(bench.source.sink->context, lane, how, token);
    }
    void lose(std::uint64_t tag) { bench.source.sink->lost(bench.source.sink->context, &tag, 1); }
    void note(const std::string& event) {
        {
            const std::lock_guard lock(mutex);
            events.push_back(event);
        }
        noted.add();
    }
    std::vector<std::string> so_far() {
        const std::lock_guard lock(mutex);
        return events;
    }
    bool comes(const std::string& event) {
        for (std::uint64_t seen = 0;; ++seen) {
            const auto now = so_far();
            if (std::find(now.begin(), now.end(), event) != now.end()) return true;
            if (!noted.reaches(now.size() + 1)) return false;
        }
    }
    std::ptrdiff_t place(const std::string& event) {
        const auto all = so_far();
        return std::find(all.begin(), all.end(), event) - all.begin();
    }
    void start(FakeHandler::Handle handle, std::vector<FakeDatabase*> databases = {}) {
        bench.start(std::move(handle), 1, policy, std::move(databases));
    }
    // One message, which is in its handler until `asked` has come to three.
    void handle_one_until(Tally& asked) {
        std::promise<void> released;
        auto wait = released.get_future().share();
        then([&] { push(1, 1, "a"); });
        start([&](const FakeHandler::Call&) {
            wait.wait();
            return SLUICE_DONE;
        });
        EXPECT_TRUE(asked.reaches(3));
        released.set_value();
        ASSERT_TRUE(comes("ack 1"));
        end();
    }
    void end() {
        is_over = true;
        bench.close();
    }
    SourceCounts counts() const { return bench.loop->counts(); }

    SourceBench bench;
    WorkPolicy policy;
    std::atomic<bool> is_over{false};
    Tally noted;
    std::mutex mutex;
    // guarded by mutex
    std::deque<std::function<void()>> steps;
    std::vector<std::string> events;
};

TEST_F(SourceLanes, ThatDrainFinishWhatRunsAndGiveBackTheRest) {
    std::promise<void> begun, released;
    auto wait = released.get_future().share();
    then([&] {
        for (std::uint64_t tag = 1; tag <= 5; ++tag) push(tag, 1, "a" + std::to_string(tag));
        for (std::uint64_t tag = 6; tag <= 7; ++tag) push(tag, 2, "b" + std::to_string(tag));
    });
    start([&](const FakeHandler::Call& call) {
        note("handle " + call.id());
        if (call.id() == "m1") begun.set_value(), wait.wait();
        return SLUICE_DONE;
    });
    begun.get_future().wait();
    std::promise<void> said;
    then([&] {
        revoke(1, SLUICE_LANE_DRAIN, 77);
        EXPECT_EQ(bench.push("m8", "{\"k\":\"a\"}", 8, 1), SLUICE_CONTRACT) << "a lane that is on its way out";
        said.set_value();
    });
    said.get_future().wait();
    const auto running = so_far();
    EXPECT_EQ(std::count(running.begin(), running.end(), "revoked 77"), 0) << "one of them still runs";
    released.set_value();
    ASSERT_TRUE(comes("revoked 77"));
    ASSERT_TRUE(comes("ack 7"));
    end();
    EXPECT_EQ(counts().acked, 3u);
    EXPECT_EQ(counts().released, 4u);
    for (const char* back : {"ack 1", "release 2", "release 3", "release 4", "release 5"})
        EXPECT_LT(place(back), place("revoked 77")) << back;
    EXPECT_EQ(place("handle m2"), static_cast<std::ptrdiff_t>(so_far().size())) << "it had not begun";
    EXPECT_LT(place("handle m6"), static_cast<std::ptrdiff_t>(so_far().size()));
}

// A settlement that the source has not confirmed when the lane is empty, and then does not take: another host has the message.
TEST_F(SourceLanes, ThatAreGoneAreNotSettledAgain) {
    bench.source.on_settle = [this](FakeSource::Settlements items) {
        const bool is_first = place("ack " + std::to_string(items[0].tag)) == static_cast<std::ptrdiff_t>(so_far().size());
        for (const sluice_settlement& item : items) note("ack " + std::to_string(item.tag));
        return is_first ? SLUICE_QUEUED : SLUICE_OK;
    };
    const auto refuse = [this](std::uint64_t tag) {
        bench.source.sink->settled(bench.source.sink->context, &tag, 1, SLUICE_UNAVAILABLE);
    };
    then([&] { push(1, 1, "a"), push(2, 2, "b"), push(3, 3, "c"); });
    start([](const FakeHandler::Call&) { return SLUICE_DONE; });
    for (const char* acked : {"ack 1", "ack 2", "ack 3"}) ASSERT_TRUE(comes(acked));
    then([&] { revoke(1, SLUICE_LANE_DRAIN, 71), lose(2), refuse(2); });
    ASSERT_TRUE(comes("revoked 71"));
    then([&] { refuse(1), refuse(3); });
    const auto is_settled_again = [&] {
        const auto all = so_far();
        return std::count(all.begin(), all.end(), "ack 3") == 2;
    };
    while (!is_settled_again()) ASSERT_TRUE(noted.reaches(so_far().size() + 1));
    end();
    const auto all = so_far();
    EXPECT_EQ(std::count(all.begin(), all.end(), "ack 1"), 1);
    EXPECT_EQ(std::count(all.begin(), all.end(), "ack 2"), 1);
    EXPECT_EQ(counts().lost_lease, 2u);
    EXPECT_EQ(counts().acked, 1u);
}

TEST_F(SourceLanes, ThatDrainAreSettledAgainBeforeTheyAreGone) {
    bench.source.on_settle = [this](FakeSource::Settlements items) {
        note("ack " + std::to_string(items[0].tag));
        const auto all = so_far();
        return all.size() < 3 ? SLUICE_UNAVAILABLE : SLUICE_OK;
    };
    then([&] { push(1, 1, "a"); });
    start([](const FakeHandler::Call&) { return SLUICE_DONE; });
    ASSERT_TRUE(comes("ack 1"));
    then([&] { revoke(1, SLUICE_LANE_DRAIN, 71); });
    ASSERT_TRUE(comes("revoked 71"));
    end();
    EXPECT_EQ(so_far(), (std::vector<std::string>{"ack 1", "ack 1", "ack 1", "revoked 71"}));
    EXPECT_EQ(counts().acked, 1u);
}

TEST_F(SourceLanes, ThatAreLostAreAnsweredThoughTheSourceTakesNoSettlements) {
    bench.source.on_settle = [this](FakeSource::Settlements items) {
        note("ack " + std::to_string(items[0].tag));
        return so_far().size() < 6 ? SLUICE_UNAVAILABLE : SLUICE_OK;  // far later than the lane is to be answered
    };
    then([&] { push(1, 1, "a"); });
    start([](const FakeHandler::Call&) { return SLUICE_DONE; });
    ASSERT_TRUE(comes("ack 1"));
    then([&] { revoke(1, SLUICE_LANE_LOST, 71); });
    ASSERT_TRUE(comes("revoked 71"));
    end();
    EXPECT_EQ(counts().lost_lease, 1u);
    EXPECT_EQ(counts().acked, 0u);
}

TEST_F(SourceLanes, MayComeAgainOnceTheyAreEmpty) {
    then([&] { push(1, 1, "a"); });
    start([](const FakeHandler::Call&) { return SLUICE_DONE; });
    ASSERT_TRUE(comes("ack 1"));
    then([&] { revoke(1, SLUICE_LANE_LOST, 5); });
    ASSERT_TRUE(comes("revoked 5"));
    then([&] { push(2, 1, "a"); });
    EXPECT_TRUE(comes("ack 2"));
    end();
}

TEST_F(SourceLanes, WithAKeyThatWaitsForItsRetryDoNotWaitWithIt) {
    policy.backoff_ms = policy.backoff_max_ms = 3'600'000;
    std::promise<void> failed;
    then([&] { push(1, 1, "a"), push(2, 1, "a"), push(3, 2, "b"); });
    start([&](const FakeHandler::Call& call) {
        if (call.id() != "m1") return SLUICE_DONE;
        failed.set_value();
        return SLUICE_RETRY;
    });
    failed.get_future().wait();
    ASSERT_TRUE(comes("ack 3"));
    then([&] { revoke(1, SLUICE_LANE_DRAIN, 4); });
    ASSERT_TRUE(comes("revoked 4"));
    EXPECT_LT(place("release 1"), place("release 2"));
    EXPECT_LT(place("release 2"), place("revoked 4"));
    end();
    EXPECT_EQ(counts().released, 2u);
}

TEST_F(SourceLanes, ThatAreLostHaveNoEffectsAndTheirHandlersAreTold) {
    FakeDatabase database;
    std::promise<void> begun;
    then([&] { push(1, 1, "a"), push(2, 2, "b"); });
    start(
        [&](const FakeHandler::Call& call) {
            call.write();
            if (call.id() != "m1") return SLUICE_DONE;
            begun.set_value();
            while (call.api.cancelled(call.host, call.ticket) == 0) std::this_thread::yield();
            return SLUICE_DONE;  // it has not heard of it in time
        },
        {&database});
    begun.get_future().wait();
    then([&] { revoke(1, SLUICE_LANE_LOST, 4); });
    ASSERT_TRUE(comes("revoked 4"));
    ASSERT_TRUE(comes("ack 2"));
    end();
    EXPECT_EQ(database.durable(), std::vector<std::string>{"m2"});
    EXPECT_EQ(counts().lost_lease, 1u);
    EXPECT_EQ(counts().acked, 1u);
    EXPECT_EQ(place("release 1"), static_cast<std::ptrdiff_t>(so_far().size())) << "who has lost it need not be told";
}

TEST_F(SourceLanes, AreMadeOfDeliveriesThatMayBeLostOneByOne) {
    std::promise<void> begun, released;
    auto wait = released.get_future().share();
    policy.batch_max = 1;
    then([&] { push(1, 0, "a"), push(2, 0, "a"), push(3, 0, "a"); });
    start([&](const FakeHandler::Call& call) {
        if (call.id() == "m1") begun.set_value(), wait.wait();
        return SLUICE_DONE;
    });
    begun.get_future().wait();
    std::promise<void> said;
    then([&] { lose(2), said.set_value(); });
    said.get_future().wait();
    released.set_value();
    ASSERT_TRUE(comes("ack 3"));
    end();
    EXPECT_EQ(counts().acked, 2u);
    EXPECT_EQ(counts().lost_lease, 1u);
}

TEST_F(SourceLanes, HaveTheirLeasesExtendedForAsLongAsTheirMessagesAreHere) {
    bench.source.on_limits = [](sluice_queue_limits& limits, sluice_fault*) {
        limits.lease_ms = 30;
        return SLUICE_OK;
    };
    Tally extended;
    bench.source.on_extend = [&](std::span<const std::uint64_t> tags, std::uint32_t ms) {
        EXPECT_EQ(ms, 30u);
        EXPECT_EQ(std::vector<std::uint64_t>(tags.begin(), tags.end()), std::vector<std::uint64_t>{1});
        extended.add();
        return SLUICE_OK;
    };
    handle_one_until(extended);
}

TEST_F(SourceLanes, AreExtendedAgainSoonWhereThatFailed) {
    bench.source.on_limits = [](sluice_queue_limits& limits, sluice_fault*) {
        limits.lease_ms = 100;
        return SLUICE_OK;
    };
    Tally asked;
    bench.source.on_extend = [&](std::span<const std::uint64_t>, std::uint32_t) {
        asked.add();
        return SLUICE_UNAVAILABLE;
    };
    handle_one_until(asked);
    EXPECT_NE(bench.log.text().find("leases of 1 message"), std::string::npos) << bench.log.text();
}

}  // namespace
}  // namespace sluice
