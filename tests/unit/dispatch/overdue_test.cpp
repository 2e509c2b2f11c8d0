#include "dispatch/overdue.hpp"

#include "core/clock.hpp"
#include "dispatch/dispatcher_bench.hpp"

namespace sluice {
namespace {

constexpr std::int64_t second = 1'000 * ns_per_ms;

// The first message of key a is in its handler until let_go().
class OverdueTest : public DispatcherTest {
protected:
    void hold_one(std::int64_t warn_at) {
        warn_at_ms = warn_at;
        make(WhenFull::Then::block);
        now_ns = second;
        dispatch("a0");
        ASSERT_TRUE(entered[0].reaches(1));
    }
    // As the source thread does, again and again: the worker has time to answer.
    void look_at(std::int64_t at_ns) {
        for (int i = 0; i < 3; ++i) dispatcher->name_overdue(at_ns + i * 100 * ns_per_ms, second);
    }
    std::size_t times(const std::string& text) const {
        const std::string log = bench.log.text();
        std::size_t count = 0;
        for (std::size_t at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
        return count;
    }
};

TEST_F(OverdueTest, NamesTheOldestMessageItsKeyAndWhatItWaitsFor) {
    hold_one(10'000);
    now_ns = 5 * second;
    dispatch("a1 a2");
    look_at(11 * second - 300 * ns_per_ms);
    EXPECT_EQ(times("has not ended"), 0u);
    look_at(11 * second);
    EXPECT_EQ(times("message a0, key \"a\", was received 10.0s ago and has not ended"), 1u) << bench.log.text();
    EXPECT_EQ(times("It waits for worker 0, which has been in a batch for "), 1u) << bench.log.text();
    EXPECT_EQ(times("now with message a0, key \"a\"; `sluice why FILE --key 'a'` says more"), 1u) << bench.log.text();
    let_go();
    work_off(3);
}

TEST_F(OverdueTest, SaysSoOncePerMinute) {
    hold_one(1'000);
    for (std::int64_t at = 2; at < 62; ++at) look_at(at * second);
    EXPECT_EQ(times("has not ended"), 1u) << bench.log.text();
    look_at(62 * second);
    EXPECT_EQ(times("has not ended"), 2u) << bench.log.text();
    let_go();
    work_off(1);
    look_at(200 * second);
    EXPECT_EQ(times("has not ended"), 2u) << "it has, whatever the source may think";
}

TEST_F(OverdueTest, IsOffByDefault) {
    hold_one(0);
    look_at(1'000'000 * second);
    EXPECT_EQ(times("has not ended"), 0u);
    let_go();
    work_off(1);
}

TEST(Overdue, SaysWhatAMessageWaitsFor) {
    const auto told = [](auto fill) {
        PoolQuestion question;
        question.worker = 3;
        fill(question);
        question.answer();
        return waits_for(question, second);
    };
    EXPECT_EQ(waits_for(PoolQuestion(), second), "worker 0, which does not answer");
    EXPECT_EQ(told([](PoolQuestion& question) { question.waiting_for_room = 1; }), "room in the queue of worker 3");
    EXPECT_EQ(told([](PoolQuestion& question) { question.queued = 1, question.before = 12; }),
              "its turn, behind 12 others in the queue of worker 3");
    EXPECT_EQ(told([](PoolQuestion& question) { question.held = 1; }), "its turn at worker 3");
    EXPECT_EQ(told([](PoolQuestion& question) {
                  question.parked = 2, question.attempt = 4, question.parked_id = "m7", question.parked_error = "no such table";
                  question.due_ns = 3 * second;
              }),
              "attempt 4 of message m7 in 2.00s: no such table");
    EXPECT_EQ(told([](PoolQuestion& question) { question.deferred = true, question.parked = 1; }),
              "a message that its handler has deferred, until that is completed");
    EXPECT_EQ(told([](PoolQuestion& question) { question.database_away = true, question.pauses_for = "refused"; }),
              "a database that is unreachable: refused");
    EXPECT_EQ(told([](PoolQuestion& question) { question.paused_until_ns = 2 * second; }),
              "its unit of work to be tried again in 1.00s");
    EXPECT_EQ(told([](PoolQuestion& question) { question.in_handler = true, question.handling = "message m1"; }),
              "worker 3, which has been in a batch for 1.00s, now with message m1");
    EXPECT_EQ(told([](PoolQuestion& question) { question.run_again = 1; }), "its unit of work, which failed, to run again");
    EXPECT_EQ(told([](PoolQuestion& question) { question.committing = 1; }),
              "its unit of work to be committed, published and settled");
    EXPECT_EQ(told([](PoolQuestion& question) { question.blocked = true, question.queued = 1; }),
              "worker 3, which takes nothing new: a key has as many messages as park_limit allows");
    EXPECT_EQ(told([](PoolQuestion&) {}), "its dead letter to be stored, or for an earlier one of its key");
}

}  // namespace
}  // namespace sluice
