#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <sstream>

#include "app/exit_status.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

std::string help_text(const VerbUsage& usage, const po::options_description& options) {
    std::ostringstream shown;
    shown << options;
    // A verb with several forms has them in its text.
    if (usage.operands.empty()) return fmt::format("{}{}", usage.about, shown.str());
    return fmt::format("usage: sluice {} {}\n\n{}\n\n{}", usage.verb, usage.operands, usage.about, shown.str());
}

Arguments wrong_usage(const VerbUsage& usage, std::string_view sentence) {
    fmt::print(stderr, "sluice {}: {}; see `sluice {} --help`\n", usage.verb, sentence, usage.verb);
    Arguments arguments;
    arguments.exit = exit_status::usage;
    return arguments;
}

// "unrecognised option '--prnt'", with the nearest there is.
std::string with_suggestion(const po::unknown_option& unknown, const po::options_description& options) {
    std::vector<std::string> names;
    for (const auto& option : options.options()) names.push_back("--" + option->long_name());
    const std::string near = nearest(unknown.get_option_name(), names);
    return near.empty() ? std::string(unknown.what()) : fmt::format("{}, did you mean {}?", unknown.what(), near);
}

}  // namespace

Arguments read_arguments(const VerbUsage& usage, po::options_description options, std::span<const std::string> words) {
    auto add = options.add_options();
    add("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
        "override a key of the file, for example pools.airports.workers=4; may be given several times");
    add("help,h", "show this help");
    po::options_description all;
    all.add(options).add_options()("file", po::value<std::vector<std::string>>());

    Arguments arguments;
    try {
        po::store(po::command_line_parser(std::vector<std::string>(words.begin(), words.end()))
                      .options(all)
                      .positional(po::positional_options_description().add("file", -1))
                      .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
                      .run(),
                  arguments.values);
    } catch (const po::unknown_option& unknown) {
        return wrong_usage(usage, with_suggestion(unknown, options));
    } catch (const po::error& wrong) {
        return wrong_usage(usage, wrong.what());
    }
    if (arguments.values.count("help") != 0) {
        fmt::print("{}", help_text(usage, options));
        arguments.exit = exit_status::clean;
        return arguments;
    }
    const auto texts = [&](const char* name) {
        return arguments.values.count(name) == 0 ? std::vector<std::string>()
                                                 : arguments.values[name].as<std::vector<std::string>>();
    };
    const std::vector<std::string> files = texts("file");
    if (files.empty()) return wrong_usage(usage, "name the configuration file");
    if (files.size() > 1 + usage.operands_max)
        return wrong_usage(usage, usage.operands_max == 0
                                      ? "takes one configuration file"
                                      : fmt::format("takes the configuration file and up to {} operands", usage.operands_max));
    arguments.operands.assign(files.begin() + 1, files.end());
    arguments.input = {files[0], texts("set"), process_environment()};
    for (const std::string& assignment : arguments.input.overrides)
        if (assignment.find('=') == std::string::npos)
            return wrong_usage(usage, fmt::format("--set {} has no value, write --set KEY=VALUE", assignment));
    return arguments;
}

}  // namespace sluice
