// A source whose deliveries are all with the host: what the tests of settlements begin with.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "source.hpp"

namespace sluice::contract {

class SourceSettle : public testing::TestWithParam<const QueueEngine*> {
protected:
    SourceSettle() {
        if (engine.fill) engine.fill(folder, numbered_bodies());
        EXPECT_TRUE(source.open().ok());
        got = source.take(stored);
        EXPECT_THAT(got, testing::SizeIs(stored));
    }

    // What comes to the next open: nothing that is confirmed, if it remembers.
    std::vector<Delivery> after_a_reopen() {
        source.close();
        EXPECT_TRUE(source.open().ok());
        return source.take_what_is_there();
    }
    void expect_after_a_reopen(const std::vector<Delivery>& wanted) {
        const auto again = after_a_reopen();
        EXPECT_EQ(bodies_of(again), bodies_of(engine.remembers ? wanted : got));
    }
    std::uint64_t never_given() const {
        std::uint64_t tag = 0;
        for (const Delivery& each : got) tag = std::max(tag, each.tag);
        return tag + 1'000'003;
    }
    std::vector<Delivery> from_to(std::size_t from, std::size_t to) const {
        return {got.begin() + static_cast<std::ptrdiff_t>(from), got.begin() + static_cast<std::ptrdiff_t>(to)};
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
    Source source{engine, folder};
    std::vector<Delivery> got;
};

}  // namespace sluice::contract
