// A source with lanes whose deliveries are all with the host, and another host that gets some of them.
#pragma once

#include "source_settle.hpp"

namespace sluice::contract {

class SourceLanes : public SourceSettle {
protected:
    // What has come by the lane, at first.
    std::vector<Delivery> by(std::uint32_t lane) const {
        std::vector<Delivery> its;
        std::ranges::copy_if(got, std::back_inserter(its), [&](const Delivery& each) { return each.lane == lane; });
        return its;
    }
    std::vector<Delivery> not_by(std::uint32_t lane) const {
        std::vector<Delivery> others;
        std::ranges::copy_if(got, std::back_inserter(others), [&](const Delivery& each) { return each.lane != lane; });
        return others;
    }
    // The source is called, as when nothing is polled, until it has noticed.
    template <typename Noticed>
    void call_until(Noticed noticed) {
        for (const auto deadline = Clock::now() + soon; !noticed() && Clock::now() < deadline;) {
            std::uint32_t next_ms = 0;
            if (source.table().service != nullptr)
                EXPECT_TRUE(source.service(next_ms).ok());
            else
                (void)source.poll(1, Milliseconds(10));
        }
        EXPECT_TRUE(noticed());
    }
    // Another host gets the lane.
    Revocation take_away(std::uint32_t lane, std::uint32_t how) {
        const std::size_t before = source.revocations.size();
        engine.take_lane(folder, lane, how);
        call_until([&] { return source.revocations.size() > before; });
        if (source.revocations.size() == before) return {};
        EXPECT_THAT(source.revocations, testing::SizeIs(before + 1));
        EXPECT_EQ(source.revocations.back().lane, lane);
        EXPECT_EQ(source.revocations.back().how, how);
        return source.revocations.back();
    }
    // What comes while polls wait a little for a lane that comes back.
    std::vector<Delivery> come_within(Milliseconds time) {
        const std::size_t before = source.delivered.size();
        for (const auto end = Clock::now() + time; Clock::now() < end;) (void)source.poll(1024, Milliseconds(5));
        return {source.delivered.begin() + static_cast<std::ptrdiff_t>(before), source.delivered.end()};
    }
    // Settled after it was taken away.
    void expect_lost(const Delivery& delivery, std::uint32_t action = SLUICE_ACK) {
        const sluice_status end = source.end_of(settlement(delivery.tag, action));
        EXPECT_TRUE(end == SLUICE_LOST_LEASE || (end == SLUICE_STALE && !engine.knows_lost)) << end;
    }
    static void expect_redelivered(const std::vector<Delivery>& again, const std::vector<Delivery>& first) {
        ASSERT_EQ(bodies_of(again), bodies_of(first));
        for (std::size_t i = 0; i < again.size(); ++i) {
            EXPECT_EQ(again[i].lane, first[i].lane);
            EXPECT_EQ(again[i].id, first[i].id);
            EXPECT_NE(again[i].flags & SLUICE_MESSAGE_REDELIVERED, 0u);
            EXPECT_TRUE(first[i].deliveries == 0 || again[i].deliveries == first[i].deliveries + 1);
        }
    }
};

}  // namespace sluice::contract
