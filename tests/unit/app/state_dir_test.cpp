#include "app/state_dir.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

TEST(StateDir, RefusesASecondHostByTheFirstOnesProcess) {
    const PluginFolder folder;
    const auto first = StateDir::open(folder.path() / "a" / "state");
    ASSERT_TRUE(first) << "missing folders are created";
    const auto second = StateDir::open(folder.path() / "a" / "state");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(second.error().message, "state_dir " + (folder.path() / "a" / "state").string() +
                                          ": another host holds it (process " + std::to_string(::getpid()) +
                                          "); stop that one or give this one a state_dir of its own");
}

TEST(StateDir, IsFreeAgainWhenTheFirstHostHasGone) {
    const PluginFolder folder;
    { ASSERT_TRUE(StateDir::open(folder.path())); }
    EXPECT_TRUE(StateDir::open(folder.path()));
}

TEST(StateDir, SaysWhyAFolderCannotBeUsed) {
    const PluginFolder folder;
    write_file(folder / "file", "");
    const auto below_a_file = StateDir::open(folder.path() / "file" / "state");
    ASSERT_FALSE(below_a_file);
    EXPECT_NE(below_a_file.error().message.find("cannot be created: Not a directory"), std::string::npos);
}

TEST(StateDir, IsMissedWhenSomebodyTakesItAway) {
    const PluginFolder folder;
    const auto path = folder.path() / "state";
    const auto state = StateDir::open(path);
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->check_in_place());
    std::filesystem::rename(path, folder.path() / "away");
    EXPECT_NE(state->check_in_place().error().message.find("its file lock was removed while this host runs"),
              std::string::npos);
    const auto other = StateDir::open(path);
    ASSERT_TRUE(other) << "which is why it matters";
    EXPECT_NE(state->check_in_place().error().message.find("its file lock was replaced while this host runs"),
              std::string::npos);
    EXPECT_TRUE(other->check_in_place());
}

}  // namespace
}  // namespace sluice
