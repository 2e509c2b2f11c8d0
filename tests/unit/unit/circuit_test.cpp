#include "unit/circuit.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "observe/memory_log.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

struct Waiting final : Circuit::Waiter {
    void ring() override { ++rung; }
    std::atomic<int> rung{0};
};

class CircuitTest : public testing::Test {
protected:
    void pass_backoff() { clock.advance(std::chrono::nanoseconds(Circuit::retry_max_ns)); }
    std::size_t said(std::string_view text) {
        std::size_t times = 0;
        const std::string all = log.text();
        for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++times;
        return times;
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::info, false, {}}, clock, log.file()};
    std::vector<std::string> failures;
    Circuit circuit{clock, logging.logger("databases.db"), 1, [this](const std::string& why) { failures.push_back(why); }};
    Waiting one, two;
};

TEST_F(CircuitTest, IsClosedUntilTheDatabaseIsAway) {
    EXPECT_TRUE(circuit.closed());
    EXPECT_EQ(circuit.turn(true), Circuit::Turn::go);
    EXPECT_EQ(circuit.wait(one), 0);
    circuit.away("no route");
    EXPECT_FALSE(circuit.closed());
    EXPECT_EQ(circuit.away_since_ns(), clock.now());
}

TEST_F(CircuitTest, SaysOnceThatTheDatabaseIsAwayAndOnceThatItIsBack) {
    for (int i = 0; i < 3; ++i) circuit.away("no route");
    for (int i = 0; i < 3; ++i) {
        pass_backoff();
        ASSERT_EQ(circuit.turn(true), Circuit::Turn::ask);
        circuit.asked(i == 2, "still no route");
    }
    EXPECT_EQ(said("is unreachable"), 1u);
    EXPECT_EQ(said("no route"), 1u);
    EXPECT_EQ(said("responds again after 15.0 s"), 1u);
}

TEST_F(CircuitTest, LetsOneWorkerAskAtATimeAndNoneBeforeTheTime) {
    circuit.away("");
    EXPECT_EQ(circuit.turn(true), Circuit::Turn::wait);
    clock.advance(milliseconds(100));
    EXPECT_EQ(circuit.turn(true), Circuit::Turn::ask);
    pass_backoff();
    EXPECT_EQ(circuit.turn(true), Circuit::Turn::wait) << "the first has not said what it heard";
    circuit.asked(false, "");
    EXPECT_EQ(circuit.turn(true), Circuit::Turn::wait) << "and then the next time has to come";
}

TEST_F(CircuitTest, WaitsTwiceAsLongAfterEachQuestionUpToALimit) {
    circuit.away("");
    for (std::int64_t most = Circuit::retry_first_ns; most < 20 * Circuit::retry_max_ns; most *= 2) {
        const std::int64_t wait = circuit.wait(one) - clock.now();
        EXPECT_LE(wait, std::min(most, Circuit::retry_max_ns));
        EXPECT_GE(wait, std::min(most, Circuit::retry_max_ns) / 4 * 3);
        pass_backoff();
        ASSERT_EQ(circuit.turn(true), Circuit::Turn::ask);
        circuit.asked(false, "");
    }
}

TEST_F(CircuitTest, KeepsTheWaitLongUntilSomethingHasWorked) {
    const auto lapse = [&] {
        circuit.away("");
        const std::int64_t wait = circuit.wait(one) - clock.now();
        pass_backoff();
        EXPECT_EQ(circuit.turn(true), Circuit::Turn::ask);
        circuit.asked(true, "");
        EXPECT_TRUE(circuit.was_spurious());
        return wait;
    };
    lapse();
    EXPECT_GT(lapse(), Circuit::retry_first_ns) << "the answer to a question is no work";
    circuit.worked();
    EXPECT_LE(lapse(), Circuit::retry_first_ns);
}

TEST_F(CircuitTest, RingsAllThatWaitOnceItCloses) {
    circuit.away("");
    circuit.wait(one);
    circuit.wait(one);
    circuit.wait(two);
    pass_backoff();
    ASSERT_EQ(circuit.turn(true), Circuit::Turn::ask);
    circuit.asked(true, "");
    EXPECT_EQ(one.rung, 1);
    EXPECT_EQ(two.rung, 1);
    EXPECT_EQ(circuit.wait(one), 0);
}

TEST_F(CircuitTest, RingsAllThatWaitWhenTheTimeOfTheNextQuestionHasChanged) {
    circuit.away("");
    pass_backoff();
    ASSERT_EQ(circuit.turn(true), Circuit::Turn::ask);
    EXPECT_EQ(circuit.wait(one), INT64_MAX) << "nobody knows when";
    circuit.asked(false, "");
    EXPECT_EQ(one.rung, 1);
    EXPECT_FALSE(circuit.was_spurious());
}

TEST_F(CircuitTest, RingsNobodyThatLeft) {
    circuit.away("");
    circuit.wait(one);
    circuit.forget(one);
    circuit.forget(one);
    pass_backoff();
    ASSERT_EQ(circuit.turn(true), Circuit::Turn::ask);
    circuit.asked(true, "");
    EXPECT_EQ(one.rung, 0);
}

TEST_F(CircuitTest, WithoutAQuestionToAskLetsOneWorkerTryAndClosesWhenThatWorks) {
    circuit.away("");
    circuit.worked();
    EXPECT_FALSE(circuit.closed()) << "begun before it became unreachable";
    pass_backoff();
    EXPECT_EQ(circuit.turn(false), Circuit::Turn::try_);
    EXPECT_EQ(circuit.turn(false), Circuit::Turn::wait);
    circuit.away("");
    circuit.worked();
    EXPECT_FALSE(circuit.closed()) << "the try has failed";
    pass_backoff();
    EXPECT_EQ(circuit.turn(false), Circuit::Turn::try_);
    pass_backoff();
    EXPECT_EQ(circuit.turn(false), Circuit::Turn::try_) << "the first may never have got to the database";
    circuit.worked();
    EXPECT_TRUE(circuit.closed());
}

TEST_F(CircuitTest, StaysOpenOnceItHasFailedForGood) {
    circuit.fail("the file is no database");
    circuit.fail("the file is no database");
    EXPECT_EQ(failures, std::vector<std::string>{"the file is no database"});
    circuit.worked();
    pass_backoff();
    EXPECT_EQ(circuit.turn(true), Circuit::Turn::wait);
    EXPECT_EQ(circuit.wait(one), INT64_MAX);
    EXPECT_TRUE(circuit.failed_for_good());
    EXPECT_FALSE(circuit.closed());
}

TEST_F(CircuitTest, FailsForGoodAlsoWhileItIsAwayAndRingsWhoWaits) {
    circuit.away("");
    circuit.wait(one);
    circuit.fail("");
    EXPECT_EQ(one.rung, 1);
    EXPECT_EQ(failures, std::vector<std::string>{"the plugin gave no reason"});
}

// Many workers, a database that becomes unreachable again and again: nobody waits for ever, and never do two ask at once.
TEST(CircuitStress, WakesEverybodyEachTime) {
    SystemClock clock;
    Circuit circuit(clock, Logger());
    std::atomic<int> asking{0}, asked{0};
    struct Sleeper final : Circuit::Waiter {
        void ring() override {
            rung.store(true, std::memory_order_release);
            rung.notify_one();
        }
        std::atomic<bool> rung{false};
    };
    const auto work = [&](int number) {
        Sleeper sleeper;
        for (int i = 0; i < 200; ++i) {
            if (number == 0 && i % 100 == 50) circuit.away("");
            while (!circuit.closed()) {
                const auto turn = circuit.turn(true);
                if (turn == Circuit::Turn::ask) {
                    EXPECT_EQ(asking.fetch_add(1), 0);
                    ++asked;
                    asking.fetch_sub(1);
                    circuit.asked(asked % 2 == 0, "");
                } else if (turn == Circuit::Turn::wait) {
                    const std::int64_t until = circuit.wait(sleeper);
                    if (until == INT64_MAX) sleeper.rung.wait(false, std::memory_order_acquire);
                    sleeper.rung.store(false, std::memory_order_release);
                    std::this_thread::yield();  // a time would be an alarm of the watch's
                }
            }
            circuit.worked();
        }
        circuit.forget(sleeper);
    };
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) threads.emplace_back(work, number);
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(circuit.closed());
    EXPECT_GE(asked, 4) << "two absences of two questions each";
}

}  // namespace
}  // namespace sluice
