// `sluice check FILE`: is the configuration right? Loads the plugins and creates every component, which opens nothing.
#include <fmt/format.h>

#include <cstdio>

#include "app/config_load.hpp"
#include "app/config_print.hpp"
#include "app/exit_status.hpp"
#include "app/run_host.hpp"
#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "core/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr VerbUsage check_usage{
    "check", "FILE [--print] [--set KEY=VALUE]...",
    "Reads the configuration FILE (\"-\": standard input), checks it, loads its plugins and lets them check their\n"
    "options. Connects to nothing and writes nothing. Prints every problem; the exit status is 1 if there is any."};

std::string summary(const HostConfig& config) {
    std::string text = counted(config.sources.size(), "source");
    if (!config.databases.empty()) text += ", " + counted(config.databases.size(), "database");
    if (!config.targets.empty()) text += ", " + counted(config.targets.size(), "target");
    std::size_t workers = 0;
    for (const PoolConfig& pool : config.pools) workers += pool.workers;
    return fmt::format("{}, {}, {}", text, counted(config.pools.size(), "pool"), counted(workers, "worker"));
}

}  // namespace

int check_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    options.add_options()("print", "show the effective configuration: defaults filled in, secrets masked");
    const Arguments arguments = read_arguments(check_usage, options, words);
    if (arguments.exit) return *arguments.exit;

    const LoadedConfig loaded = load_config(arguments.input);
    if (!loaded.problems.empty()) {
        fmt::print(stderr, "{}", loaded.problems.text());
        return exit_status::invalid;
    }
    const Created created = create_host(loaded.config, *loaded.registry);
    for (const std::string& problem : created.problems) fmt::print(stderr, "{}\n", problem);
    if (!created.problems.empty()) return exit_status::invalid;
    for (const std::string& note : created.notes) fmt::print(stderr, "note: {}\n", note);
    if (arguments.values.count("print") != 0)
        fmt::print("{}", print_config(loaded.config));
    else
        fmt::print("{}: ok: {}\n", arguments.input.file.string(), summary(loaded.config));
    return exit_status::clean;
}

}  // namespace sluice
