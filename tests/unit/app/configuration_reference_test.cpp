// docs/reference/configuration.md against what the readers ask for.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "app/config_schema.hpp"
#include "app/configuration.hpp"

namespace sluice {
namespace {

constexpr const char* every_kind_of_map =
    "sources: { flights: { plugin: file, path: flights.jsonl } }\n"
    "databases: { delays: { plugin: sqlite } }\n"
    "targets: { out: { plugin: file } }\n"
    "pools:\n"
    "  airports:\n"
    "    source: flights\n"
    "    missing_key: { worker: 0 }\n"
    "    queue: { when_full: { drop: count } }\n"
    "    handler: { plugin: noop }\n";

class ReferenceOfTheConfiguration : public ConfigurationTest {
protected:
    static std::set<std::string> documented() {
        std::ifstream file(SLUICE_ROOT "/docs/reference/configuration.md");
        std::set<std::string> keys;
        const std::regex row("^\\| `([a-z_.NAME]+)` \\|.*");
        std::string line;
        std::smatch match;
        while (std::getline(file, line))
            if (std::regex_match(line, match, row)) keys.insert(match[1]);
        return keys;
    }
};

TEST_F(ReferenceOfTheConfiguration, HasEveryKeyThereIsAndNoOther) {
    const ReadConfig result = read(every_kind_of_map);
    ASSERT_EQ(result.problems.text(), "");
    EXPECT_EQ(documented(), result.keys);
}

TEST_F(ReferenceOfTheConfiguration, AndTheSchemaHaveTheSameKeys) { EXPECT_EQ(documented(), schema_keys()); }

TEST_F(ReferenceOfTheConfiguration, SaysTheDefaultsOfNumbersAndTimes) {
    std::ifstream file(SLUICE_ROOT "/docs/reference/configuration.md");
    std::stringstream text;
    text << file.rdbuf();
    const HostConfig config = config_with({});
    const PoolConfig& pool = config.pools[0];
    const auto row = [&](const std::string& key, const std::string& value) {
        const std::regex expected("\\| `" + key + "` \\| [^|]* \\| `" + value + "`");
        EXPECT_TRUE(std::regex_search(text.str(), expected)) << key << " should have the default " << value;
    };
    row("pools.NAME.workers", std::to_string(pool.workers));
    row("pools.NAME.queue.capacity", std::to_string(pool.queue_capacity));
    row("pools.NAME.queue.bytes", std::to_string(pool.queue_bytes >> 20) + "MiB");
    row("pools.NAME.batch.max", std::to_string(pool.batch_max));
    row("pools.NAME.batch.time", std::to_string(pool.batch_time.count()) + "ms");
    row("pools.NAME.retry.attempts", std::to_string(pool.attempts));
    row("pools.NAME.retry.backoff", std::to_string(pool.backoff.count()) + "ms");
    row("pools.NAME.retry.backoff_max", std::to_string(pool.backoff_max.count() / 1000) + "s");
    row("statistics.every", std::to_string(config.statistics_every.count() / 1000) + "s");
    row("shutdown.deadline", std::to_string(config.shutdown_deadline.count() / 1000) + "s");
    row("log.level", config.log.level);
    row("name", config.name);
}

}  // namespace
}  // namespace sluice
