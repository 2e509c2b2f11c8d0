// A configuration to try things on: written to a folder of its own, read, and changed by overrides.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "config/read.hpp"
#include "temporary_folder.hpp"

namespace sluice {

inline constexpr const char* smallest_configuration =
    "sources: { flights: { plugin: file, path: flights.jsonl } }\n"
    "pools: { airports: { source: flights, handler: { plugin: noop } } }\n";

class ConfigurationTest : public testing::Test {
protected:
    std::filesystem::path write(const std::string& name, const std::string& text) {
        std::ofstream(folder_ / name, std::ios::binary) << text;
        return folder_ / name;
    }

    ReadConfig read(const std::string& text, std::vector<std::string> overrides = {}) {
        return read_config({write("c.yaml", text), std::move(overrides), [](const std::string&) { return std::nullopt; }});
    }

    // Without the folder's name, which differs from machine to machine.
    std::string short_text(std::string text) const {
        for (auto at = text.find(folder_.string()); at != std::string::npos; at = text.find(folder_.string()))
            text.replace(at, folder_.string().size() + 1, "");
        return text;
    }

    std::string problems(const std::string& text) { return short_text(read(text).problems.text()); }
    std::string problems_with(std::vector<std::string> overrides) {
        return short_text(read(smallest_configuration, std::move(overrides)).problems.text());
    }
    HostConfig config_with(std::vector<std::string> overrides) {
        ReadConfig result = read(smallest_configuration, std::move(overrides));
        EXPECT_EQ(result.problems.text(), "");
        return result.config;
    }

    const TemporaryFolder temporary_;
    const std::filesystem::path& folder_ = temporary_.path;
};

}  // namespace sluice
