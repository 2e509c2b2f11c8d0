// A settlement with a source that writes down what it is told.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/clock.hpp"
#include "observe/memory_log.hpp"
#include "settle/settlement.hpp"
#include "source/fake_source.hpp"

namespace sluice {

class SettlementTest : public testing::Test {
protected:
    SettlementTest() {
        source.on_settle = [this](FakeSource::Settlements items) {
            if (inside_settle) inside_settle(items);
            if (answer == SLUICE_OK || answer == SLUICE_QUEUED)
                for (const sluice_settlement& item : items)
                    settled += (item.action == SLUICE_ACK             ? " ack"
                                : item.action == SLUICE_RELEASE       ? " release"
                                : item.action == SLUICE_ACKED_IN_UNIT ? " acked"
                                                                      : " attempted") +
                               std::to_string(item.tag) + (item.attempt == 0 ? "" : "#" + std::to_string(item.attempt)) +
                               (item.reason.size == 0 ? "" : "(" + std::string(item.reason.data, item.reason.size) + ")");
            return answer;
        };
    }
    // A message that was received and has ended so.
    void take(std::uint64_t tag, Outcome outcome, std::uint32_t attempt = 1, bool acked_in_unit = false,
              std::uint16_t lane = 0) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.tag = tag;
        incoming.attempt = attempt;
        Message* message = store.create(incoming);
        message->received_ns = clock.now();
        message->outcome = outcome;
        message->acked_in_unit = acked_in_unit;
        message->lane = lane;
        settlement.received(1);
        settlement.take(message, clock.now());
    }
    bool submit() { return settlement.submit(clock.now()); }
    void confirm(std::uint64_t tag, sluice_status status) { settlement.settled(&tag, 1, status); }
    void expect_law() {
        const SourceCounts counts = settlement.counts();
        EXPECT_EQ(counts.received, counts.settled() + settlement.in_flight());
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    FakeSource source;
    std::unique_ptr<QueuePort> queue = source.create_port();
    MessageStore store{"fake"};
    Settlement settlement{*queue, store, clock, logging.logger("sources.fake")};
    sluice_status answer = SLUICE_OK;
    std::function<void(FakeSource::Settlements)> inside_settle;
    std::string settled;
};

}  // namespace sluice
