#include "config/settings.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "config/configuration.hpp"
#include "config/print.hpp"

namespace sluice {
namespace {

// A value of this shape that is not `now`.
std::string another(std::string_view shape, const std::string& now) {
    if (shape == "text" || shape == "text!" || shape == "path") return "other";
    if (shape == "paths") return "[other]";
    if (shape == "rate") return "7/s";
    if (shape.starts_with("<")) return "{ pools: debug }";
    if (shape.starts_with("duration")) return "33ms";
    if (shape.starts_with("size")) return "3MiB";
    if (shape.find("..") != std::string_view::npos) return std::to_string(std::stoll(now) + 1);
    const std::string first(shape.substr(0, shape.find('|')));
    return first != now ? first : std::string(shape.substr(shape.rfind('|') + 1));
}

class Settings : public ConfigurationTest {
protected:
    // Each row by itself is read, and printed as what was read.
    template <typename Section, typename Find>
    void expect_read_and_printed(std::span<const Setting<Section>> settings, const std::string& section, Find find) {
        std::set<std::string> paths;
        for (const Setting<Section>& setting : settings) {
            if (setting.shape == "map") continue;  // options, which are their plugin's
            std::string path = section;
            for (const std::string_view part : {setting.map, setting.key})
                if (!part.empty()) path += (path.empty() ? "" : ".") + std::string(part);
            EXPECT_TRUE(paths.insert(path).second) << path << " has two rows";
            EXPECT_NE(setting.help, "") << path;

            const std::string other = another(setting.shape, setting.text(find(config_with({}))));
            std::vector<std::string> overrides{path + "=" + other};
            if (setting.key == "on_hang") overrides.push_back("pools.airports.handler.timeout=1h");
            if (setting.key == "target") overrides.push_back("targets.other={ plugin: file }");
            const HostConfig config = config_with(overrides);
            const std::string text = setting.text(find(config));
            EXPECT_NE(text, setting.text(find(config_with({})))) << path << " was not read";
            EXPECT_TRUE(text == other || setting.shape.starts_with("path")) << path << " is " << text;
            const std::string printed = print_config(config);
            EXPECT_EQ(setting.text(find(read(printed).config)), text) << path << " in\n" << printed;
        }
    }
};

TEST_F(Settings, OfTheHostArePrintedAsTheyWereRead) {
    expect_read_and_printed(host_settings(), "", [](const HostConfig& config) { return config; });
}

TEST_F(Settings, OfTheLogArePrintedAsTheyWereRead) {
    expect_read_and_printed(log_settings(), "log", [](const HostConfig& config) { return config.log; });
}

TEST_F(Settings, OfComponentsArePrintedAsTheyWereRead) {
    expect_read_and_printed(component_settings(), "sources.flights",
                            [](const HostConfig& config) { return config.sources[0].component; });
    expect_read_and_printed(component_settings(), "pools.airports.handler",
                            [](const HostConfig& config) { return config.pools[0].handler; });
    expect_read_and_printed(source_settings(), "sources.flights", [](const HostConfig& config) { return config.sources[0]; });
}

TEST_F(Settings, OfPoolsArePrintedAsTheyWereRead) {
    expect_read_and_printed(pool_settings(), "pools.airports", [](const HostConfig& config) { return config.pools[0]; });
}

}  // namespace
}  // namespace sluice
