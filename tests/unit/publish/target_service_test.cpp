// The time that a target has of its thread while nothing is published, and the bound that it says once it is open.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "observe/memory_log.hpp"
#include "publish/fake_target.hpp"
#include "publish/target.hpp"

namespace sluice {
namespace {

TEST(TargetService, GoesOnWhileNothingIsPublished) {
    Tally serviced;
    FakeTarget fake;
    fake.serve([&](std::uint32_t& next_ms, sluice_fault*) {
        next_ms = 1;
        serviced.add();
        return SLUICE_OK;
    });
    const auto port = fake.create_port();
    SystemClock clock;
    Target target(*port, quick(), clock, {});
    ASSERT_TRUE(target.start());
    EXPECT_TRUE(serviced.reaches(20));
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
}

TEST(TargetService, AsksOnceWhereThereIsNothingToDo) {
    Tally serviced;
    FakeTarget fake;
    fake.serve([&](std::uint32_t&, sluice_fault*) {
        serviced.add();
        return SLUICE_OK;
    });
    const auto port = fake.create_port();
    SystemClock clock;
    Target target(*port, quick(), clock, {});
    ASSERT_TRUE(target.start());
    ASSERT_TRUE(serviced.reaches(1));
    for (int round = 0; round < 3; ++round) {
        TestBatch batch({"a"});
        batch.submit_to(target);
        ASSERT_TRUE(batch.wait());
    }
    stop(target, clock);
    EXPECT_EQ(serviced.value(), 1u);
}

TEST(TargetService, SaysHowLargeAMessageMayBe) {
    FakeTarget fake;
    fake.limit([](sluice_queue_limits& limits, sluice_fault*) -> sluice_status {
        limits.message_bytes_max = 1'000;
        return SLUICE_OK;
    });
    const auto port = fake.create_port();
    SystemClock clock;
    Target target(*port, quick(), clock, {});
    EXPECT_EQ(target.message_bytes_max(), 0u);
    ASSERT_TRUE(target.start());
    EXPECT_EQ(target.message_bytes_max(), 1'000u);
    stop(target, clock);
}

TEST(TargetService, IsNotOpenWhereItCannotSayItsLimits) {
    FakeTarget fake;
    fake.limit(
        [](sluice_queue_limits&, sluice_fault* fault) { return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "no answer", 9); });
    const auto port = fake.create_port();
    SystemClock clock;
    Target target(*port, quick(), clock, {});
    const auto started = target.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(fake.closed, 1) << "to be opened again";
}

class ServicedTarget : public testing::Test {
protected:
    // Every millisecond.
    void serve(sluice_status status = SLUICE_OK, std::string text = {}) {
        fake.serve([this, status, text = std::move(text)](std::uint32_t& next_ms, sluice_fault* fault) {
            next_ms = 1;
            if (on_service) on_service();
            serviced.add();
            return status == SLUICE_OK ? status : say(fault, status, text);
        });
    }

    SystemClock clock;
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    Tally serviced;
    std::function<void()> on_service;
    sluice_status answer = SLUICE_OK;  // to what is published
    FakeTarget fake{[this](const Call&, sluice_fault* fault) { return say(fault, answer, "so it is"); }};
};

TEST_F(ServicedTarget, IsServicedAgainWhenItIsOpenedAgain) {
    serve();
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    ASSERT_TRUE(serviced.reaches(1));
    stop(target, clock);
    const std::uint64_t before = serviced.value();
    ASSERT_TRUE(target.start());
    EXPECT_TRUE(serviced.reaches(before + 1));
    stop(target, clock);
}

TEST_F(ServicedTarget, IsServicedWhileItIsUnreachable) {
    serve();
    answer = SLUICE_UNAVAILABLE;
    Target::Options options;
    options.backoff_first_ns = options.backoff_max_ns = 3'600'000'000'000;
    Target target(fake.port(), options, clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    EXPECT_TRUE(serviced.reaches(serviced.value() + 5));
    target.request_stop(clock.now());
    ASSERT_TRUE(batch.wait());
    stop(target, clock);
}

// As a client library does that reports from inside its own poll.
TEST_F(ServicedTarget, MayAnswerInItsService) {
    answer = SLUICE_QUEUED;
    std::atomic<std::uint64_t> token{0};
    on_service = [&] {
        if (const std::uint64_t first = token.exchange(0); first != 0) fake.answer(first, 2, SLUICE_OK);
    };
    serve();
    Target target(fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());
    TestBatch batch({"a", "b"});
    batch.submit_to(target);
    ASSERT_TRUE(fake.calls.reaches(1));
    token = fake.calls_made()[0].token;
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.batch.failed, 0u);
    stop(target, clock);
}

TEST_F(ServicedTarget, IsPublishedToWhileItsServiceFailsInPassing) {
    serve(SLUICE_UNAVAILABLE, "no heartbeat");
    Target target(fake.port(), quick(), clock, logging.logger("targets.out"));
    ASSERT_TRUE(target.start());
    ASSERT_TRUE(serviced.reaches(3));
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.batch.failed, 0u);
    stop(target, clock);
    const std::string said = log.text();
    EXPECT_NE(said.find("no heartbeat"), std::string::npos);
    EXPECT_EQ(said.find("no heartbeat"), said.rfind("no heartbeat")) << "once";
}

TEST_F(ServicedTarget, HasFailedForGoodIfItsServiceSaysSo) {
    serve(SLUICE_FAILED, "the channel is closed");
    Tally failed;
    std::string why;
    Target::Options options = quick();
    options.on_failed = [&](const std::string& text) {
        why = text;
        failed.add();
    };
    Target target(fake.port(), options, clock, {});
    ASSERT_TRUE(target.start());
    ASSERT_TRUE(failed.reaches(1));
    TestBatch batch({"a"});
    batch.submit_to(target);
    ASSERT_TRUE(batch.wait());
    EXPECT_EQ(batch.statuses(), std::vector<sluice_status>{SLUICE_FAILED});
    stop(target, clock);
    EXPECT_EQ(why, "targets.out failed permanently: the channel is closed");
    EXPECT_EQ(serviced.value(), 1u);
    EXPECT_TRUE(fake.calls_made().empty());
}

}  // namespace
}  // namespace sluice
