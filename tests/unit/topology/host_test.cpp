// A host that cannot start leaves nothing open; one that was never started closes as well; one that runs is not destroyed.
#include "topology/host.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "config/load.hpp"
#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

class HostTest : public testing::Test {
protected:
    // Two databases, of which the second is at `second`.
    std::unique_ptr<Host> create(const std::string& second) {
        write_file(folder.path() / "host.yaml", R"(
state_dir: ./state
plugin_path: [ ")" SLUICE_PLUGINS R"(" ]
sources: { lines: { plugin: file, path: ./lines.jsonl } }
databases:
  first: { plugin: sqlite, path: ./first.db }
  second: { plugin: sqlite, path: )" + second + R"( }
pools: { p: { source: lines, handler: { plugin: noop } } }
)");
        write_file(folder.path() / "lines.jsonl", "{}\n{}\n");
        std::filesystem::create_directory(folder.path() / "state");
        loaded.emplace_back(std::make_unique<LoadedConfig>(
            load_config({folder.path() / "host.yaml", {}, [](const std::string&) { return std::nullopt; }})));
        EXPECT_EQ(loaded.back()->problems.text(), "");
        std::vector<std::string> problems;
        auto host = Host::create(
            loaded.back()->config, *loaded.back()->registry, logging, clock, [] {}, problems);
        EXPECT_TRUE(problems.empty()) << problems.front();
        return host;
    }
    std::int64_t soon() const { return clock.now() + 20'000'000'000; }

    PluginFolder folder;
    SystemClock clock;
    Logging logging{LogOptions{LogLevel::error, false, {}}, clock};
    std::vector<std::unique_ptr<LoadedConfig>> loaded;
};

TEST_F(HostTest, ClosesWhatItHasOpenedWhenAPartCannotBeOpened) {
    std::filesystem::create_directory(folder.path() / "a-folder");
    const auto failing = create("./a-folder");
    ASSERT_TRUE(failing);
    const auto started = failing->start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("databases.second"), std::string::npos) << started.error().message;
    // The first database is free again, though the host that had opened it still exists.
    const auto other = create("./second.db");
    ASSERT_TRUE(other);
    const auto opened = other->start();
    ASSERT_TRUE(opened) << opened.error().message;
    const std::int64_t deadline = soon();
    while (!other->report().all_sources_ended() && clock.now() < deadline) std::this_thread::yield();
    EXPECT_EQ(other->report().settled(), 2u);
    EXPECT_TRUE(other->close(soon()));
}

TEST_F(HostTest, ClosesThoughItWasNeverStarted) {
    const auto host = create("./second.db");
    ASSERT_TRUE(host);
    EXPECT_TRUE(host->close(soon()));
    EXPECT_FALSE(host->report().all_sources_ended());
}

// An exception of the main thread would: destructors wait for threads that nobody has told to end.
TEST_F(HostTest, IsNotDestroyedWhileItRuns) {
    EXPECT_DEATH(
        {
            auto host = create("./second.db");
            if (host->start()) host.reset();
            std::_Exit(0);
        },
        "terminate");
}

}  // namespace
}  // namespace sluice
