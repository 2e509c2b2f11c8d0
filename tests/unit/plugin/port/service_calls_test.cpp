#include "plugin/port/service_calls.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "observe/memory_log.hpp"

namespace sluice {
namespace {

class Serviced final : public QueuePort {
public:
    Serviced() : QueuePort("sources.q") {}
    sluice_status service(std::uint32_t& next_ms, FaultBuffer& fault) override {
        ++calls;
        next_ms = next;
        return status == SLUICE_OK ? status : sluice_fault_set(fault.get(), status, "no route", 8);
    }

    int calls = 0;
    std::uint32_t next = 0;
    sluice_status status = SLUICE_OK;
};

class Unserviced final : public QueuePort {
public:
    Unserviced() : QueuePort("sources.q") {}
};

class ServiceCallsTest : public testing::Test {
protected:
    std::int64_t due_in_ms() const { return (calls.due_ns() - clock.now()) / ns_per_ms; }

    FakeClock clock{5'000'000'000};
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    Serviced queue;
    ServiceCalls calls{queue, clock, logging.logger("sources.q")};
    FaultBuffer fault;
};

TEST_F(ServiceCallsTest, AreDueAtOnceAndThenAsTheQueueSays) {
    EXPECT_FALSE(calls.is_due(clock.now())) << "it is not open yet";
    calls.begin();
    EXPECT_TRUE(calls.is_due(0));
    queue.next = 250;
    EXPECT_EQ(calls.call(fault), SLUICE_OK);
    EXPECT_FALSE(calls.is_due(clock.now()));
    EXPECT_EQ(due_in_ms(), 250);
    clock.advance(std::chrono::milliseconds(250));
    EXPECT_TRUE(calls.is_due(clock.now()));
    EXPECT_EQ(calls.call(fault), SLUICE_OK);
    EXPECT_EQ(due_in_ms(), 250) << "from its return on";
    EXPECT_EQ(queue.calls, 2);
    EXPECT_EQ(log.text(), "");
}

TEST_F(ServiceCallsTest, EndWhenTheQueueWantsNoMoreUntilItIsOpenedAgain) {
    calls.begin();
    EXPECT_EQ(calls.call(fault), SLUICE_OK);
    EXPECT_EQ(calls.due_ns(), ServiceCalls::never);
    calls.begin();
    EXPECT_TRUE(calls.is_due(clock.now()));
}

TEST_F(ServiceCallsTest, EndAtOnceForAQueueThatHasNoService) {
    Unserviced unserviced;
    ServiceCalls none(unserviced, clock, logging.logger("sources.q"));
    none.begin();
    EXPECT_EQ(none.call(fault), SLUICE_OK);
    EXPECT_EQ(none.due_ns(), ServiceCalls::never);
}

TEST_F(ServiceCallsTest, SayOnceThatTheyFailAndOnceThatItIsOver) {
    calls.begin();
    queue.status = SLUICE_UNAVAILABLE;
    queue.next = 40;
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(calls.call(fault), SLUICE_OK) << "it passes";
        EXPECT_EQ(due_in_ms(), 40);
        clock.advance(std::chrono::seconds(1));
    }
    const std::string said = log.text();
    EXPECT_NE(said.find("cannot be serviced now, and is tried again"), std::string::npos) << said;
    EXPECT_EQ(said.find("no route"), said.rfind("no route"));
    queue.status = SLUICE_OK;
    queue.next = 0;
    EXPECT_EQ(calls.call(fault), SLUICE_OK);
    EXPECT_EQ(calls.due_ns(), ServiceCalls::never);
    EXPECT_NE(log.text().find("is serviced again after 3.0 s"), std::string::npos) << log.text();
}

TEST_F(ServiceCallsTest, ComeAgainAfterABackoffIfTheQueueDoesNotSayWhen) {
    calls.begin();
    queue.status = SLUICE_CONTRACT;  // an exception, say
    std::int64_t expected = 100;
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(calls.call(fault), SLUICE_OK);
        EXPECT_EQ(due_in_ms(), expected);
        expected = std::min<std::int64_t>(expected * 2, 5'000);
    }
}

TEST_F(ServiceCallsTest, EndWithAQueueThatCannotGoOn) {
    for (const sluice_status status : {SLUICE_FAILED, SLUICE_CORRUPT}) {
        calls.begin();
        queue.status = status;
        queue.next = 10;
        fault.clear();
        EXPECT_EQ(calls.call(fault), status);
        EXPECT_EQ(fault.text(), "no route");
        EXPECT_EQ(calls.due_ns(), ServiceCalls::never);
    }
}

}  // namespace
}  // namespace sluice
