#include "window.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace sluice::file {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Range> ranges(const Window& window, std::uint64_t read_to) {
    std::vector<Range> found;
    window.append_settled_ranges(read_to, found);
    return found;
}

TEST(Window, IsSettledUpToTheReadEndWhenEmpty) {
    Window window;
    EXPECT_EQ(window.lowest_unsettled(77), 77u);
    EXPECT_THAT(ranges(window, 77), IsEmpty());
}

TEST(Window, KnowsTheLowestUnsettledAndTheSettledRangesAboveIt) {
    Window window;
    std::vector<std::uint64_t> tags;
    for (std::uint64_t i = 0; i < 6; ++i) tags.push_back(window.add({i * 10, i * 10, i * 10 + 10}));
    EXPECT_TRUE(window.settle(tags[1]));
    EXPECT_TRUE(window.settle(tags[2]));
    EXPECT_TRUE(window.settle(tags[5]));
    EXPECT_EQ(window.lowest_unsettled(60), 0u);
    EXPECT_THAT(ranges(window, 60), ElementsAre(Range{10, 30}, Range{50, 60}));
    EXPECT_TRUE(window.settle(tags[0]));
    EXPECT_EQ(window.lowest_unsettled(60), 30u);
    EXPECT_THAT(ranges(window, 60), ElementsAre(Range{50, 60}));
}

TEST(Window, SettlesADeliveryOnlyOnce) {
    Window window;
    const auto tag = window.add({0, 0, 10});
    EXPECT_TRUE(window.settle(tag));
    EXPECT_FALSE(window.settle(tag));
    const auto reused = window.add({10, 10, 20});
    EXPECT_NE(reused, tag);
    EXPECT_FALSE(window.settle(tag));
    EXPECT_FALSE(window.settle(12345));
}

TEST(Window, GivesBackTheLowestFirstUnderANewTag) {
    Window window;
    const auto low = window.add({0, 0, 10});
    const auto high = window.add({10, 10, 20});
    EXPECT_TRUE(window.take_back(high, 0));
    EXPECT_TRUE(window.take_back(low, 5));
    EXPECT_FALSE(window.take_back(low, 5));
    EXPECT_FALSE(window.settle(high));
    ASSERT_TRUE(window.next_taken_back());
    EXPECT_EQ(window.next_taken_back()->span.position, 0u);
    EXPECT_EQ(window.next_taken_back()->due_ms, 5);
    const auto again = window.next_taken_back()->tag;
    window.delivered_again();
    EXPECT_EQ(window.next_taken_back()->span.position, 10u);
    EXPECT_TRUE(window.settle(again));
    EXPECT_EQ(window.lowest_unsettled(20), 10u);
}

TEST(Window, AgreesWithASetUnderRandomUse) {
    std::mt19937 random(7);
    Window window;
    std::map<std::uint64_t, std::uint64_t> open;  // position -> tag
    std::uint64_t read_to = 0;
    for (int step = 0; step < 20'000; ++step) {
        if (open.size() < 50 && random() % 2 == 0) {
            open[read_to] = window.add({read_to, read_to, read_to + 10});
            read_to += 10;
        } else if (!open.empty()) {
            const auto chosen = std::next(open.begin(), static_cast<std::ptrdiff_t>(random() % open.size()));
            ASSERT_TRUE(window.settle(chosen->second));
            open.erase(chosen);
        }
        std::vector<Range> expected;
        for (auto each = open.begin(); each != open.end(); ++each) {
            const auto next = std::next(each);
            const Range gap{each->first + 10, next == open.end() ? read_to : next->first};
            if (gap.begin < gap.end) expected.push_back(gap);
        }
        ASSERT_EQ(ranges(window, read_to), expected);
        ASSERT_EQ(window.lowest_unsettled(read_to), open.empty() ? read_to : open.begin()->first);
    }
}

}  // namespace
}  // namespace sluice::file
