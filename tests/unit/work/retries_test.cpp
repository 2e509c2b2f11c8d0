// When messages are tried again, and what is said of that.
#include "work/retries.hpp"

#include <optional>

#include "work/failing.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(WorkerNotices, SaysTheFirstFailedAttemptAndThenOneInTenSecondsWithTheirNumber) {
    WorkerBench bench(Failing{{{"a1", 2}, {"b1", 1}, {"c1", 1}}}, slow_retries());
    bench.push("a1 b1");
    bench.run();
    EXPECT_EQ(bench.times_logged("warn", "message a1 failed at attempt 1 of 3 and is tried again in "), 1u) << bench.log.text();
    EXPECT_EQ(bench.times_logged("warn", "not yet"), 1u) << "its text, and not for b1";
    EXPECT_EQ(bench.times_logged("debug", "message b1 failed at attempt 1 of 3"), 1u);
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.times_logged("debug", "message a1 failed at attempt 2 of 3"), 1u);
    bench.clock.advance(milliseconds(9'000));
    bench.push("c1");
    bench.run();
    EXPECT_EQ(bench.times_logged("warn", "not yet (2 more since the last such line)"), 1u) << bench.log.text();
}

// Without a worker.
class RetriesTest : public testing::Test {
protected:
    Retries& with(std::uint32_t attempts, bool keeps_attempts = false) {
        policy = WorkerBench::quick();
        policy.attempts = attempts;
        policy.backoff_ms = policy.backoff_max_ms = 1'000;
        reports.emplace(Reports::ReturnPath{outcomes, event_count, confirmed, keeps_attempts});
        return retries.emplace(policy, notices, counters, *reports, clock, logging.logger("pools.p"), 1);
    }
    // "7#2 after 5 ms: why"
    Texts noted() {
        Texts all;
        reports->send();
        take_outcomes(
            outcomes,
            [&](const AttemptNote& note) {
                all.push_back(std::to_string(note.tag) + "#" + std::to_string(note.next_attempt) + " after " +
                              std::to_string(note.delay_ms) + " ms: " + note.reason);
            },
            [](Message*) {});
        return all;
    }
    RetriesTest() {
        message.view.id = {"m7", 2};
        message.tag = 7;
        message.view.attempt = 1;
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::debug, false, {}}, clock, log.file()};
    WorkPolicy policy;
    PoolNotices notices;
    WorkerCounters counters;
    Inbox<Outcomes> outcomes;
    EventCount event_count;
    Confirmed confirmed{"test"};
    std::optional<Reports> reports;
    std::optional<Retries> retries;
    Message message;
};

TEST_F(RetriesTest, CountAnAttemptAndKeepItsReasonUntilTheyAreUsedUp) {
    with(2);
    EXPECT_EQ(retries->after_failure_ns(&message, 5, "not yet"), clock.now() + 5'000'000);
    EXPECT_EQ(message.view.attempt, 2u);
    EXPECT_STREQ(message.error(), "not yet");
    EXPECT_EQ(message.outcome, Outcome::none);
    EXPECT_EQ(retries->after_failure_ns(&message, 5, "never"), 0);
    EXPECT_EQ(message.outcome, Outcome::dead_letter);
    EXPECT_STREQ(message.error(), "never");
    EXPECT_EQ(counters.read().retried, 1u);
}

TEST_F(RetriesTest, AreNoneWhereNoKeyIsToWait) {
    with(5);
    policy.park = false;
    EXPECT_EQ(retries->after_failure_ns(&message, 0, ""), 0);
    EXPECT_EQ(message.outcome, Outcome::dead_letter);
    EXPECT_STREQ(message.error(), "the handler gave no reason");
}

TEST_F(RetriesTest, AreToldToASourceThatKeepsCountButNotOfReplayedMessages) {
    with(5, true).after_failure_ns(&message, 5, "not yet");
    retries->after_failure_ns(&message, 6, "");
    message.replayed = true;
    retries->after_failure_ns(&message, 7, "of a dead letter");
    message.replayed = false;
    EXPECT_EQ(noted(), (Texts{"7#2 after 5 ms: not yet", "7#3 after 6 ms: "})) << "the handler's reason, and no other";
    with(5).after_failure_ns(&message, 5, "not yet");
    EXPECT_EQ(noted(), Texts{});
}

TEST_F(RetriesTest, LeaveTheAttemptAloneAfterAnOutage) {
    with(1);
    EXPECT_GT(retries->after_outage_ns(&message, 0, "503"), clock.now());
    EXPECT_EQ(message.view.attempt, 1u);
    EXPECT_EQ(message.outages, 1u);
    EXPECT_STREQ(message.error(), "503");
    message.outages = UINT16_MAX;
    retries->after_outage_ns(&message, 0, "503");
    EXPECT_EQ(message.outages, UINT16_MAX);
    EXPECT_EQ(counters.read().retried, 0u);
}

}  // namespace
}  // namespace sluice
