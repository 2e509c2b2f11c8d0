#include "plugin/abi_version.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr AbiRange host{3, 2, 5};

TEST(AbiVersion, FitsWhenTheRangesOverlap) {
    EXPECT_EQ(abi_mismatch({3, 0, 2}, host), "");
    EXPECT_EQ(abi_mismatch({3, 5, 9}, host), "");
    EXPECT_EQ(abi_mismatch({3, 0, 9}, host), "");
}

TEST(AbiVersion, NamesBothRangesAndTheRemedyWhenTheyDoNot) {
    EXPECT_EQ(abi_mismatch({2, 3, 3}, host),
              "it is built for plugin ABI 2.3 and this host speaks 3.2 to 3.5; use a build of the plugin for ABI 3, or a host "
              "that speaks ABI 2");
    EXPECT_EQ(
        abi_mismatch({3, 6, 9}, host),
        "it needs plugin ABI 3.6 to 3.9 and this host speaks 3.2 to 3.5; update the host, or use an older build of the plugin");
    EXPECT_EQ(abi_mismatch({3, 0, 1}, host),
              "it speaks plugin ABI 3.0 to 3.1 and this host speaks 3.2 to 3.5; build the plugin again with newer headers, or "
              "use an older host");
}

}  // namespace
}  // namespace sluice
