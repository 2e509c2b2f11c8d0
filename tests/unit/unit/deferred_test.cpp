#include "unit/deferred.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace sluice {
namespace {

constexpr std::int64_t time_ns = 10'000'000'000, grace_ns = Deferred::grace_ms * 1'000'000;

class DeferredTest : public testing::Test {
protected:
    DeferredTest() {
        deferred.on_news([this] { ++news; });
    }

    // As a handler's call that says defer.
    bool defer(sluice_ticket ticket, Message& message) {
        running.begin(ticket);
        const bool added = deferred.add(ticket, &message, now_ns, time_ns);
        running.end();
        return added;
    }
    sluice_status done(sluice_ticket ticket) { return deferred.end(ticket, {.verdict = SLUICE_DONE}); }

    std::int64_t now_ns = 1'000;
    CallTickets running;
    Deferred deferred{running};
    std::array<Message, 3> messages{};
    Deferred::End end;
    int news = 0;
};

TEST_F(DeferredTest, GivesAMessageBackOnceItHasEndedAndItsUnitToo) {
    ASSERT_TRUE(defer(1, messages[0]));
    EXPECT_EQ(deferred.size(), 1u);
    EXPECT_EQ(done(1), SLUICE_OK);
    EXPECT_FALSE(deferred.take(end)) << "its unit may yet fail";
    EXPECT_EQ(news, 0);
    deferred.arm(1);
    EXPECT_EQ(news, 1);
    ASSERT_TRUE(deferred.take(end));
    EXPECT_EQ(end.message, &messages[0]);
    EXPECT_EQ(end.verdict, SLUICE_DONE);
    EXPECT_TRUE(deferred.empty());
    EXPECT_FALSE(deferred.take(end));
}

TEST_F(DeferredTest, GivesMessagesBackInTheOrderOfTheirEnds) {
    for (const sluice_ticket ticket : {1, 2, 3}) {
        ASSERT_TRUE(defer(ticket, messages[ticket - 1]));
        deferred.arm(ticket);
    }
    std::thread([&] {
        for (const sluice_ticket ticket : {3, 1, 2}) EXPECT_EQ(done(ticket), SLUICE_OK);
    }).join();
    EXPECT_EQ(news, 3);
    for (const std::size_t number : {2, 0, 1}) {
        ASSERT_TRUE(deferred.take(end));
        EXPECT_EQ(end.message, &messages[number]);
    }
}

TEST_F(DeferredTest, EndsATicketOnceAndNoOther) {
    EXPECT_EQ(done(0), SLUICE_STALE);
    EXPECT_EQ(done(1), SLUICE_STALE) << "never given out";
    ASSERT_TRUE(defer(1, messages[0]));
    EXPECT_EQ(done(1), SLUICE_OK);
    EXPECT_EQ(done(1), SLUICE_STALE);
    deferred.arm(1);
    ASSERT_TRUE(deferred.take(end));
    EXPECT_EQ(done(1), SLUICE_STALE);
}

TEST_F(DeferredTest, KeepsAnEndThatComesWhileItsCallStillRuns) {
    running.begin(1);
    EXPECT_EQ(deferred.end(1, {.cookie = 7}), SLUICE_OK);
    EXPECT_EQ(done(1), SLUICE_STALE) << "one is enough";
    EXPECT_EQ(done(2), SLUICE_STALE);
    ASSERT_TRUE(deferred.add(1, &messages[0], now_ns, time_ns));
    running.end();
    deferred.arm(1);
    ASSERT_TRUE(deferred.take(end));
    EXPECT_EQ(end.cookie, 7u);
    EXPECT_EQ(end.message, &messages[0]);
}

TEST_F(DeferredTest, DropsAnEndOfACallThatDidNotDefer) {
    running.begin(1);
    EXPECT_EQ(done(1), SLUICE_OK);
    ASSERT_TRUE(defer(2, messages[0]));
    deferred.arm(2);
    EXPECT_FALSE(deferred.take(end));
}

TEST_F(DeferredTest, ForgetsAMessageWhoseUnitFailed) {
    ASSERT_TRUE(defer(1, messages[0]));
    deferred.forget(1);
    EXPECT_TRUE(deferred.empty());
    EXPECT_EQ(done(1), SLUICE_STALE);
    deferred.arm(1);
    EXPECT_FALSE(deferred.take(end));
}

TEST_F(DeferredTest, HasRoomForSoManyMessages) {
    std::vector<Message> many(limits::deferred_max + 1);
    for (std::uint32_t i = 0; i < limits::deferred_max; ++i) ASSERT_TRUE(defer(i + 1, many[i]));
    EXPECT_FALSE(defer(limits::deferred_max + 1, many.back()));
    EXPECT_EQ(deferred.size(), limits::deferred_max);
    deferred.forget(1);
    EXPECT_TRUE(defer(limits::deferred_max + 1, many.back()));
}

TEST_F(DeferredTest, HasRoomForSoManyBytes) {
    messages[0].charge = messages[1].charge = limits::deferred_bytes / 2;
    messages[2].charge = 1;
    ASSERT_TRUE(defer(1, messages[0]));
    ASSERT_TRUE(defer(2, messages[1]));
    EXPECT_FALSE(defer(3, messages[2]));
    deferred.arm(1);
    EXPECT_EQ(done(1), SLUICE_OK);
    ASSERT_TRUE(deferred.take(end));
    EXPECT_TRUE(defer(3, messages[2]));
}

TEST_F(DeferredTest, EndsAsARetryWhatIsOverdueAndNobodyCanBeAskedFor) {
    ASSERT_TRUE(defer(1, messages[0]));
    EXPECT_EQ(deferred.next_due_ns(), 0) << "not before its unit has ended";
    deferred.arm(1);
    EXPECT_EQ(deferred.next_due_ns(), now_ns + time_ns);
    EXPECT_EQ(deferred.deadline_ns(1), now_ns + time_ns);
    EXPECT_EQ(deferred.expire(now_ns + time_ns - 1, false, false).given_up, 0u);
    const Deferred::Overdue overdue = deferred.expire(now_ns + time_ns, false, false);
    EXPECT_EQ(overdue.given_up, 1u);
    EXPECT_TRUE(overdue.asked.empty());
    EXPECT_EQ(deferred.deadline_ns(1), 0);
    ASSERT_TRUE(deferred.take(end));
    EXPECT_EQ(end.verdict, SLUICE_RETRY);
    EXPECT_EQ(end.text, "it was deferred, and not ended in time");
}

TEST_F(DeferredTest, GivesAHandlerThatCanBeAskedAGraceToEndIt) {
    ASSERT_TRUE(defer(1, messages[0]));
    deferred.arm(1);
    std::int64_t now = now_ns + time_ns;
    EXPECT_EQ(deferred.expire(now, false, true).asked, std::vector<sluice_ticket>{1});
    EXPECT_EQ(deferred.next_due_ns(), now + grace_ns);
    now += grace_ns - 1;
    EXPECT_TRUE(deferred.expire(now, false, true).asked.empty()) << "asked once";
    EXPECT_FALSE(deferred.take(end));
    EXPECT_EQ(deferred.expire(now + 1, false, true).given_up, 1u);
    ASSERT_TRUE(deferred.take(end));
    EXPECT_EQ(end.text, "it was deferred, and not ended in time, nor when its handler was asked to");
}

TEST_F(DeferredTest, AsksForAllAtOnceWhereTheHostEnds) {
    for (const sluice_ticket ticket : {1, 2, 3}) ASSERT_TRUE(defer(ticket, messages[ticket - 1]));
    deferred.arm(1);
    deferred.arm(2);
    EXPECT_EQ(done(2), SLUICE_OK);
    EXPECT_EQ(deferred.expire(now_ns, true, true).asked, std::vector<sluice_ticket>{1}) << "2 has ended, the unit of 3 has not";
}

TEST_F(DeferredTest, TakesNoTicketOnceItIsClosed) {
    ASSERT_TRUE(defer(1, messages[0]));
    deferred.arm(1);
    deferred.close();
    EXPECT_EQ(done(1), SLUICE_STALE);
    EXPECT_EQ(deferred.deadline_ns(1), 0);
    EXPECT_EQ(news, 0);
}

}  // namespace
}  // namespace sluice
