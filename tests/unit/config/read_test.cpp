#include "config/read.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "config/configuration.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

class ReadingAConfiguration : public ConfigurationTest {};

TEST_F(ReadingAConfiguration, FillsInTheDefaults) {
    const HostConfig config = config_with({});
    EXPECT_EQ(config.name, "sluice");
    EXPECT_EQ(config.state_dir, folder_ / "state");
    EXPECT_EQ(config.statistics_every, 10s);
    EXPECT_EQ(config.shutdown_deadline, 30s);
    EXPECT_FALSE(config.drain);
    EXPECT_EQ(config.sources[0].id, "flights");
    const PoolConfig& pool = config.pools.at(0);
    EXPECT_EQ(pool.route.by, RouteBy::round_robin);
    EXPECT_EQ(pool.missing_key.then, MissingKey::Then::round_robin);
    EXPECT_EQ(pool.workers, 1u);
    EXPECT_EQ(pool.queue_capacity, 1000u);
    EXPECT_EQ(pool.batch_max, 64u);
    EXPECT_EQ(pool.batch_time_ms, 50);
    EXPECT_EQ(pool.park_limit, 125u);
    EXPECT_EQ(pool.backoff_ms, 100);
}

TEST_F(ReadingAConfiguration, TakesEveryKeyOfTheExample) {
    const ReadConfig result = read_config({SLUICE_ROOT "/docs/examples/flights.yaml", {}, process_environment()});
    EXPECT_EQ(result.problems.text(), "");
    const HostConfig& config = result.config;
    EXPECT_EQ(config.name, "flights");
    EXPECT_EQ(config.databases[0].component.options.find("deduplicate")->integer, 1);
    const PoolConfig& pool = config.pools.at(0);
    EXPECT_EQ(pool.workers, 10u);
    EXPECT_EQ(pool.route.by, RouteBy::pointer);
    EXPECT_EQ(pool.route.key, "/origin");
    EXPECT_EQ(pool.queue_bytes, 16u << 20);
    EXPECT_EQ(pool.attempts, 5u);
    EXPECT_EQ(pool.handler.path, "pools.airports.handler");
    EXPECT_EQ(pool.handler.options.find("database")->text, "delays");
}

TEST_F(ReadingAConfiguration, ReadsEveryWayToRoute) {
    const auto route = [&](const std::string& yaml) {
        return config_with({"pools.airports.workers=4", "pools.airports.route=" + yaml}).pools[0].route;
    };
    EXPECT_EQ(route("{ by: round_robin }").by, RouteBy::round_robin);
    EXPECT_EQ(route("{ key: id }").by, RouteBy::id);
    EXPECT_EQ(route("{ key: body }").by, RouteBy::body);
    EXPECT_EQ(route("{ key: message_key }").by, RouteBy::message_key);
    EXPECT_EQ(route("{ key: 'header:X-Key' }").key, "X-Key");
    EXPECT_EQ(route("{ key: /a~1b/c }").key, "/a~1b/c");
    const RouteConfig explicit_route = route("{ key: /region, workers: { EU: 0, US: 3, 7: 1 } }");
    const std::vector<std::pair<std::string, std::uint32_t>> expected{{"EU", 0}, {"US", 3}, {"7", 1}};
    EXPECT_EQ(explicit_route.workers, expected);
    EXPECT_TRUE(explicit_route.rebalance);
    EXPECT_FALSE(route("{ key: id, rebalance: false }").rebalance);
}

TEST_F(ReadingAConfiguration, ReadsPoliciesOfAPool) {
    const auto pool = [&](std::vector<std::string> overrides) { return config_with(std::move(overrides)).pools[0]; };
    EXPECT_EQ(pool({"pools.airports.missing_key=dead_letter"}).missing_key.then, MissingKey::Then::dead_letter);
    EXPECT_EQ(pool({"pools.airports.missing_key.worker=2", "pools.airports.workers=3"}).missing_key.worker, 2u);
    EXPECT_EQ(pool({"pools.airports.queue.when_full=block"}).when_full.then, WhenFull::Then::block);
    EXPECT_EQ(pool({"pools.airports.queue.when_full.drop=count"}).when_full.then, WhenFull::Then::drop_count);
    EXPECT_EQ(pool({"pools.airports.queue.when_full.drop=dead_letter"}).when_full.then, WhenFull::Then::drop_dead_letter);
    EXPECT_EQ(pool({"pools.airports.queue.when_full.overflow=500"}).when_full.then, WhenFull::Then::overflow);
    EXPECT_EQ(pool({"pools.airports.queue.when_full.overflow=500"}).when_full.overflow, 500u);
    EXPECT_EQ(pool({"pools.airports.queue.when_full.timeout=2s"}).when_full.then, WhenFull::Then::release);
    EXPECT_EQ(pool({"pools.airports.queue.when_full.timeout=2s"}).when_full.timeout_ms, 2'000);
    EXPECT_TRUE(pool({}).keep_order);
    EXPECT_FALSE(pool({"pools.airports.order=none"}).keep_order);
    EXPECT_EQ(pool({"pools.airports.route.by=least_loaded"}).route.by, RouteBy::least_loaded);
    EXPECT_FALSE(pool({"pools.airports.on_failure=skip"}).park);
    EXPECT_TRUE(pool({"pools.airports.park_full=dead_letter"}).park_full_dead_letters);
    const std::vector<std::pair<std::string, std::string>> when{{"/type", "departure"}, {"/late", "true"}, {"/stops", "2"}};
    EXPECT_EQ(pool({"pools.airports.when={ /type: departure, /late: true, /stops: 2 }"}).when, when);
}

TEST_F(ReadingAConfiguration, LetsDefaultsFollowWhatIsGiven) {
    EXPECT_EQ(config_with({"pools.airports.queue.capacity=10"}).pools[0].batch_max, 10u);
    EXPECT_EQ(config_with({"pools.airports.queue.capacity=10"}).pools[0].park_limit, 1u);
    EXPECT_EQ(config_with({"pools.airports.retry.backoff=1h"}).pools[0].backoff_max_ms, 3'600'000);
    EXPECT_EQ(config_with({"pools.airports.retry.backoff_max=20ms"}).pools[0].backoff_ms, 20);
}

TEST_F(ReadingAConfiguration, ReadsTheRestOfTheHost) {
    const HostConfig config = config_with(
        {"plugin_path=[plugins, /opt/plugins]", "state_dir=../elsewhere", "shutdown={ mode: drain, deadline: 0s }",
         "log={ level: warn, format: json, levels: { sources.flights: trace, pools: debug, statistics: warn } }",
         "targets.out={ plugin: file }", "dead_letters.target=out", "sources.flights.id=old.name", "statistics.every=1m"});
    EXPECT_EQ(config.plugin_path, (std::vector<std::filesystem::path>{folder_ / "plugins", "/opt/plugins"}));
    EXPECT_EQ(config.state_dir, folder_.parent_path() / "elsewhere");
    EXPECT_TRUE(config.drain);
    EXPECT_EQ(config.shutdown_deadline, 0s);
    EXPECT_TRUE(config.log.json);
    EXPECT_EQ(config.log.levels.size(), 3u);
    EXPECT_EQ(config.dead_letter_target, "out");
    EXPECT_EQ(config.sources[0].id, "old.name");
    EXPECT_EQ(config.statistics_every, 1min);
}

TEST_F(ReadingAConfiguration, MakesThePathOfAPluginAbsoluteAndLeavesItsNameAlone) {
    EXPECT_EQ(config_with({"pools.airports.handler.plugin=./x/orders.so"}).pools[0].handler.plugin,
              (folder_ / "x/orders.so").string());
    EXPECT_EQ(config_with({"pools.airports.handler.plugin=orders.so"}).pools[0].handler.plugin,
              (folder_ / "orders.so").string());
    EXPECT_EQ(config_with({"pools.airports.handler.plugin=orders"}).pools[0].handler.plugin, "orders");
}

TEST_F(ReadingAConfiguration, TakesOptionsInlineOrBelowConfigButNotTwice) {
    const Node options = config_with({"sources.flights.config={ follow: true }"}).sources[0].component.options;
    EXPECT_EQ(options.find("path")->text, "flights.jsonl");
    EXPECT_EQ(options.find("follow")->path, "sources.flights.config.follow");
    EXPECT_EQ(problems_with({"sources.flights.config={ path: x }"}),
              "--set sources.flights.config: sources.flights.config.path: the same option stands beside \"config\", at "
              "c.yaml:1:43; keep one\n");
}

TEST_F(ReadingAConfiguration, ReportsEverythingAtOnceInTheOrderOfTheFile) {
    EXPECT_EQ(problems("name: [x]\n"
                       "sources:\n"
                       "  flights: { plugin: file }\n"
                       "pools:\n"
                       "  airports:\n"
                       "    source: flihgts\n"
                       "    wokers: 10\n"
                       "    capacity: 5\n"
                       "    queue: { capacity: 0 }\n"
                       "    retry: { backoff: 10 }\n"
                       "statistic: { every: 10s }\n"),
              "c.yaml:1:7: name: must be text, not a list\n"
              "c.yaml:5:3: pools.airports.handler.plugin: missing; name the plugin, or the path of its .so file\n"
              "c.yaml:6:13: pools.airports.source: there is no source \"flihgts\"; did you mean \"flights\"?\n"
              "c.yaml:7:5: pools.airports.wokers: unknown key; did you mean \"workers\"?\n"
              "c.yaml:8:5: pools.airports.capacity: unknown key; did you mean \"queue.capacity\"?\n"
              "c.yaml:9:24: pools.airports.queue.capacity: must be a whole number from 1 to 1048576, not \"0\"\n"
              "c.yaml:10:23: pools.airports.retry.backoff: must be a duration: a whole number with ms, s, m, h or d, for "
              "example 250ms, not "
              "\"10\"\n"
              "c.yaml:11:1: statistic: unknown key; did you mean \"statistics\"?\n");
}

TEST_F(ReadingAConfiguration, SaysOfLaterKeysThatTheyComeLater) {
    for (const auto* later : {"pools.airports.handler.on_hang=wait", "sources.flights.sha256=0f"}) {
        const std::string problem = problems_with({later});
        EXPECT_NE(problem.find("this version of Sluice"), std::string::npos) << problem;
        EXPECT_EQ(std::count(problem.begin(), problem.end(), '\n'), 1) << problem;
    }
}

TEST_F(ReadingAConfiguration, BoundsTheTimeOfABatch) {
    EXPECT_EQ(config_with({"pools.airports.batch.time=2s"}).pools[0].batch_time_ms, 2'000);
    EXPECT_EQ(config_with({"pools.airports.batch.time=1h"}).pools[0].batch_max, 64u);
    for (const auto* bad : {"0ms", "2h", "50", "soon", "-1ms", "[1ms]"}) {
        const std::string problem = problems_with({std::string("pools.airports.batch.time=") + bad});
        EXPECT_EQ(problem.find("--set pools.airports.batch.time: "), 0u) << bad << ": " << problem;
        EXPECT_EQ(std::count(problem.begin(), problem.end(), '\n'), 1) << problem;
    }
}

TEST_F(ReadingAConfiguration, HoldsTheRelationsBetweenKeys) {
    EXPECT_EQ(problems_with({"pools.airports.queue.capacity=10", "pools.airports.batch.max=11"}),
              "--set pools.airports.batch.max: must not be larger than queue.capacity, which is 10\n");
    EXPECT_EQ(problems_with({"pools.airports.queue.capacity=10", "pools.airports.park_limit=11"}),
              "--set pools.airports.park_limit: must not be larger than queue.capacity, which is 10\n");
    EXPECT_EQ(problems_with({"pools.airports.retry={ backoff: 2s, backoff_max: 1s }"}),
              "--set pools.airports.retry: pools.airports.retry.backoff: must not be longer than backoff_max, which is 1s\n");
    EXPECT_EQ(problems_with({"pools.airports.workers=2", "pools.airports.missing_key.worker=2"}),
              "--set pools.airports.missing_key.worker: must be a whole number from 0 to 1, not \"2\"\n");
    EXPECT_EQ(problems_with({"pools.airports.workers=2", "pools.airports.route={ key: id, workers: { a: 2 } }"}),
              "--set pools.airports.route: pools.airports.route.workers.a: must be a whole number from 0 to 1, not \"2\"\n");
    EXPECT_EQ(problems_with({"pools.airports.on_hang=exit"}),
              "--set pools.airports.on_hang: exit needs handler.timeout: a call hangs when it has been running for twice that "
              "time\n");
    EXPECT_EQ(problems_with({"pools.airports.on_hang=exit", "pools.airports.handler.timeout=1s"}), "");
}

TEST_F(ReadingAConfiguration, AddsNoSecondProblemThatFollowsFromTheFirst) {
    EXPECT_EQ(problems_with({"pools.airports.workers=ten", "pools.airports.missing_key.worker=9"}),
              "--set pools.airports.workers: must be a whole number from 1 to 256, not \"ten\"\n");
    EXPECT_EQ(problems_with({"pools.airports.handler=5"}), "--set pools.airports.handler: must be a map of keys, not \"5\"\n");
    EXPECT_EQ(
        problems_with({"pools.airports.workers='${GONE}'"}),
        "--set pools.airports.workers: environment variable GONE is not set; set it, or give a default: ${GONE:-default}\n");
    EXPECT_EQ(problems_with({"sources.b.plugin=file", "pools.airports.source=x"}),
              "--set pools.airports.source: there is no source \"x\"; there are "
              "flights and b\n");
    EXPECT_EQ(problems_with({"pools.airports=5"}), "--set pools.airports: must be a map of keys, not \"5\"\n");
    EXPECT_EQ(
        problems_with({"pools.airports.handler='${GONE}'"}),
        "--set pools.airports.handler: environment variable GONE is not set; set it, or give a default: ${GONE:-default}\n");
    // A pool whose condition is wrong does not take all messages from those behind it.
    const std::string late = "pools.late={ source: flights, handler: { plugin: noop } }";
    EXPECT_EQ(problems_with({"pools.airports.when={ type: x }", late}),
              "--set pools.airports.when: pools.airports.when.type: a condition begins with a JSON pointer, such as /type: "
              "departure\n");
    EXPECT_EQ(problems_with({"pools.airports.when={ /type: [a] }", late}),
              "--set pools.airports.when: pools.airports.when./type: must be the text, number or boolean that is found there, "
              "not a list\n");
    EXPECT_EQ(problems_with({"pools.airports.when=5", late}), "--set pools.airports.when: must be a map of keys, not \"5\"\n");
    EXPECT_EQ(problems_with({"pools.airports.when='${GONE}'", late}),
              "--set pools.airports.when: environment variable GONE is not set; set it, or give a default: ${GONE:-default}\n");
}

TEST_F(ReadingAConfiguration, RefusesConditionsThatAreComparisons) {
    for (const std::string text : {">500", "<0.5", ">= 500", "<=-1", "!= arrival", "==5", "= 5"})
        EXPECT_EQ(
            problems_with({"pools.airports.when={ /ms: '" + text + "' }"}),
            "--set pools.airports.when: pools.airports.when./ms: is compared with the whole text that is found there, and \"" +
                text +
                "\" looks like a comparison, which this version of Sluice does not make; leave the condition out, and have the "
                "handler skip the others\n");
    for (const std::string text : {"<br>", ">", "=", "-5", "=SUM(A1)", "!", "<a> 5"})
        EXPECT_EQ(problems_with({"pools.airports.when={ /ms: '" + text + "' }"}), "") << text;
}

TEST_F(ReadingAConfiguration, TakesConditionsAsJsonWritesThem) {
    const auto expected = [&](const std::string& yaml) {
        return config_with({"pools.airports.when={ /v: " + yaml + " }"}).pools.at(0).when.at(0).second;
    };
    for (const auto& [yaml, json] : {std::pair{"0x1F", "31"},
                                     {"+5", "5"},
                                     {"-0", "0"},
                                     {".5", "0.5"},
                                     {"-.5e3", "-0.5e3"},
                                     {"5.", "5"},
                                     {"00.5", "0.5"},
                                     {"1.50", "1.50"},
                                     {"True", "true"},
                                     {"FALSE", "false"},
                                     {"'True'", "True"},
                                     {"'0x1F'", "0x1F"},
                                     {"123456789012345678901234567890", "123456789012345678901234567890"},
                                     {"1e400", "1e400"}})
        EXPECT_EQ(expected(yaml), json) << yaml;
}

TEST_F(ReadingAConfiguration, IsQuickWithManyWrongEntries) {
    std::string text = "sources: { flights: { plugin: file, path: flights.jsonl } }\npools:\n";
    for (int i = 0; i < 49'900; ++i) text += "  p" + std::to_string(i) + ": x\n";
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_NE(problems(text).find("c.yaml:2:1: pools: at most 64 pools, not 49900\n"), std::string::npos);
    text = "sources:\n";
    for (int i = 0; i < 49'000; ++i) text += "  s" + std::to_string(i) + ": x\n";
    EXPECT_NE(problems(text).find("c.yaml:1:1: sources: at most 1024 sources, not 49000\n"), std::string::npos);
    text = smallest_configuration;
    for (int i = 0; i < 49'000; ++i) text += "wrong" + std::to_string(i) + ": x\n";
    EXPECT_NE(problems(text).find("... and 48900 more\n"), std::string::npos);
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // which take as long as they take
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20))
        << "it took minutes when each entry was looked up";
#else
    static_cast<void>(begun);
#endif
}

TEST_F(ReadingAConfiguration, NeedsSourcesThatAreUsedAndPoolsThatGetSomething) {
    EXPECT_EQ(problems(""), "c.yaml:1:1: pools: missing; a configuration has at least one source and one pool\n");
    EXPECT_EQ(
        problems_with({"sources.b.plugin=file"}),
        "--set sources.b.plugin: sources.b: no pool uses this source; name it as the \"source\" of a pool, or leave it out\n");
    EXPECT_EQ(problems_with({"pools.late={ source: flights, handler: { plugin: noop } }"}),
              "--set pools.late: never gets a message: pools.airports stands before it, has no \"when\" and takes all of "
              "sources.flights\n");
    EXPECT_EQ(problems_with({"pools.airports.when={ /a: b }", "pools.late={ source: flights, handler: { plugin: noop } }"}),
              "");
}

TEST_F(ReadingAConfiguration, RefusesTwoSourcesWithOneIdentity) {
    EXPECT_EQ(
        problems_with({"sources.b={ plugin: file, id: flights }", "pools.late={ source: b, handler: { plugin: noop } }"}),
        "--set sources.b: has the same id \"flights\" as sources.flights; positions are kept by id, so each needs its own\n");
}

TEST_F(ReadingAConfiguration, RefusesNamesThatWouldMakeBadFolders) {
    for (const auto* name : {"../x", "a b", "caf\xc3\xa9", ".."})
        EXPECT_NE(problems_with({std::string("databases.\"") + name + "\".plugin=sqlite"}).find("is made of 1 to 64 letters"),
                  std::string::npos)
            << name;
    EXPECT_EQ(problems_with({"databases.A_b-9.plugin=sqlite"}), "");
    EXPECT_EQ(problems_with({"sources.flights.id=../x"}),
              "--set sources.flights.id: is made of 1 to 64 letters, digits, \"-\", \"_\" and \".\"\n");
}

TEST_F(ReadingAConfiguration, SaysWhenTheFileCannotBeRead) {
    const auto problem_of = [&](const std::filesystem::path& file) {
        return short_text(read_config({file, {}, process_environment()}).problems.text());
    };
    EXPECT_EQ(problem_of(folder_ / "gone.yaml"), "gone.yaml: cannot be read: No such file or directory\n");
    EXPECT_EQ(problem_of(folder_ / ""), short_text((folder_ / "").string() + ": is a folder, not a configuration file\n"));
    EXPECT_EQ(problems("[1, 2]\n"), "c.yaml:1:1: must be a map of keys, not a list\n");
}

}  // namespace
}  // namespace sluice
