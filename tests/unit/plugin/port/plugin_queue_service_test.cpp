// What the host asks of a queue beside its messages.
#include <gtest/gtest.h>

#include <stdexcept>

#include "plugin/plugin_call.hpp"
#include "source/fake_source.hpp"

namespace sluice {
namespace {

std::string on_record() {
    const CallRecord& record = calls::mine;
    return record.part.load()->component + " " + record.function.load();
}

TEST(PluginQueueService, IsNothingForATableWithoutIt) {
    FakeSource source;
    const auto queue = source.create_port();
    std::uint32_t next_ms = 7;
    FaultBuffer fault;
    EXPECT_EQ(queue->service(next_ms, fault), SLUICE_OK);
    EXPECT_EQ(next_ms, 0u);
    const auto limits = queue->limits();
    ASSERT_TRUE(limits);
    EXPECT_EQ(limits->in_flight_max, 0u);
    EXPECT_EQ(limits->message_bytes_max, 0u);
}

TEST(PluginQueueService, HandsOnWhatThePluginAnswersWithTheCallOnRecord) {
    FakeSource source;
    std::vector<std::string> calls;
    source.on_service = [&](std::uint32_t& next_ms, sluice_fault* fault) {
        calls.push_back(on_record());
        EXPECT_EQ(next_ms, 0u) << "preset";
        next_ms = 30;
        return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "away", 4);
    };
    source.on_limits = [&](sluice_queue_limits& limits, sluice_fault*) {
        calls.push_back(on_record());
        EXPECT_EQ(limits.struct_size, sizeof limits);
        limits.in_flight_max = 5;
        return SLUICE_OK;
    };
    const auto queue = source.create_port();
    std::uint32_t next_ms = 7;
    FaultBuffer fault;
    EXPECT_EQ(queue->service(next_ms, fault), SLUICE_UNAVAILABLE);
    EXPECT_EQ(next_ms, 30u);
    EXPECT_EQ(fault.text(), "away");
    EXPECT_EQ(queue->limits().value().in_flight_max, 5u);
    EXPECT_EQ(calls, (std::vector<std::string>{"sources.fake service", "sources.fake limits"}));
}

TEST(PluginQueueService, TellsAnExceptionAsABreachOfTheContract) {
    FakeSource source;
    source.on_service = [](std::uint32_t&, sluice_fault*) -> sluice_status { throw std::runtime_error("thrown"); };
    source.on_limits = [](sluice_queue_limits&, sluice_fault*) -> sluice_status { throw std::runtime_error("thrown"); };
    const auto queue = source.create_port();
    std::uint32_t next_ms = 7;
    FaultBuffer fault;
    EXPECT_EQ(queue->service(next_ms, fault), SLUICE_CONTRACT);
    EXPECT_EQ(next_ms, 0u);
    EXPECT_EQ(fault.text(), "an exception left the plugin: thrown");
    const auto limits = queue->limits();
    ASSERT_FALSE(limits);
    EXPECT_EQ(limits.error().kind, ErrorKind::contract);
}

}  // namespace
}  // namespace sluice
