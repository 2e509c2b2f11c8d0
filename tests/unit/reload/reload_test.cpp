// What a reload takes over, what it refuses, and that it leaves everything as it was when it cannot go through.
#include "reload/reload.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>

#include "config/load.hpp"
#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

class HostReload : public testing::Test {
protected:
    static std::string configuration(const std::string& pools, const std::string& rest = {}) {
        return R"(
state_dir: ./state
plugin_path: [ ")" SLUICE_PLUGINS R"(" ]
sources: { load: { plugin: generate, rate: 5000, keys: 50 } }
pools:
)" + pools + "\n" +
               rest;
    }
    static std::string pool(const std::string& workers, const std::string& handler = "plugin: noop") {
        return "  p: { source: load, route: { key: /key }, workers: " + workers + ", handler: { " + handler + " } }";
    }
    LoadedConfig& load(const std::string& text) {
        write_file(folder.path() / "host.yaml", text);
        loaded.push_back(std::make_unique<LoadedConfig>(
            load_config({folder.path() / "host.yaml", {}, [](const std::string&) { return std::nullopt; }})));
        EXPECT_EQ(loaded.back()->problems.text(), "");
        return *loaded.back();
    }
    void start(const std::string& text) {
        std::filesystem::create_directory(folder.path() / "state");
        LoadedConfig& first = load(text);
        std::vector<std::string> problems;
        host = Host::create(
            first.config, *first.registry, logging, clock,
            [this] {
                const std::lock_guard lock(mutex);
                news = true;
                changed.notify_all();
            },
            problems);
        ASSERT_TRUE(host) << problems.front();
        ASSERT_TRUE(host->start());
    }
    // As the main loop does it.
    ReloadOutcome reload(const std::string& text, const std::string& give_up_at_once = {}) {
        Reload reload(*host, load(text).config);
        if (!give_up_at_once.empty()) reload.give_up(give_up_at_once);
        const std::int64_t deadline = clock.now() + 60'000'000'000;
        for (;;) {
            reload.step();
            if (reload.ended() || clock.now() > deadline) break;
            std::unique_lock lock(mutex);
            changed.wait_for(lock, std::chrono::milliseconds(20), [this] { return std::exchange(news, false); });
        }
        EXPECT_TRUE(reload.ended());
        return reload.outcome();
    }
    void wait_for_more() {
        const std::uint64_t before = host->report().settled();
        const std::int64_t deadline = clock.now() + 60'000'000'000;
        while (host->report().settled() < before + 200 && clock.now() < deadline) std::this_thread::yield();
        EXPECT_GE(host->report().settled(), before + 200) << "the host goes on";
    }
    std::size_t workers() const { return host->report().snapshot().sources[0].workers.size(); }
    // "load: p p": the pool of each worker.
    std::string workers_by_source() const {
        std::string text;
        for (const SourceStatistics& source : host->report().snapshot().sources) {
            text += source.name + ":";
            for (const WorkerStatistics& worker : source.workers) text += " " + worker.pool;
            text += "\n";
        }
        return text;
    }
    void TearDown() override {
        if (!host) return;
        host->request_stop();
        const std::int64_t deadline = clock.now() + 20'000'000'000;
        while (!host->report().all_sources_ended() && clock.now() < deadline) std::this_thread::yield();
        const StatisticsSnapshot last = host->report().snapshot();
        EXPECT_TRUE(host->close(clock.now() + 20'000'000'000));
        EXPECT_TRUE(last.sources[0].counts.law_holds());
        EXPECT_EQ(last.sources[0].counts.abandoned, 0u);
        EXPECT_EQ(last.sources[0].counts.in_flight, 0u);
    }

    PluginFolder folder;
    SystemClock clock;
    Logging logging{LogOptions{LogLevel::error, false, {}}, clock};
    std::vector<std::unique_ptr<LoadedConfig>> loaded;
    std::mutex mutex;
    std::condition_variable changed;
    bool news = false;
    std::unique_ptr<Host> host;
};

TEST_F(HostReload, ReplacesThePoolsThatHaveChanged) {
    start(configuration(pool("4")));
    wait_for_more();
    const std::uint64_t handled = host->report().snapshot().sources[0].workers[0].counts.handled;
    const ReloadOutcome outcome = reload(configuration(pool("2")));
    EXPECT_TRUE(outcome.applied);
    EXPECT_EQ(outcome.lines, std::vector<std::string>{"pools.p: workers 4 -> 2"});
    EXPECT_EQ(workers(), 2u);
    EXPECT_EQ(host->config().pools[0].workers, 2u);
    wait_for_more();
    EXPECT_GT(host->report().snapshot().sources[0].workers[0].counts.handled, handled) << "what was counted stays counted";
    EXPECT_EQ(host->report().snapshot().sources[0].counts.released, 0u);
}

TEST_F(HostReload, TakesOverAgainAndAgain) {
    start(configuration(pool("3")));
    for (int turn = 0; turn < 40; ++turn) {
        const ReloadOutcome outcome = reload(configuration(pool(std::to_string(1 + turn % 7))));
        ASSERT_TRUE(outcome.applied) << outcome.lines.front();
    }
    wait_for_more();
}

TEST_F(HostReload, AddsAndRemovesPools) {
    start(configuration(pool("2")));
    const std::string other = "  q: { source: load, when: { /key: k0000001 }, handler: { plugin: noop } }\n";
    EXPECT_EQ(reload(configuration(other + pool("2"))).lines, std::vector<std::string>{"pools.q: new"});
    EXPECT_EQ(workers(), 3u);
    wait_for_more();
    EXPECT_EQ(reload(configuration(pool("2"))).lines, std::vector<std::string>{"pools.q: removed"});
    EXPECT_EQ(workers(), 2u);
    wait_for_more();
}

// Parts are known by their places, and these come from the order in the file.
TEST_F(HostReload, LeavesPoolsWithTheirSourcesWhenThoseStandInAnotherOrder) {
    const std::string a = "a: { plugin: generate, rate: 5000 }", b = "b: { plugin: generate, rate: 5000 }";
    const auto text = [](const std::string& sources, const std::string& workers) {
        return "state_dir: ./state\nplugin_path: [ \"" SLUICE_PLUGINS "\" ]\nsources: { " + sources +
               " }\npools:\n"
               "  p: { source: a, handler: { plugin: noop }, workers: " +
               workers +
               " }\n"
               "  q: { source: b, handler: { plugin: noop }, workers: 1 }\n";
    };
    start(text(a + ", " + b, "1"));
    ASSERT_EQ(workers_by_source(), "a: p\nb: q\n");
    EXPECT_TRUE(reload(text(b + ", " + a, "2")).applied);
    EXPECT_EQ(workers_by_source(), "a: p p\nb: q\n");
    wait_for_more();
}

TEST_F(HostReload, KnowsPoolsOfSeveralSourcesAfterTheyHaveStoodInAnotherOrder) {
    const auto text = [](const std::string& pools) {
        return "state_dir: ./state\nplugin_path: [ \"" SLUICE_PLUGINS
               "\" ]\nsources:\n"
               "  a: { plugin: generate, rate: 5000 }\n  b: { plugin: generate, rate: 5000 }\npools:\n" +
               pools;
    };
    const auto p = [](const std::string& workers) {
        return "  p: { source: a, handler: { plugin: noop }, workers: " + workers + " }\n";
    };
    const auto q = [](const std::string& workers) {
        return "  q: { source: b, handler: { plugin: noop }, workers: " + workers + " }\n";
    };
    start(text(p("1") + q("1")));
    EXPECT_EQ(reload(text(q("1") + p("1"))).lines, std::vector<std::string>{"pools: in another order"});
    EXPECT_TRUE(reload(text(q("3") + p("1"))).applied);
    EXPECT_EQ(workers_by_source(), "a: p\nb: q q q\n");
    EXPECT_TRUE(reload(text(q("3") + p("2"))).applied);
    EXPECT_EQ(workers_by_source(), "a: p p\nb: q q q\n");
    wait_for_more();
}

TEST_F(HostReload, ChangesNothingWhenAHandlerCannotBeCreated) {
    start(configuration(pool("2")));
    const ReloadOutcome outcome = reload(configuration(pool("3", "plugin: sql, database: nowhere, statement: x")));
    EXPECT_FALSE(outcome.applied);
    EXPECT_NE(outcome.lines.front().find("nowhere"), std::string::npos) << outcome.lines.front();
    EXPECT_EQ(workers(), 2u);
    wait_for_more();
}

TEST_F(HostReload, MakesTheOldPoolsAgainWhenTheNewOnesDoNotStart) {
    start(configuration(pool("2")));
    wait_for_more();
    // Opened in start(): a folder is no file.
    const ReloadOutcome outcome = reload(configuration(pool("3", "plugin: trace, path: ./state")));
    EXPECT_FALSE(outcome.applied);
    EXPECT_NE(outcome.lines.front().find("state"), std::string::npos) << outcome.lines.front();
    EXPECT_EQ(workers(), 2u);
    EXPECT_EQ(host->report().failure(), "");
    wait_for_more();
    EXPECT_TRUE(reload(configuration(pool("3"))).applied) << "the next one is not hindered";
    wait_for_more();
}

TEST_F(HostReload, GoesOnAsBeforeWhenItIsGivenUp) {
    start(configuration(pool("4")));
    for (int turn = 0; turn < 20; ++turn) {
        const ReloadOutcome outcome = reload(configuration(pool("2")), "not now");
        EXPECT_FALSE(outcome.applied);
        EXPECT_EQ(outcome.lines.front(), "not now");
        EXPECT_EQ(workers(), 4u);
    }
    wait_for_more();
    EXPECT_TRUE(reload(configuration(pool("2"))).applied);
}

TEST_F(HostReload, NamesEverythingThatNeedsARestart) {
    start(configuration(pool("4")));
    const ReloadOutcome outcome =
        reload(configuration(pool("3"), "name: other\ntargets: { out: { plugin: file, path: ./out } }\n"));
    EXPECT_FALSE(outcome.applied);
    EXPECT_EQ(outcome.lines,
              (std::vector<std::string>{"name needs a restart (sluice -> other)", "targets.out needs a restart (new)"}));
    EXPECT_EQ(workers(), 4u);
}

}  // namespace
}  // namespace sluice
