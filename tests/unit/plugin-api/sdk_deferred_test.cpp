// Deferred messages and deadlines in the SDK: what a class offers, what a Completer says.
#include <gtest/gtest.h>

#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using namespace std::chrono_literals;
using sluice::Context;
using sluice::FakeHost;
using sluice::Message;

struct Plain : sluice::Handler {
    sluice::Verdict handle(const Message&, Context&) override { return sluice::done(); }
};
constexpr auto plain = sluice::handler<Plain>("plain");

// Keeps the completer of the last call.
struct Defers : sluice::Handler {
    static inline sluice::Completer last;
    static inline sluice_ticket told = 0;
    sluice::Verdict handle(const Message& message, Context& context) override {
        last = sluice::Completer(context);
        if (message.body() == "now") {
            EXPECT_TRUE(last.complete(sluice::skip()));
        }
        return sluice::defer();
    }
    sluice::Verdict resume(const Message& message, Context&, std::uint64_t cookie) {
        return sluice::reject(std::string(message.body()) + " " + std::to_string(cookie));
    }
    void cancel(sluice_ticket ticket) { told = ticket; }
};
constexpr auto defers = sluice::handler<Defers>("defers");

TEST(DeferredSdk, OffersResumeAndCancelOnlyWhereAClassHasThem) {
    EXPECT_EQ(static_cast<const sluice_handler*>(plain.table)->resume, nullptr);
    EXPECT_EQ(static_cast<const sluice_handler*>(plain.table)->cancel, nullptr);
    EXPECT_NE(static_cast<const sluice_handler*>(defers.table)->resume, nullptr);
    EXPECT_NE(static_cast<const sluice_handler*>(defers.table)->cancel, nullptr);
}

TEST(DeferredSdk, EndsAMessageOnceWithVerdictAndText) {
    FakeHost host;
    auto handler = host.handler(defers);
    const auto outcome = handler.handle("later");
    EXPECT_EQ(outcome.verdict, SLUICE_DEFER);
    EXPECT_EQ(Defers::last.ticket(), outcome.ticket);
    EXPECT_EQ(host.deferred.open(), 1u);
    EXPECT_TRUE(Defers::last.complete(sluice::retry("out of paper")));
    EXPECT_FALSE(Defers::last.complete(sluice::done())) << "twice";
    EXPECT_FALSE(Defers::last.resume());
    const auto ends = host.deferred.wait_for_ends(1);
    ASSERT_EQ(ends.size(), 1u);
    EXPECT_EQ(ends[0].verdict, SLUICE_RETRY);
    EXPECT_EQ(ends[0].text, "out of paper");
    EXPECT_EQ(host.deferred.open(), 0u);
}

TEST(DeferredSdk, MayEndAMessageBeforeItsCallHas) {
    FakeHost host;
    auto handler = host.handler(defers);
    EXPECT_EQ(handler.handle("now").verdict, SLUICE_DEFER);
    EXPECT_EQ(host.deferred.wait_for_ends(1).at(0).verdict, SLUICE_SKIP);
    EXPECT_EQ(host.deferred.open(), 0u);
}

TEST(DeferredSdk, IsCalledAgainWithItsCookie) {
    FakeHost host;
    auto handler = host.handler(defers);
    handler.handle("later");
    EXPECT_TRUE(Defers::last.resume(42));
    const auto resumed = handler.resume(host.deferred.wait_for_ends(1).at(0));
    EXPECT_EQ(resumed.verdict, SLUICE_REJECT);
    EXPECT_EQ(resumed.text, "later 42");
}

TEST(DeferredSdk, HearsThatItsTimeIsOver) {
    FakeHost host;
    auto handler = host.handler(defers);
    const auto outcome = handler.handle("later");
    EXPECT_FALSE(Defers::last.cancelled());
    host.cancelled = true;
    EXPECT_TRUE(Defers::last.cancelled());
    handler.cancel(outcome.ticket);
    EXPECT_EQ(Defers::told, outcome.ticket);
}

TEST(DeferredSdk, AnswersFalseWithoutAHostThatKnowsDeferredMessages) {
    const sluice::Completer nobody;
    EXPECT_FALSE(nobody.complete(sluice::done()));
    EXPECT_FALSE(nobody.resume());
    EXPECT_TRUE(nobody.cancelled());
    FakeHost host;
    host.api.complete = nullptr;
    host.api.resume = nullptr;
    auto handler = host.handler(defers);
    handler.handle("later");
    EXPECT_FALSE(Defers::last.complete(sluice::done()));
    EXPECT_FALSE(Defers::last.resume());
}

struct Timed : sluice::Handler {
    sluice::Verdict handle(const Message&, Context& context) override {
        const auto deadline = context.deadline();
        return sluice::reject(deadline ? std::to_string(deadline->time_since_epoch().count()) : "none");
    }
};
constexpr auto timed = sluice::handler<Timed>("timed");

TEST(DeferredSdk, KnowsWhenTheTimeOfACallIsOver) {
    FakeHost host;
    auto handler = host.handler(timed);
    EXPECT_EQ(handler.handle("x").text, "none");
    host.deadline_ms = 1'234;
    EXPECT_EQ(handler.handle("x").text, "1234");
}

}  // namespace
