#include "text/problems.hpp"

#include <gtest/gtest.h>

#include "core/limits.hpp"

namespace sluice {
namespace {

TEST(Problems, AreShownByPositionNotByDiscovery) {
    Problems problems;
    problems.add({"--set a", 0xffff'ffff, 0}, "a", "from the command line");
    problems.add({"f:10:1", 10, 1}, "b.c", "later");
    problems.add({"f:9:20", 9, 20}, "", "of the file");
    problems.add({"f:9:3", 9, 3}, "b", "first");
    EXPECT_EQ(problems.text(), "f:9:3: b: first\nf:9:20: of the file\nf:10:1: b.c: later\n--set a: from the command line\n");
}

TEST(Problems, BeyondTheLimitAreCounted) {
    Problems problems;
    for (std::size_t i = 0; i < limits::config_errors_shown + 7; ++i) problems.add({"f", 1, 1}, "", "wrong");
    EXPECT_TRUE(problems.text().ends_with("f: wrong\n... and 7 more\n"));
    EXPECT_EQ(problems.lines().size(), limits::config_errors_shown + 7);
}

TEST(Problems, KeepsThoseThatComeFirstInTheFile) {
    Problems problems;
    const std::size_t many = 10 * limits::config_errors_kept;
    for (std::size_t i = 0; i < many; ++i) {
        const auto line = static_cast<std::uint32_t>(many - i);
        problems.add({"f:" + std::to_string(line), line, 1}, "", "wrong");
    }
    EXPECT_EQ(problems.size(), many);
    EXPECT_TRUE(problems.are_many());
    EXPECT_LE(problems.lines().size(), 2 * limits::config_errors_kept);
    EXPECT_EQ(problems.lines().front(), "f:1: wrong");
    EXPECT_TRUE(problems.text().ends_with("f:100: wrong\n... and 9900 more\n")) << problems.text();
}

}  // namespace
}  // namespace sluice
