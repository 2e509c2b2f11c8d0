// `sluice schema`: the configuration as a JSON Schema, for editors.
#include "config/schema.hpp"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "app/exit_status.hpp"
#include "cli/verbs.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr const char* schema_usage =
    "usage: sluice schema [--plugin-path FOLDER]...\n\n"
    "Prints a JSON Schema (2020-12) of the configuration, with the options of the plugins beside the program and in each\n"
    "FOLDER, for editors that complete and check YAML. `sluice check` finds what a schema cannot know.\n\n";

}  // namespace

int schema_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    options.add_options()("help,h", "show this help")("plugin-path", po::value<std::vector<std::string>>()->composing(),
                                                      "another folder to look in; may be given several times");
    po::variables_map given;
    try {
        po::store(po::command_line_parser(std::vector<std::string>(words.begin(), words.end()))
                      .options(options)
                      .positional(po::positional_options_description())
                      .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                      .run(),
                  given);
    } catch (const po::error& wrong) {
        fmt::print(stderr, "sluice schema: {}; see `sluice schema --help`\n", wrong.what());
        return exit_status::usage;
    }
    if (given.count("help") != 0) {
        std::ostringstream shown;
        shown << options;
        fmt::print("{}{}", schema_usage, shown.str());
        return exit_status::clean;
    }
    std::vector<std::filesystem::path> folders;
    if (given.count("plugin-path") != 0)
        for (const std::string& folder : given["plugin-path"].as<std::vector<std::string>>())
            folders.push_back(std::filesystem::absolute(folder));
    const Registry registry(Registry::search_path(folders));
    fmt::print("{}\n", config_schema(registry));
    return exit_status::clean;
}

}  // namespace sluice
