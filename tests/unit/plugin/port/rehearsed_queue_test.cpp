#include "plugin/port/rehearsed_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "publish/fake_target.hpp"
#include "source/fake_source.hpp"

namespace sluice {
namespace {

class RehearsedSource : public testing::Test {
protected:
    RehearsedSource() {
        source.on_settle = [this](FakeSource::Settlements items) {
            for (const sluice_settlement& item : items) settled.push_back(item);
            return SLUICE_QUEUED;
        };
        source.on_flush = [this] { return ++flushed, SLUICE_OK; };
    }
    std::unique_ptr<QueuePort> rehearsed(std::uint64_t messages_max = 100) {
        std::unique_ptr<QueuePort> queue = rehearse_source(source.create_port(), messages_max);
        sluice_queue_sink sink{};
        sink.struct_size = sizeof sink;
        sink.settled = [](void*, const std::uint64_t*, std::uint64_t, sluice_status) {
            ADD_FAILURE() << "the host has been answered already";
        };
        EXPECT_TRUE(queue->open_source(sink));
        return queue;
    }
    sluice_status settle(QueuePort& on, std::vector<sluice_settlement> items) { return on.settle(items, fault); }
    static sluice_settlement acked(std::uint64_t tag) { return {tag, SLUICE_ACK, 0, 0, {}, 0, 0}; }

    FakeSource source;
    FaultBuffer fault;
    std::vector<sluice_settlement> settled;
    int flushed = 0;
};

TEST_F(RehearsedSource, SettlesNothingAndGivesAllBackWhenItIsClosed) {
    const auto queue = rehearsed();
    EXPECT_EQ(settle(*queue, {acked(1), acked(2)}), SLUICE_OK);
    EXPECT_EQ(settle(*queue, {acked(3), {4, SLUICE_ATTEMPTED, 2, 0, {}, 0, 0}}), SLUICE_OK);
    EXPECT_TRUE(settled.empty());
    EXPECT_TRUE(queue->close());
    ASSERT_EQ(settled.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(settled[i].tag, i + 1);
        EXPECT_EQ(settled[i].action, SLUICE_RELEASE);
        EXPECT_EQ(settled[i].attempt, 0u) << "the try does not count";
    }
    EXPECT_EQ(flushed, 1);
    const std::uint64_t tag = 1;
    source.sink->settled(source.sink->context, &tag, 1, SLUICE_OK);  // to nobody
}

TEST_F(RehearsedSource, GivesBackAtOnceWhatTheHostGivesBack) {
    const auto queue = rehearsed();
    EXPECT_EQ(settle(*queue, {acked(1), {2, SLUICE_RELEASE, 3, 0, {}, 0, 0}}), SLUICE_OK);
    ASSERT_EQ(settled.size(), 1u);
    EXPECT_EQ(settled[0].tag, 2u);
}

TEST_F(RehearsedSource, LeavesUnsettledWhatTheSourceDoesNotTakeBack) {
    source.capabilities = SLUICE_QUEUE_STABLE_IDS;
    const auto queue = rehearsed();
    EXPECT_EQ(settle(*queue, {acked(1), {2, SLUICE_RELEASE, 0, 0, {}, 0, 0}}), SLUICE_OK);
    EXPECT_TRUE(queue->close());
    EXPECT_TRUE(settled.empty());
}

TEST_F(RehearsedSource, EndsAfterSoManyMessages) {
    source.on_poll = [](std::uint32_t, std::uint32_t, sluice_fault*) { return SLUICE_OK; };
    const auto queue = rehearsed(2);
    settle(*queue, {acked(1)});
    EXPECT_EQ(queue->poll({sizeof(sluice_poll), 10, 0, 0, 0}, fault), SLUICE_OK);
    settle(*queue, {acked(2)});
    EXPECT_EQ(queue->poll({sizeof(sluice_poll), 10, 0, 0, 0}, fault), SLUICE_END);
}

TEST_F(RehearsedSource, CanDoWhatTheSourceCanButForKeepingAttempts) {
    source.capabilities = SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_KEEPS_ATTEMPTS;
    const auto queue = rehearse_source(source.create_port(), 100);
    EXPECT_EQ(queue->name(), "sources.fake");
    EXPECT_EQ(queue->capabilities(), SLUICE_QUEUE_TAKES_BACK);
    source.capabilities = SLUICE_QUEUE_FINITE | SLUICE_QUEUE_KEEPS_ATTEMPTS;
    EXPECT_TRUE(queue->open_source({}));
    EXPECT_EQ(queue->capabilities(), SLUICE_QUEUE_FINITE) << "as it says once it is open";
    constexpr std::uint64_t of_a_later_minor = std::uint64_t{1} << 40;
    source.capabilities = of_a_later_minor | SLUICE_QUEUE_KEEPS_ATTEMPTS;
    EXPECT_TRUE(queue->open_source({}));
    EXPECT_EQ(queue->capabilities(), of_a_later_minor) << "nothing else is taken from it";
    int woken = 0;
    source.on_wake = [&] { ++woken; };
    ASSERT_TRUE(queue->can_wake());
    queue->wake();
    EXPECT_EQ(woken, 1);
}

TEST_F(RehearsedSource, IsServicedAsTheSourceIs) {
    source.on_service = [this](std::uint32_t& next_ms, sluice_fault*) {
        const std::uint64_t tag = 1;
        source.sink->settled(source.sink->context, &tag, 1, SLUICE_OK);  // to nobody
        next_ms = 9;
        return SLUICE_OK;
    };
    const auto queue = rehearsed();
    std::uint32_t next_ms = 0;
    EXPECT_EQ(queue->service(next_ms, fault), SLUICE_OK);
    EXPECT_EQ(next_ms, 9u);
}

// It would wait for ever for what the source does not deliver while so much is not settled.
TEST_F(RehearsedSource, EndsWhereTheSourceLetsNoMoreBeInFlight) {
    source.on_poll = [](std::uint32_t, std::uint32_t, sluice_fault*) { return SLUICE_OK; };
    source.on_limits = [](sluice_queue_limits& limits, sluice_fault*) {
        limits.in_flight_max = 2;
        return SLUICE_OK;
    };
    const auto queue = rehearsed(100);
    EXPECT_EQ(queue->limits().value().in_flight_max, 2u);
    settle(*queue, {acked(1)});
    EXPECT_EQ(queue->poll({sizeof(sluice_poll), 10, 0, 0, 0}, fault), SLUICE_OK);
    settle(*queue, {acked(2)});
    EXPECT_EQ(queue->poll({sizeof(sluice_poll), 10, 0, 0, 0}, fault), SLUICE_END);
}

TEST(RehearsedTarget, TakesAllAndIsNeverOpened) {
    FakeTarget target([](const Call&, sluice_fault*) { return SLUICE_FAILED; });
    target.on_open = [](sluice_fault*) { return SLUICE_FAILED; };
    target.serve([](std::uint32_t&, sluice_fault*) { return SLUICE_FAILED; });
    target.limit([](sluice_queue_limits&, sluice_fault*) { return SLUICE_FAILED; });
    const auto queue = rehearse_target(target.create_port());
    EXPECT_EQ(queue->name(), "targets.out");
    EXPECT_TRUE(queue->open_target({}));
    const sluice_outgoing message{};
    const sluice_outgoing* const messages[] = {&message};
    FaultBuffer fault;
    EXPECT_EQ(queue->publish(messages, 1, fault), SLUICE_OK);
    std::uint32_t next_ms = 0;
    EXPECT_EQ(queue->service(next_ms, fault), SLUICE_OK) << "it is not open";
    EXPECT_TRUE(queue->limits());
    EXPECT_TRUE(queue->close());
    EXPECT_TRUE(target.calls_made().empty());
    EXPECT_EQ(target.closed, 0);
}

}  // namespace
}  // namespace sluice
