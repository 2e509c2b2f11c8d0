#include "settle/death_causes.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"

namespace sluice {
namespace {

TEST(DeathCauses, CountsEachTextAndNamesTheMostFrequentFirst) {
    DeathCauses causes;
    causes.add("no such price");
    for (int i = 0; i < 3; ++i) causes.add("a price is negative");
    EXPECT_EQ(causes.total(), 4u);
    const auto found = causes.causes();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].error, "a price is negative");
    EXPECT_EQ(found[0].count, 3u);
    EXPECT_EQ(found[1].count, 1u);
}

TEST(DeathCauses, KeepsFewTextsHoweverManyThereAre) {
    DeathCauses causes;
    for (int i = 0; i < 1000; ++i) causes.add("message " + std::to_string(i) + " is wrong");
    EXPECT_EQ(causes.causes().size(), limits::death_causes);
    EXPECT_EQ(causes.others(), 1000 - limits::death_causes);
    EXPECT_EQ(causes.total(), 1000u);
    causes.add(std::string(100'000, 'x'));
    EXPECT_EQ(causes.total(), 1001u);
}

TEST(DeathCauses, OfSeveralSourcesAreOne) {
    DeathCauses one, other;
    one.add("a", 2);
    other.add("a", 3);
    other.add("b");
    for (int i = 0; i < 20; ++i) other.add(std::to_string(i));
    one.add(other);
    EXPECT_EQ(one.total(), 26u);
    EXPECT_EQ(one.causes().front().count, 5u);
}

}  // namespace
}  // namespace sluice
