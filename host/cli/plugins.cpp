#include "cli/plugins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <sstream>
#include <system_error>
#include <vector>

#include "cli/plugin_report.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* plugins_usage =
    "usage: sluice plugins [--json] [--plugin-path FOLDER]...\n"
    "       sluice plugins inspect FILE [--json]\n"
    "       sluice plugins inspect NAME [--json] [--plugin-path FOLDER]...\n"
    "\n"
    "Lists the plugins beside the program and in each FOLDER, or shows all that a plugin says of itself: that of the FILE, or\n"
    "those that have the NAME or a component of it. Runs no code of a plugin.\n"
    "\n";

struct Asked {
    bool help = false;
    bool json = false;
    std::vector<fs::path> folders;
    std::optional<std::string> inspect;  // a path or a name
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
    if (!asked.folders.empty() && is_plugin_path(words[1]))
        throw po::error("\"plugins inspect\" takes the path of a FILE, and no --plugin-path");
    asked.inspect = words[1];
    return asked;
}

int inspect(const Registry::Candidate& candidate, bool json) {
    if (json)
        fmt::print("{}\n", plugin_json(candidate));
    else if (candidate.manifest)
        fmt::print("{}", plugin_page(*candidate.manifest));
    if (!candidate.refusal) return 0;
    std::fflush(stdout);  // so that the refusal stands behind the page on a terminal
    fmt::print(stderr, "sluice: {}\n", candidate.refusal->message);
    return 1;
}

// A plugin's id, the name of a component, or that of the file without its end.
bool has_name(const Registry::Candidate& candidate, const std::string& name) {
    if (candidate.file.stem() == name) return true;
    if (!candidate.manifest) return false;
    return candidate.manifest->id == name ||
           std::ranges::any_of(candidate.manifest->components, [&](const ComponentSpec& spec) { return spec.name == name; });
}

int inspect_named(const std::string& name, const Registry& registry, bool json) {
    int status = 0;
    bool found = false;
    std::vector<std::string> names;
    for (const Registry::Candidate& candidate : registry.candidates()) {
        if (candidate.manifest)
            for (const ComponentSpec& spec : candidate.manifest->components) names.push_back(spec.name);
        if (!has_name(candidate, name)) continue;
        if (found && !json) fmt::print("\n");
        found = true;
        status = std::max(status, inspect(candidate, json));
    }
    if (found) return status;
    std::error_code failed;
    if (fs::is_regular_file(name, failed)) return inspect(Registry::examine(name), json);
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    fmt::print(stderr, "sluice: there is no plugin or component \"{}\", and no such file{}\n", name,
               did_you_mean_or_list(name, names));
    return 1;
}

}  // namespace

int plugins_verb(std::span<const std::string> arguments) {
    Asked asked;
    try {
        asked = read(arguments);
    } catch (const po::error& wrong) {
        fmt::print(stderr, "sluice plugins: {}\n{}", wrong.what(), plugins_usage);
        return 2;
    }
    if (asked.help) {
        std::ostringstream options;
        options << described();
        fmt::print("{}{}\n", plugins_usage, options.str());
        return 0;
    }
    if (asked.inspect && is_plugin_path(*asked.inspect)) return inspect(Registry::examine(*asked.inspect), asked.json);
    const Registry registry(Registry::search_path(asked.folders));
    if (asked.inspect) return inspect_named(*asked.inspect, registry, asked.json);
    fmt::print("{}", asked.json ? plugin_table_json(registry) + "\n" : plugin_table(registry));
    return 0;
}

}  // namespace sluice
