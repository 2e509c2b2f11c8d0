#include "core/whole.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace sluice {
namespace {

struct Grown {
    std::uint32_t struct_size;
    std::uint32_t first;
    std::uint64_t later;
};

TEST(Whole, ReadsNothingBehindTheEndOfASmallerStruct) {
    const Grown given{offsetof(Grown, later), 7, 8};
    const Grown read = whole(given);
    EXPECT_EQ(read.struct_size, offsetof(Grown, later));
    EXPECT_EQ(read.first, 7u);
    EXPECT_EQ(read.later, 0u);
    with_whole(given, [&](const Grown& used) {
        EXPECT_NE(&used, &given);
        EXPECT_EQ(used.later, 0u);
    });
}

TEST(Whole, TakesOfALargerStructWhatItKnowsAndCopiesNothing) {
    const Grown given{1'000, 7, 8};
    EXPECT_EQ(whole(given).later, 8u);
    with_whole(given, [&](const Grown& used) { EXPECT_EQ(&used, &given); });
}

}  // namespace
}  // namespace sluice
