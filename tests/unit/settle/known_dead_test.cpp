#include "settle/known_dead.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

const auto all_are_there = [](std::string_view) { return true; };

std::string id_of(int number) {
    return "file-1:" + std::to_string(number);
}

TEST(KnownDead, KnowsEachThatWasAddedAndNoOther) {
    KnownDead dead;
    for (int number = 0; number < 10'000; number += 2) dead.add(id_of(number), std::to_string(number));
    dead.add("", "5");
    dead.finish();
    for (int number = 0; number < 10'000; ++number)
        EXPECT_EQ(dead.has(id_of(number), [&](std::string_view place) { return place == std::to_string(number); }),
                  number % 2 == 0)
            << number;
    EXPECT_TRUE(dead.has("", all_are_there));
    EXPECT_FALSE(dead.has("file-1:", all_are_there));
    EXPECT_EQ(dead.size(), 5001u);
}

TEST(KnownDead, IsEmptyAtFirst) {
    KnownDead dead;
    EXPECT_FALSE(dead.has("a", all_are_there)) << "also without finish()";
    dead.finish();
    EXPECT_TRUE(dead.empty());
    EXPECT_FALSE(dead.has("a", all_are_there));
    dead.died_again("a");
    EXPECT_FALSE(dead.has("a", all_are_there));
}

TEST(KnownDead, HasOnlyWhatTheStoreStillHas) {
    KnownDead dead;
    dead.add("a", "1");
    dead.add("a", "2");
    dead.add("b", "3");
    dead.finish();
    EXPECT_TRUE(dead.has("a", [](std::string_view place) { return place == "1"; }));
    EXPECT_TRUE(dead.has("a", [](std::string_view place) { return place == "2"; })) << "it may have died twice";
    EXPECT_FALSE(dead.has("a", [](std::string_view place) { return place == "3"; }));
    EXPECT_FALSE(dead.has("b", [](std::string_view) { return false; })) << "it was replayed, or purged";
}

TEST(KnownDead, HasWhatDiedAgainWhereverItsDeadLetterIs) {
    KnownDead dead;
    dead.add("a", "1");
    dead.finish();
    dead.died_again("a");
    EXPECT_TRUE(dead.has("a", [](std::string_view) { return false; }));
}

TEST(KnownDead, KeepsTheLatestWhereThereAreTooMany) {
    KnownDead dead(100);
    for (int number = 100; number < 200; ++number) dead.add(std::to_string(number), "p");
    dead.finish();
    EXPECT_EQ(dead.size() + dead.left_out(), 100u);
    EXPECT_GE(dead.size(), 100u / 4 / 2 - 1);
    for (int number = 100; number < 200; ++number)
        EXPECT_EQ(dead.has(std::to_string(number), all_are_there), static_cast<std::size_t>(number - 100) >= dead.left_out())
            << number;
}

TEST(KnownDead, LeavesOutAnIdThatIsLargerThanAll) {
    KnownDead dead(10);
    dead.add(std::string(11, 'x'), "");
    dead.add("a", "1");
    dead.finish();
    EXPECT_EQ(dead.size(), 1u);
    EXPECT_TRUE(dead.has("a", all_are_there));
}

}  // namespace
}  // namespace sluice
