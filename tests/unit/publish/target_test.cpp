#include "publish/target.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "core/limits.hpp"
#include "publish/fake_target.hpp"

namespace sluice {
namespace {

using Bodies = std::vector<std::string>;
using Statuses = std::vector<sluice_status>;

std::vector<std::string> numbered(std::size_t count, const std::string& prefix = "") {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < count; ++at) all.push_back(prefix + std::to_string(at));
    return all;
}

TEST(Target, PublishesABatchAndAnswersItOnce) {
    FakeTarget fake;
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "b"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), Statuses(2, SLUICE_OK));
    EXPECT_EQ(batch.batch.failed, 0u);
    stop(target, clock);
    ASSERT_EQ(fake.calls_made().size(), 1u);
    EXPECT_EQ(fake.calls_made()[0].bodies, (Bodies{"a", "b"}));
    EXPECT_EQ(fake.closed, 1);
    EXPECT_EQ(target.counts().published, 2u);
    EXPECT_EQ(target.counts().pending, 0u);
}

TEST(Target, AnswersAnEmptyBatchAndTakesABatchTwice) {
    FakeTarget fake;
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch empty({});
    empty.submit_to(target);
    ASSERT_TRUE(empty.wait());
    TestBatch again({"x"});
    for (int round = 0; round < 3; ++round) {
        again.submit_to(target);
        ASSERT_TRUE(again.wait());
    }
    stop(target, clock);
    EXPECT_EQ(target.counts().published, 3u);
}

TEST(Target, HandsWhatWaitsToTheAdapterInOneCallUpToTheLimits) {
    Tally go;
    FakeTarget fake([&](const Call& call, sluice_fault*) {
        if (call.bodies[0] == "first") go.reaches(1);
        return SLUICE_OK;
    });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch first({"first"});
    first.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    TestBatch second(numbered(10));
    TestBatch third(numbered(limits::publish_batch));
    const std::string large(limits::publish_batch_bytes, 'x');
    TestBatch fourth({large, large});
    second.submit_to(target);
    third.submit_to(target);
    fourth.submit_to(target);
    go.add();
    ASSERT_TRUE(second.wait() && third.wait() && fourth.wait());
    stop(target, clock);
    const auto calls = fake.calls_made();
    ASSERT_EQ(calls.size(), 5u);
    EXPECT_EQ(calls[1].bodies.size(), limits::publish_batch);
    EXPECT_EQ(calls[2].bodies.size(), 10u);  // the tenth large byte does not fit behind them
    EXPECT_EQ(calls[3].bodies.size(), 1u);
    EXPECT_EQ(calls[4].bodies.size(), 1u);
}

TEST(Target, TakesConfirmationsByRangesInAnyOrder) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_QUEUED; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch(numbered(6));
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    const std::uint64_t token = fake.calls_made()[0].token;
    std::thread([&] {
        fake.answer(token + 4, 2, SLUICE_OK);
        fake.answer(token + 1, 1, SLUICE_INVALID, "too\nlong");
        fake.answer(token + 2, 2, SLUICE_OK);
        EXPECT_EQ(batch.done.value(), 0u);
        fake.answer(token, 1, SLUICE_OK);
    }).join();
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), (Statuses{SLUICE_OK, SLUICE_INVALID, SLUICE_OK, SLUICE_OK, SLUICE_OK, SLUICE_OK}));
    EXPECT_EQ(batch.batch.results[1].text, "too long");
    EXPECT_EQ(batch.batch.failed, 1u);
    stop(target, clock);
}

TEST(Target, TakesConfirmationsFromInsidePublish) {
    FakeTarget* self = nullptr;
    FakeTarget fake([&](const Call& call, sluice_fault*) {
        self->answer(call.token, call.bodies.size(), SLUICE_OK);
        return SLUICE_QUEUED;
    });
    self = &fake;
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch(numbered(100));
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
    EXPECT_EQ(target.counts().published, 100u);
}

TEST(Target, LeavesNoMoreUnansweredThanTheLimit) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_QUEUED; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch(numbered(limits::publish_in_flight + 1));
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(limits::publish_in_flight / limits::publish_batch));
    const std::uint64_t token = fake.calls_made()[0].token;
    fake.answer(token, 1, SLUICE_OK);
    ASSERT_TRUE(fake.calls.reaches(limits::publish_in_flight / limits::publish_batch + 1));
    EXPECT_EQ(fake.calls_made().back().bodies, Bodies{std::to_string(limits::publish_in_flight)});
    fake.answer(token, limits::publish_in_flight + 1, SLUICE_OK);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
}

TEST(Target, FindsTheMessagesThatAreAtFaultAndPublishesTheOthersInOrderOnce) {
    Bodies stored;
    FakeTarget fake([&](const Call& call, sluice_fault* fault) {
        for (const std::string& body : call.bodies)
            if (body.starts_with("bad")) return say(fault, SLUICE_INVALID, body + " is refused");
        stored.insert(stored.end(), call.bodies.begin(), call.bodies.end());
        return SLUICE_OK;
    });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    Bodies bodies = numbered(200);
    bodies[0] = "bad0";
    bodies[77] = "bad77";
    bodies[78] = "bad78";
    bodies[199] = "bad199";
    TestBatch batch(bodies);
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
    EXPECT_EQ(batch.batch.failed, 4u);
    EXPECT_EQ(batch.batch.results[77].status, SLUICE_INVALID);
    EXPECT_EQ(batch.batch.results[77].text, "bad77 is refused");
    std::erase_if(bodies, [](const std::string& body) { return body.starts_with("bad"); });
    EXPECT_EQ(stored, bodies);
    EXPECT_EQ(target.counts().failed, 4u);
    EXPECT_LT(fake.calls_made().size(), 80u) << "found by halving";
}

TEST(Target, GivesUpOnAMessageOverWhichThePluginKeepsThrowing) {
    FakeTarget fake([](const Call& call, sluice_fault*) -> sluice_status {
        for (const std::string& body : call.bodies)
            if (body == "bad") throw std::runtime_error("no room for \"bad\"");
        return SLUICE_OK;
    });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "bad", "b"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
    EXPECT_EQ(batch.statuses(), (Statuses{SLUICE_OK, SLUICE_CONTRACT, SLUICE_OK}));
    EXPECT_NE(batch.batch.results[1].text.find("no room for \"bad\""), std::string::npos) << batch.batch.results[1].text;
    std::size_t alone = 0;
    for (const Call& call : fake.calls_made()) alone += call.bodies == Bodies{"bad"};
    EXPECT_EQ(alone, limits::publish_breaches);
}

TEST(Target, IgnoresAnswersAboutWhatIsNotUnderWay) {
    FakeTarget fake([](const Call&, sluice_fault*) { return SLUICE_QUEUED; });
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "b"});
    fake.answer(1, 100, SLUICE_OK);
    fake.answer(0, 0, SLUICE_FAILED, "nobody");
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    const std::uint64_t token = fake.calls_made()[0].token;
    fake.answer(token + 2, UINT64_MAX, SLUICE_INVALID);
    fake.answer(token, 1, SLUICE_OK);
    for (int flood = 0; flood < 1000; ++flood) fake.answer(token, 1, SLUICE_INVALID);
    fake.answer(token + 1, 1, SLUICE_OK);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), Statuses(2, SLUICE_OK));
    stop(target, clock);
    EXPECT_EQ(target.counts().published, 2u);
}

TEST(Target, HasTheAdapterOpenAgainWhileNothingIsPublished) {
    static Tally reopened;
    FakeTarget fake;
    SystemClock clock;
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    target.reopen();  // of an adapter that has nothing to open again
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);

    fake.table.reopen = [](void*, sluice_fault* fault) {
        reopened.add();
        return say(fault, SLUICE_UNAVAILABLE, "not yet");
    };
    Target other(fake.port(), quick(), clock, {});
    ASSERT_TRUE(other.start());
    other.reopen();
    EXPECT_TRUE(reopened.reaches(1));
    stop(other, clock);
    other.reopen();  // closed: nothing is called any more
    EXPECT_EQ(reopened.value(), 1u);
}

TEST(Target, DoesNotStartWhenTheAdapterCannotOpen) {
    FakeTarget fake;
    SystemClock clock;
    fake.on_open = [](sluice_fault* fault) { return say(fault, SLUICE_UNAVAILABLE, "no such folder"); };
    {
        Target target(fake.port(), quick(), clock, {});
        const Result<void> started = target.start();
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().kind, ErrorKind::unavailable);
        EXPECT_NE(started.error().message.find("opening targets.out"), std::string::npos);
        EXPECT_NE(started.error().message.find("no such folder"), std::string::npos);
        TestBatch batch({"a"});
        batch.submit_to(target);
        EXPECT_EQ(batch.statuses(), Statuses{SLUICE_STOPPED});
    }
    fake.on_open = [](sluice_fault*) -> sluice_status { throw std::runtime_error("thrown while opening"); };
    Target target(fake.port(), quick(), clock, {});
    const Result<void> started = target.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("thrown while opening"), std::string::npos);
    EXPECT_EQ(fake.closed, 0);
}

}  // namespace
}  // namespace sluice
