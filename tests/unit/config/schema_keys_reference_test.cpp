// docs/reference/configuration.md against what the readers ask for.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "config/configuration.hpp"
#include "config/schema.hpp"
#include "config/settings.hpp"

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

TEST_F(ReferenceOfTheConfiguration, AndTheSchemaHaveTheSameKeys) {
    EXPECT_EQ(documented(), schema_keys());
}

TEST_F(ReferenceOfTheConfiguration, SaysTheDefaults) {
    std::ifstream file(SLUICE_ROOT "/docs/reference/configuration.md");
    std::stringstream text;
    text << file.rdbuf();
    const HostConfig config = config_with({});
    const PoolConfig& pool = config.pools[0];
    const auto row = [&](const std::string& key, const std::string& value) {
        const std::regex expected("\\| `" + key + "` \\| [^|]* \\| `" + value + "`");
        EXPECT_TRUE(std::regex_search(text.str(), expected)) << key << " should have the default " << value;
    };
    const auto path_of = [](std::string path, const auto& setting) {
        for (const std::string_view part : {setting.map, setting.key})
            if (!part.empty()) path += (path.empty() ? "" : ".") + std::string(part);
        return path;
    };
    for (const auto& setting : pool_settings())
        if (setting.key != "park_limit" && setting.map != "handler")  // an eighth of the capacity; none
            row(path_of("pools.NAME", setting), setting.text(pool));
    for (const auto& setting : host_settings()) row(path_of("", setting), setting.text(config));
    row("log.level", config.log.level);
    row("name", config.name);
}

}  // namespace
}  // namespace sluice
