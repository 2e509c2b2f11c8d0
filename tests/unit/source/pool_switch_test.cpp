#include "source/pool_switch.hpp"

#include <gtest/gtest.h>

#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

class PoolSwitchTest : public DispatcherTest {
protected:
    void SetUp() override { make(WhenFull::Then::block); }
    // The first worker holds a0 in its handler, a1 and a2 in its queue; a3 and a4 wait for room.
    void fill() {
        dispatch("a0");
        ASSERT_TRUE(entered[0].reaches(1));
        dispatch("a1 a2 a3 a4");
        ASSERT_EQ(dispatcher->waiting(), 2u);
    }
    void keep(const std::string& id) { pools.keep(message(id, R"({"type":"flight","k":")" + id.substr(0, 1) + "\"}")); }
    std::string take_all() {
        pools.take_all(ended);
        return take_ended();
    }

    PoolSwitch pools;
};

TEST_F(PoolSwitchTest, ShowsHowFarItIs) {
    EXPECT_EQ(pools.stage(), PoolStage::polling);
    pools.hold(Hold::keep);
    EXPECT_EQ(pools.stage(), PoolStage::held);
    pools.all_is_back();
    EXPECT_EQ(pools.stage(), PoolStage::quiet);
    EXPECT_TRUE(pools.is_on());
    pools.leave(*dispatcher);
    EXPECT_EQ(pools.stage(), PoolStage::quiet) << "the old pools may still be looked at";
    pools.go_on();
    EXPECT_EQ(pools.stage(), PoolStage::polling);
    EXPECT_FALSE(pools.is_on());
}

TEST_F(PoolSwitchTest, PutsWhatCameBackBeforeWhatWaitedAndThatBeforeWhatWasKeptEarlier) {
    fill();
    keep("a9");  // given back by a worker that an earlier hold had asked
    pools.hold(Hold::keep);
    keep("a1");
    keep("a2");
    EXPECT_EQ(pools.size(), 3u);
    pools.leave(*dispatcher);
    EXPECT_EQ(dispatcher->waiting(), 0u);
    EXPECT_EQ(take_all(), "a1 a2 a3 a4 a9");
}

TEST_F(PoolSwitchTest, PushesNothingWhileItKeeps) {
    pools.hold(Hold::keep);
    keep("b1");
    EXPECT_FALSE(pools.may_push(*dispatcher));
    pools.push(*dispatcher, now_ns, ended);
    EXPECT_EQ(pools.size(), 1u);
    EXPECT_TRUE(pools.is_worked_off(*dispatcher)) << "it goes to the new pools";
    pools.leave(*dispatcher);
    pools.go_on();
    EXPECT_FALSE(pools.lets_poll()) << "what was kept goes first";
    EXPECT_TRUE(pools.may_push(*dispatcher));
    pools.push(*dispatcher, now_ns, ended);
    EXPECT_TRUE(pools.lets_poll());
    work_off(1);
    EXPECT_EQ(handled(1), "b1 ");
}

TEST_F(PoolSwitchTest, PushesOnWhileItDrains) {
    fill();
    pools.hold(Hold::drain);
    EXPECT_FALSE(pools.lets_poll());
    EXPECT_FALSE(pools.is_worked_off(*dispatcher));
    let_go();
    work_off(5);
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 a4 ");
    EXPECT_TRUE(pools.is_worked_off(*dispatcher));
}

TEST_F(PoolSwitchTest, ReleasesAllThatWaitsInOrder) {
    fill();
    keep("a9");
    pools.hold(Hold::keep);
    keep("a1");
    pools.release_all(*dispatcher, ended);
    EXPECT_EQ(take_ended(), "a1 a3 a4 a9");
    EXPECT_EQ(outcome, Outcome::released);
    EXPECT_EQ(pools.size(), 0u);
}

}  // namespace
}  // namespace sluice
