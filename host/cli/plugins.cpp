#include "cli/plugins.hpp"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>
#include <vector>

#include "cli/plugin_report.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* usage =
    "usage: sluice plugins [--json] [--plugin-path FOLDER]...\n"
    "       sluice plugins inspect FILE [--json]\n"
    "\n"
    "Lists the plugins beside the program and in each FOLDER, or shows all that FILE says of itself. Runs no code of a "
    "plugin.\n"
    "\n";

struct Asked {
    bool help = false;
    bool json = false;
    std::vector<fs::path> folders;
    std::optional<fs::path> inspect;
};

po::options_description described() {
    po::options_description options("Options");
    options.add_options()("help,h", "show this help")("json", "one JSON object, for programs")(
        "plugin-path", po::value<std::vector<std::string>>()->composing(),
        "another folder to look in; may be given several times");
    return options;
}

Asked read(std::span<const std::string> arguments) {
    const po::options_description shown = described();
    po::options_description all;
    all.add(shown).add_options()("words", po::value<std::vector<std::string>>());
    po::variables_map given;
    po::store(po::command_line_parser(std::vector<std::string>(arguments.begin(), arguments.end()))
                  .options(all)
                  .positional(po::positional_options_description().add("words", -1))
                  .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                  .run(),
              given);
    Asked asked;
    asked.help = given.count("help") != 0;
    asked.json = given.count("json") != 0;
    if (given.count("plugin-path") != 0)
        for (const std::string& folder : given["plugin-path"].as<std::vector<std::string>>())
            asked.folders.push_back(fs::absolute(folder));
    if (given.count("words") == 0 || asked.help) return asked;
    const auto& words = given["words"].as<std::vector<std::string>>();
    if (words[0] != "inspect")
        throw po::error(fmt::format("there is no \"plugins {}\"; there is \"plugins inspect FILE\"", words[0]));
    if (words.size() != 2) throw po::error("\"plugins inspect\" takes one FILE");
    if (!asked.folders.empty()) throw po::error("\"plugins inspect\" takes the path of a FILE, and no --plugin-path");
    asked.inspect = words[1];
    return asked;
}

int inspect(const fs::path& file, bool json) {
    const Registry::Candidate candidate = Registry::examine(file);
    if (json)
        fmt::print("{}\n", plugin_json(candidate));
    else if (candidate.manifest)
        fmt::print("{}", plugin_page(*candidate.manifest));
    if (!candidate.refusal) return 0;
    std::fflush(stdout);  // so that the refusal stands behind the page on a terminal
    fmt::print(stderr, "sluice: {}\n", candidate.refusal->message);
    return 1;
}

}  // namespace

int plugins_verb(std::span<const std::string> arguments) {
    Asked asked;
    try {
        asked = read(arguments);
    } catch (const po::error& wrong) {
        fmt::print(stderr, "sluice plugins: {}\n{}", wrong.what(), usage);
        return 2;
    }
    if (asked.help) {
        std::ostringstream options;
        options << described();
        fmt::print("{}{}\n", usage, options.str());
        return 0;
    }
    if (asked.inspect) return inspect(*asked.inspect, asked.json);
    const Registry registry(Registry::search_path(asked.folders));
    fmt::print("{}", asked.json ? plugin_table_json(registry) + "\n" : plugin_table(registry));
    return 0;
}

}  // namespace sluice
