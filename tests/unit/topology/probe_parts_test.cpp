// Whether everything is there is looked at without a host, with plugins that really do.
#include "topology/probe_parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "plugin/plugin_files.hpp"
#include "topology/build.hpp"

namespace sluice {
namespace {

class ProbeParts : public testing::Test {
protected:
    // What each part has found; the kind of its error, or "ok".
    std::vector<std::pair<std::string, std::string>> probe(const std::string& dead_letters = "") {
        write_file(folder.path() / "host.yaml", R"(
state_dir: ./state
plugin_path: [ ")" SLUICE_PLUGINS R"(" ]
sources:
  lines: { plugin: file, path: ./lines.jsonl }
  made: { plugin: generate }
targets: { out: { plugin: file, path: ./out.jsonl } }
databases: { d: { plugin: sqlite, path: ./state/d.db } }
pools:
  p: { source: lines, handler: { plugin: noop } }
  q: { source: made, handler: { plugin: noop } }
)" + dead_letters);
        const LoadedConfig loaded =
            load_config({folder.path() / "host.yaml", {}, [](const std::string&) { return std::nullopt; }});
        EXPECT_EQ(loaded.problems.text(), "");
        std::vector<std::string> problems;
        const auto topology = build_topology(loaded.config, {*loaded.registry, logging, clock, [] {}}, problems);
        EXPECT_TRUE(problems.empty()) << problems.front();
        std::vector<std::pair<std::string, std::string>> all;
        probe_parts(*topology, [&](const std::string& part, const Result<Facts>& found) {
            all.emplace_back(part, found ? "ok" : found.error().message);
        });
        return all;
    }

    PluginFolder folder;
    SystemClock clock;
    Logging logging{LogOptions{LogLevel::error, false, {}}, clock};
};

TEST_F(ProbeParts, AsksEveryPartAndMakesNothing) {
    write_file(folder.path() / "lines.jsonl", "{}\n");
    const std::vector<std::pair<std::string, std::string>> all{
        {"sources.lines", "ok"}, {"sources.made", "ok"}, {"targets.out", "ok"}, {"dead_letters", "ok"}, {"databases.d", "ok"}};
    EXPECT_EQ(probe(), all);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "state"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "out.jsonl"));
}

TEST_F(ProbeParts, GoesOnBehindOneThatIsNotThere) {
    const auto all = probe();
    ASSERT_EQ(all.size(), 5u);
    EXPECT_NE(all[0].second.find("sources.lines: invalid: cannot open"), std::string::npos) << all[0].second;
    EXPECT_TRUE(std::all_of(all.begin() + 1, all.end(), [](const auto& one) { return one.second == "ok"; }));
}

TEST_F(ProbeParts, AsksATargetThatKeepsTheDeadLettersOnce) {
    write_file(folder.path() / "lines.jsonl", "{}\n");
    const std::vector<std::pair<std::string, std::string>> all{
        {"sources.lines", "ok"}, {"sources.made", "ok"}, {"targets.out", "ok"}, {"databases.d", "ok"}};
    EXPECT_EQ(probe("dead_letters: { target: out }\n"), all);
}

}  // namespace
}  // namespace sluice
