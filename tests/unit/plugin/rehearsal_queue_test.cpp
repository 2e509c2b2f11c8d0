#include "plugin/rehearsal_queue.hpp"

#include <gtest/gtest.h>

#include <vector>

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
    QueueInstance rehearsed(std::uint64_t messages_max = 100) {
        QueueInstance instance = rehearse_source(source.instance(), messages_max);
        sluice_queue_sink sink{};
        sink.struct_size = sizeof sink;
        sink.settled = [](void*, const std::uint64_t*, std::uint64_t, sluice_status) {
            ADD_FAILURE() << "the host has been answered already";
        };
        EXPECT_EQ(instance.table().open_source(instance.self(), &sink, nullptr), SLUICE_OK);
        return instance;
    }
    static sluice_status settle(const QueueInstance& on, std::vector<sluice_settlement> items) {
        return on.table().settle(on.self(), items.data(), items.size(), nullptr);
    }
    static sluice_settlement acked(std::uint64_t tag) { return {tag, SLUICE_ACK, 0, 0}; }

    FakeSource source;
    std::vector<sluice_settlement> settled;
    int flushed = 0;
};

TEST_F(RehearsedSource, SettlesNothingAndGivesAllBackWhenItIsClosed) {
    const QueueInstance instance = rehearsed();
    EXPECT_EQ(settle(instance, {acked(1), acked(2)}), SLUICE_OK);
    EXPECT_EQ(settle(instance, {{3, SLUICE_REJECT_DELIVERY, 0, 0}, {4, SLUICE_ATTEMPTED, 2, 0}}), SLUICE_OK);
    EXPECT_TRUE(settled.empty());
    instance.table().close(instance.self());
    ASSERT_EQ(settled.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(settled[i].tag, i + 1);
        EXPECT_EQ(settled[i].action, SLUICE_NACK);
        EXPECT_EQ(settled[i].attempt, 0u) << "the try does not count";
    }
    EXPECT_EQ(flushed, 1);
    const std::uint64_t tag = 1;
    source.sink->settled(source.sink->context, &tag, 1, SLUICE_OK);  // to nobody
}

TEST_F(RehearsedSource, GivesBackAtOnceWhatTheHostGivesBack) {
    const QueueInstance instance = rehearsed();
    EXPECT_EQ(settle(instance, {acked(1), {2, SLUICE_NACK, 3, 0}}), SLUICE_OK);
    ASSERT_EQ(settled.size(), 1u);
    EXPECT_EQ(settled[0].tag, 2u);
}

TEST_F(RehearsedSource, LeavesUnsettledWhatTheSourceDoesNotTakeBack) {
    source.capabilities = SLUICE_QUEUE_STABLE_IDS;
    const QueueInstance instance = rehearsed();
    EXPECT_EQ(settle(instance, {acked(1), {2, SLUICE_NACK, 0, 0}}), SLUICE_OK);
    instance.table().close(instance.self());
    EXPECT_TRUE(settled.empty());
}

TEST_F(RehearsedSource, EndsAfterSoManyMessages) {
    source.on_poll = [](std::uint32_t, std::uint32_t, sluice_fault*) { return SLUICE_OK; };
    const QueueInstance instance = rehearsed(2);
    settle(instance, {acked(1)});
    EXPECT_EQ(instance.table().poll(instance.self(), 10, 0, nullptr), SLUICE_OK);
    settle(instance, {acked(2)});
    EXPECT_EQ(instance.table().poll(instance.self(), 10, 0, nullptr), SLUICE_END);
}

}  // namespace
}  // namespace sluice
