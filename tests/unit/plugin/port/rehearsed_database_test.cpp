// With the plugin `sqlite`, which really applies and rolls back.
#include "plugin/port/rehearsed_database.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "plugin/plugin_files.hpp"
#include "plugin/port/plugin_database.hpp"
#include "topology/host.hpp"

namespace sluice {
namespace {

// Runs `statement` for the messages, as a rehearsal or in earnest; how many messages were acked, and how many died.
class RehearsedDatabase : public testing::Test {
protected:
    std::pair<std::uint64_t, std::uint64_t> run(const std::string& statement, std::optional<Rehearsal> rehearsal) {
        write_file(folder.path() / "host.yaml", R"y(
state_dir: ./state
plugin_path: [ ")y" SLUICE_PLUGINS R"y(" ]
sources: { lines: { plugin: file, path: ./lines.jsonl } }
databases:
  d: { plugin: sqlite, path: ./d.db, deduplicate: true, setup: "CREATE TABLE IF NOT EXISTS t(n INTEGER PRIMARY KEY)" }
pools: { p: { source: lines, workers: 2, route: { key: /n }, handler: { plugin: sql, database: d, statement: ")y" +
                                                    statement + R"y(" } } }
)y");
        write_file(folder.path() / "lines.jsonl", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
        std::filesystem::remove_all(folder.path() / "state");
        std::filesystem::create_directory(folder.path() / "state");
        LoadedConfig loaded = load_config({folder.path() / "host.yaml", {}, [](const std::string&) { return std::nullopt; }});
        EXPECT_EQ(loaded.problems.text(), "");
        std::vector<std::string> problems;
        const auto host = Host::create(
            loaded.config, *loaded.registry, logging, clock, [] {}, problems, rehearsal);
        EXPECT_TRUE(problems.empty()) << problems.front();
        const auto started = host->start();
        EXPECT_TRUE(started) << started.error().message;
        const std::int64_t deadline = clock.now() + 20'000'000'000;
        while (!host->report().all_sources_ended() && clock.now() < deadline) std::this_thread::yield();
        const SourceCounts counts = host->report().snapshot().sources[0].counts;
        EXPECT_TRUE(host->close(deadline));
        return {counts.acked, counts.dead_lettered};
    }

    PluginFolder folder;
    SystemClock clock;
    Logging logging{LogOptions{LogLevel::error, false, {}}, clock};
};

using Ended = std::pair<std::uint64_t, std::uint64_t>;

TEST_F(RehearsedDatabase, AppliesAndRollsBack) {
    EXPECT_EQ(run("INSERT INTO t VALUES(:n)", Rehearsal{100}), Ended(3, 0));
    EXPECT_EQ(run("INSERT INTO t VALUES(:n)", Rehearsal{100}), Ended(3, 0));
    EXPECT_EQ(run("INSERT INTO t VALUES(:n)", std::nullopt), Ended(3, 0)) << "the rows are not there yet";
}

TEST_F(RehearsedDatabase, CountsNoMessageAsSeenAndKeepsTheRecordsThatThereAre) {
    EXPECT_EQ(run("INSERT INTO t VALUES(:n)", std::nullopt), Ended(3, 0));
    // Were they seen, this statement would not be applied at all; a rehearsal does not hear that it is refused.
    EXPECT_EQ(run("INSERT INTO t VALUES(:n + 10)", Rehearsal{100}), Ended(3, 0));
    EXPECT_EQ(run("INSERT INTO t VALUES(:n)", std::nullopt), Ended(3, 0)) << "seen: or the primary key would refuse them";
}

// What is called on one connection, and how its units end.
struct Calls : ConnectionPort::Ended {
    std::vector<std::string> seen;
    sluice_status prepare_answer = SLUICE_OK;
    sluice_status query_answer = SLUICE_OK;

    static Calls& of(void* self) { return *static_cast<Calls*>(self); }
    std::unique_ptr<DatabasePort> rehearsed() {
        table.struct_size = sizeof table;
        table.create = [](const sluice_setup* setup, void** self, sluice_fault*) -> sluice_status {
            *self = const_cast<char*>(setup->identity.data);
            return SLUICE_OK;
        };
        table.connect = [](void* self, const sluice_database_sink*, void** connection, sluice_fault*) -> sluice_status {
            *connection = self;
            return SLUICE_OK;
        };
        table.disconnect = [](void*) {};
        table.prepare = [](void* self, sluice_bytes, std::uint32_t*, sluice_fault*) { return of(self).prepare_answer; };
        table.query = [](void* self, std::uint64_t, sluice_ticket, std::uint32_t, const sluice_value*, std::uint32_t,
                         const sluice_row_sink*,
                         sluice_fault*) { return of(self).seen.emplace_back("query"), of(self).query_answer; };
        table.seal = [](void* self, std::uint64_t, sluice_fault*) -> sluice_status {
            return of(self).seen.emplace_back("seal"), SLUICE_OK;
        };
        table.commit_submit = [](void* self, std::uint64_t, std::uint64_t) { of(self).seen.emplace_back("commit"); };
        table.abandon_unit = [](void* self, std::uint64_t) { of(self).seen.emplace_back("abandon"); };
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.name = {"databases.d", 11};
        setup.identity = {reinterpret_cast<const char*>(this), 0};
        return rehearse_database(std::move(PluginDatabase::create(table, setup)).value());
    }
    void committed(std::uint64_t token, sluice_status status, const sluice_commit_result*, std::uint64_t,
                   sluice_bytes) override {
        answered = status == SLUICE_OK ? token : 0;
    }
    // The status of the seal, and the answer to the commit.
    std::pair<sluice_status, std::uint64_t> end_a_unit() {
        const auto database = rehearsed();
        const auto connection = database->connect(*this);
        EXPECT_TRUE(connection);
        const sluice_status sealed = (*connection)->seal(7, nullptr);
        if (sealed == SLUICE_OK) (*connection)->commit_submit(7, 42);
        return {sealed, answered};
    }
    std::uint64_t answered = 0;
    sluice_database table{};
};

TEST(RehearsedUnit, IsReadInOnceSoThatItIsAppliedThenAbandonedAndAnsweredAsCommitted) {
    Calls calls;
    EXPECT_EQ(calls.end_a_unit(), (std::pair<sluice_status, std::uint64_t>(SLUICE_OK, 42)));
    EXPECT_EQ(calls.seen, (std::vector<std::string>{"query", "seal", "abandon"}));
}

TEST(RehearsedUnit, RunsAgainIfItCouldNotBeApplied) {
    Calls calls;
    calls.query_answer = SLUICE_CONFLICT;
    EXPECT_EQ(calls.end_a_unit().first, SLUICE_CONFLICT);
    EXPECT_EQ(calls.seen, std::vector<std::string>{"query"}) << "the host abandons it";
}

TEST(RehearsedUnit, IsAbandonedAsItIsWhereTheDatabaseKnowsNoSuchStatement) {
    Calls calls;
    calls.prepare_answer = SLUICE_INVALID;
    EXPECT_EQ(calls.end_a_unit(), (std::pair<sluice_status, std::uint64_t>(SLUICE_OK, 42)));
    EXPECT_EQ(calls.seen, (std::vector<std::string>{"seal", "abandon"}));
}

}  // namespace
}  // namespace sluice
