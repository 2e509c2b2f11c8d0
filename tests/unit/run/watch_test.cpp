#include "run/watch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>

#include "core/clock.hpp"
#include "publish/fake_target.hpp"

namespace sluice {
namespace {

class Bell final : public Watch::Alarm {
public:
    Bell(std::string name, std::string& order) : name_(std::move(name)), order_(order) {}
    void ring() override {
        order_ += name_;
        rung.add();
    }
    Tally rung;

private:
    const std::string name_;
    std::string& order_;  // written by the watch's thread, read after a ring that follows
};

TEST(Watch, RingsAlarmsInTheOrderOfTheirTimesAndNotBefore) {
    SystemClock clock;
    Watch watch(clock);
    std::string order;
    Bell early("e", order), late("l", order);
    const std::int64_t start = clock.now();
    watch.set(late, start + 20 * ns_per_ms);
    watch.start();
    watch.set(early, start + 10 * ns_per_ms);
    ASSERT_TRUE(late.rung.reaches(1));
    EXPECT_GE(clock.now(), start + 20 * ns_per_ms);
    EXPECT_EQ(order, "el");
}

TEST(Watch, KeepsTheEarlierOfTwoTimesOfAnAlarm) {
    FakeClock clock(1);
    Watch watch(clock);
    std::string order;
    Bell one("1", order), other("2", order), last("3", order);
    watch.set(one, 10);
    watch.set(one, 30);
    watch.set(other, 40);
    watch.set(other, 20);
    watch.set(last, 25);
    clock.advance(std::chrono::nanoseconds(28));
    watch.start();
    ASSERT_TRUE(last.rung.reaches(1));
    EXPECT_EQ(order, "123");
    EXPECT_EQ(one.rung.value(), 1u) << "the later time is forgotten";
}

TEST(Watch, RingsAnAlarmAgainThatIsSetAgainWhileItRings) {
    SystemClock clock;
    Watch watch(clock);
    struct Again final : Watch::Alarm {
        explicit Again(Watch& of) : watch(of) {}
        void ring() override {
            rung.add();
            if (rung.value() < 3) watch.set(*this, 1);
        }
        Watch& watch;
        Tally rung;
    } again(watch);
    watch.start();
    watch.set(again, 1);
    EXPECT_TRUE(again.rung.reaches(3));
    watch.stop();
}

TEST(Watch, EndsWithAlarmsStillSet) {
    SystemClock clock;
    Watch watch(clock);
    std::string order;
    Bell never("n", order);
    watch.start();
    watch.set(never, clock.now() + std::int64_t{365} * 24 * 3'600'000 * ns_per_ms);
    watch.stop();
    EXPECT_EQ(never.rung.value(), 0u);
}

TEST(Watch, LetsGuardsLookWhileAnExecutorIsActive) {
    struct Guard : Watch::Guard {
        std::int64_t look(std::int64_t) override {
            looks.add();
            return 1'000'000;
        }
        Tally looks;
    } guard;
    struct Busy : Runnable {
        Next run() override {
            end.wait();
            return Next::idle;
        }
        bool has_news() const override { return false; }
        std::shared_future<void> end;
    } busy;
    std::promise<void> end;
    busy.end = end.get_future().share();
    SystemClock clock;
    Watch watch(clock);
    Executor executor("guarded", 1, watch.processors(), [&] { watch.wake(); });
    watch.add(executor);
    watch.add(guard);
    watch.start();
    executor.schedule(busy);
    EXPECT_TRUE(guard.looks.reaches(3)) << "also while the handler does not return";
    end.set_value();
    EXPECT_TRUE(executor.stop(clock, clock.now() + 10'000'000'000));
}

}  // namespace
}  // namespace sluice
