// docs/reference/configuration.md against the keys there are.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "config/configuration.hpp"
#include "config/schema.hpp"
#include "config/schema_keys.hpp"

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
    static std::vector<std::string> page() {
        std::ifstream file(SLUICE_ROOT "/docs/reference/configuration.md");
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }
    static std::set<std::string> documented() {
        std::set<std::string> keys;
        const std::regex row("^\\| `([a-z_.NAME]+)` \\|.*");
        std::smatch match;
        for (const std::string& line : page())
            if (std::regex_match(line, match, row)) keys.insert(match[1]);
        return keys;
    }
};

// "1..256" -> "1 to 256"; "0s..1d" and "1..1TiB" -> "up to 1d", "up to 1TiB"
std::string range_in_words(std::string_view range, bool of_units) {
    const std::size_t dots = range.find("..");
    const std::string least(range.substr(0, dots)), most(range.substr(dots + 2));
    const bool from_nothing = of_units && (least.starts_with("0") || least == "1" || least == "1B");
    return from_nothing ? "up to " + most : least + " to " + most;
}

std::string type_in_words(const SchemaKey& key, bool has_keys_below) {
    std::string shape(key.shape);
    if (shape.ends_with('!')) shape.pop_back();
    if (shape == "source" || shape == "database" || shape == "target" || shape == "handler" || shape.empty() ||
        shape.starts_with('<'))
        return "map";
    if (shape == "paths") return "list of paths";
    if (shape == "boolean") return "`true`, `false`";
    if (shape == "rate") return "rate, `100/s`, `50/m` or `10/h`";
    if (shape == "text" || shape == "path" || shape == "map") return shape;
    if (const std::size_t blank = shape.find(' '); blank != std::string::npos)
        return shape.substr(0, blank) + ", " + range_in_words(shape.substr(blank + 1), true);
    if (shape.find("..") != std::string::npos) return "integer, " + range_in_words(shape, false);
    return "`" + std::regex_replace(shape, std::regex("\\|"), "`, `") + "`" + (has_keys_below ? ", map" : "");
}

TEST_F(ReferenceOfTheConfiguration, HasEveryKeyThereIsAndNoOther) {
    const ReadConfig result = read(every_kind_of_map);
    ASSERT_EQ(result.problems.text(), "");
    EXPECT_EQ(documented(), result.keys);
}

TEST_F(ReferenceOfTheConfiguration, AndTheSchemaHaveTheSameKeys) {
    EXPECT_EQ(documented(), schema_keys());
}

// What is said of a key is said of it wherever it stands, in the page once.
TEST_F(ReferenceOfTheConfiguration, SaysWhatTheTablesOfKeysSay) {
    const std::vector<std::string> lines = page();
    std::set<std::string_view> said;
    for (const SchemaKey& key : config_schema_keys()) {
        if (key.path.ends_with(".NAME")) continue;
        const bool has_keys_below = std::ranges::any_of(
            config_schema_keys(), [&](const SchemaKey& other) { return other.path.starts_with(std::string(key.path) + "."); });
        const std::string help(key.help.empty() || said.insert(key.help).second ? key.help : "as above");
        const std::string fallback(key.shape.ends_with('!') ? "required" : key.fallback);
        std::string row = "| `" + std::string(key.path) + "` | " + type_in_words(key, has_keys_below) + " |";
        for (const std::string& cell : {fallback, help}) row += (cell.empty() ? "" : " " + cell) + " |";
        EXPECT_TRUE(std::ranges::find(lines, row) != lines.end()) << "docs/reference/configuration.md lacks this line:\n"
                                                                  << row;
    }
}

// What needs no restart stands in the text as well.
TEST_F(ReferenceOfTheConfiguration, NamesWhatARunningHostTakesOver) {
    std::string text;
    for (const std::string& line : page()) text += line + " ";
    text = text.substr(text.find("### While the host runs"));
    text = text.substr(0, text.find("needs a restart"));
    for (const SchemaKey& key : config_schema_keys()) {
        const std::string path(key.path), section = path.substr(0, path.find('.'));
        const bool is_named =
            text.find("`" + path + "`") != std::string::npos || text.find("`" + section + "`") != std::string::npos;
        EXPECT_TRUE(is_named || !key.reloads) << path;
    }
}

}  // namespace
}  // namespace sluice
