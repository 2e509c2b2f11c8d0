#include "source/poller.hpp"

#include <gtest/gtest.h>

#include <string>

#include "observe/memory_log.hpp"
#include "source/fake_source.hpp"

namespace sluice {
namespace {

class PollerTest : public testing::Test {
protected:
    PollerTest() {
        EXPECT_TRUE(queue->open_source(*intake.sink()));
        source.on_poll = [this](std::uint32_t, std::uint32_t, sluice_fault* fault) {
            for (std::uint32_t i = 0; i < brings; ++i) {
                sluice_incoming incoming{};
                incoming.struct_size = sizeof incoming;
                EXPECT_EQ(source.sink->push(source.sink->context, &incoming), SLUICE_OK);
            }
            clock.advance(std::chrono::nanoseconds(takes_ns));
            return says == SLUICE_OK ? SLUICE_OK : sluice_fault_set(fault, says, "so it is", 8);
        };
    }
    // How many messages came.
    std::uint32_t poll(std::uint32_t wait_ms = 0) {
        MessageList polled = poller.poll({}, wait_ms, now_ns);
        const std::uint32_t count = polled.size();
        while (Message* message = polled.pop_front()) {
            EXPECT_EQ(message->received_ns, now_ns);
            store.destroy(message);
        }
        return count;
    }
    bool logged(const std::string& text) const { return log.text().find(text) != std::string::npos; }

    FakeClock clock;
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    FakeSource source;
    const std::unique_ptr<QueuePort> queue = source.create_port();
    MessageStore store{"fake"};
    Settlement settlement{*queue, store, clock, logging.logger("sources.fake")};
    Confirmed confirmed{"fake"};
    Intake intake{store, settlement, confirmed};
    Poller poller{*queue, intake, clock, logging.logger("sources.fake")};
    std::int64_t now_ns = 0;
    std::uint32_t brings = 0;
    std::int64_t takes_ns = 0;
    sluice_status says = SLUICE_OK;
};

TEST_F(PollerTest, WaitsForMessagesOnlyAfterAPollThatBroughtNone) {
    EXPECT_EQ(poller.wait_ms(), 0u);
    EXPECT_EQ(poll(), 0u);
    EXPECT_EQ(poller.wait_ms(), 1'000u);
    brings = 2;
    EXPECT_EQ(poll(poller.wait_ms()), 2u);
    EXPECT_EQ(poller.wait_ms(), 0u);
}

TEST_F(PollerTest, CountsMessagesAsReceivedAfterTheWait) {
    brings = 1;
    takes_ns = 5;
    poll();
    EXPECT_EQ(now_ns, 0) << "it did not wait";
    poll(100);
    EXPECT_EQ(now_ns, 10);
}

TEST_F(PollerTest, TriesAnUnreachableSourceAgainAfterAWaitThatDoublesAndSaysSoOnce) {
    says = SLUICE_UNAVAILABLE;
    poll();
    EXPECT_TRUE(poller.is_unreachable(0));
    EXPECT_EQ(poller.again_ns(), 100 * ns_per_ms);
    EXPECT_FALSE(poller.is_unreachable(poller.again_ns()));
    clock.advance(std::chrono::milliseconds(100));
    poll();
    EXPECT_EQ(poller.again_ns(), 300 * ns_per_ms);
    EXPECT_EQ(poller.away_since_ns(), 0) << "as the clock said at the first failure";
    for (int i = 0; i < 20; ++i) poll();
    EXPECT_EQ(poller.again_ns(), 5'100 * ns_per_ms) << "five seconds at most";
    says = SLUICE_OK;
    poll();
    EXPECT_FALSE(poller.is_unreachable(now_ns));
    EXPECT_EQ(log.text().find("is unreachable"), log.text().rfind("is unreachable"));
    EXPECT_TRUE(logged("responds again after 0.1 s"));
    EXPECT_EQ(poller.failed(), "");
}

TEST_F(PollerTest, SaysWhyASourceCannotGoOn) {
    says = SLUICE_CORRUPT;
    brings = 1;
    EXPECT_EQ(poll(), 1u) << "what came before it failed is there";
    EXPECT_NE(poller.failed().find("so it is"), std::string::npos);
    EXPECT_FALSE(poller.is_over());
}

TEST_F(PollerTest, IsOverWhenTheSourceSaysSoAndNobodyFeedsIt) {
    says = SLUICE_END;
    poll();
    EXPECT_TRUE(poller.is_over());
}

TEST_F(PollerTest, IsNotOverWhileAPoolMayFeedTheSource) {
    Stages stages;
    EventCount nobody;
    stages.add(nobody);
    poller.follow(stages, nobody);
    stages.connect({{}, {0}});
    says = SLUICE_END;
    poller.begin_turn();
    poll();
    EXPECT_FALSE(poller.is_over());
    EXPECT_TRUE(poller.waits_for_feeders(now_ns));
    EXPECT_FALSE(poller.waits_for_feeders(poller.again_ns())) << "others may put something there too";
    poller.look_for_end(true);
    EXPECT_FALSE(poller.is_over());
    poller.begin_turn();
    poller.look_for_end(true);
    EXPECT_FALSE(poller.has_news());
    stages.stored(1);
    EXPECT_TRUE(poller.has_news());
    EXPECT_FALSE(poller.waits_for_feeders(now_ns)) << "something has come";
    poll();
    stages.ended(0);
    poller.look_for_end(false);
    EXPECT_FALSE(poller.is_over()) << "what is in flight may come back to it";
    poller.look_for_end(true);
    EXPECT_TRUE(poller.is_over());
}

}  // namespace
}  // namespace sluice
