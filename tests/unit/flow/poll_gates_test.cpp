#include "flow/poll_gates.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

struct Gate {
    bool shut = false;
    std::uint64_t messages = 1'000;
    std::int64_t due_ns = 0;
    int asked = 0;

    PollGate named(std::string_view reason, bool shuts_replays = false) {
        return {.reason = reason,
                .bound =
                    [this](PollAllowance& allowance) {
                        ++asked;
                        allowance.messages = shut ? 0 : std::min(allowance.messages, messages);
                    },
                .due_ns = [this] { return due_ns; },
                .shuts_replays = shuts_replays};
    }
};

class PollGatesTest : public testing::Test {
protected:
    PollGatesTest() {
        gates.add(room.named("room", true));
        gates.add(memory.named("memory"));
        gates.add(rate.named("rate"));
    }

    Gate room, memory, rate;
    PollGates gates;
};

TEST_F(PollGatesTest, AllowWhatTheNarrowestAllows) {
    memory.messages = 7;
    EXPECT_EQ(gates.ask(10).messages, 7u);
    EXPECT_EQ(gates.not_polled().reason, "");
    EXPECT_EQ(gates.due_ns(), 0);
}

TEST_F(PollGatesTest, AskEachOneAlsoBehindOneThatIsShut) {
    room.shut = true;
    EXPECT_EQ(gates.ask(10).messages, 0u);
    EXPECT_EQ(memory.asked, 1);
    EXPECT_EQ(rate.asked, 1);
}

TEST_F(PollGatesTest, NameTheFirstThatIsShutAndSinceWhenNothingWasPolled) {
    memory.shut = rate.shut = true;
    gates.ask(10);
    EXPECT_EQ(gates.not_polled().reason, "memory");
    memory.shut = false;
    gates.ask(20);
    EXPECT_EQ(gates.not_polled().reason, "rate");
    EXPECT_EQ(gates.not_polled().since_ns, 10) << "nothing was polled between the two";
    rate.shut = false;
    gates.ask(30);
    EXPECT_EQ(gates.not_polled().reason, "");
    room.shut = true;
    gates.ask(40);
    EXPECT_EQ(gates.not_polled().since_ns, 40);
}

TEST_F(PollGatesTest, AreAskedAgainWhenTheFirstMayOpenByItself) {
    room.shut = memory.shut = rate.shut = true;
    memory.due_ns = 500;
    rate.due_ns = 300;
    gates.ask(10);
    EXPECT_EQ(gates.due_ns(), 300) << "somebody rings for the first";
    rate.shut = false;
    gates.ask(20);
    EXPECT_EQ(gates.due_ns(), 500);
    memory.shut = false;
    gates.ask(30);
    EXPECT_EQ(gates.due_ns(), 0);
}

TEST_F(PollGatesTest, HoldReplaysWhereTheySaySo) {
    memory.shut = true;
    EXPECT_TRUE(gates.lets_replays_pass());
    room.shut = true;
    EXPECT_FALSE(gates.lets_replays_pass());
}

}  // namespace
}  // namespace sluice
