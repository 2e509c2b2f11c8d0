#include "dispatch/fences.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

TEST(Fences, HoldUpAKeyUntilWhatWentBackFirstComesAgain) {
    Fences fences(10);
    EXPECT_TRUE(fences.pass(1, "a1", true));
    EXPECT_TRUE(fences.raise(1, "a1"));
    EXPECT_TRUE(fences.raise(1, "a2"));
    EXPECT_FALSE(fences.pass(1, "a3", true));
    EXPECT_TRUE(fences.pass(2, "b1", true)) << "another key";
    EXPECT_TRUE(fences.pass(1, "a1", true));
    EXPECT_TRUE(fences.pass(1, "a2", true));
    EXPECT_TRUE(fences.pass(1, "a3", true));
    EXPECT_TRUE(fences.empty());
}

TEST(Fences, FallWhenTheSecondComesAgainWithoutTheFirst) {
    Fences fences(10);
    EXPECT_TRUE(fences.raise(1, "a1"));
    EXPECT_FALSE(fences.pass(1, "a2", true));
    EXPECT_FALSE(fences.pass(1, "a3", true));
    EXPECT_TRUE(fences.pass(1, "a2", true)) << "somebody has removed a1 from the source";
    EXPECT_TRUE(fences.empty());
}

TEST(Fences, WaitForTheFirstWhileItMayStillBeOnItsWayBack) {
    Fences fences(10);
    EXPECT_TRUE(fences.raise(1, "a1"));
    EXPECT_TRUE(fences.raise(1, "a2"));
    EXPECT_FALSE(fences.pass(1, "a2", false)) << "the source has taken back a2, and not a1 yet";
    EXPECT_TRUE(fences.pass(1, "a1", true));
    EXPECT_TRUE(fences.pass(1, "a2", true));
}

TEST(Fences, CannotBeRaisedWithoutAnId) {
    Fences fences(10);
    EXPECT_FALSE(fences.raise(1, ""));
    EXPECT_TRUE(fences.raise(1, "a1"));
    EXPECT_TRUE(fences.raise(1, "")) << "behind a1 it is safe";
    EXPECT_FALSE(fences.pass(1, "", true));
}

TEST(Fences, AreBounded) {
    Fences fences(3);
    for (std::uint64_t key = 1; key <= 3; ++key) EXPECT_TRUE(fences.raise(key, "x"));
    EXPECT_FALSE(fences.raise(4, "x"));
    EXPECT_TRUE(fences.raise(3, "y"));
    EXPECT_TRUE(fences.pass(1, "x", true));
    EXPECT_TRUE(fences.raise(4, "x"));
}

}  // namespace
}  // namespace sluice
