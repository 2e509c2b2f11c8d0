// `sluice run FILE`: runs until stopped, or until every finite source is finished and settled.
#include <fmt/format.h>

#include <cstdio>

#include "app/exit_status.hpp"
#include "app/run_host.hpp"
#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "config/load.hpp"

namespace sluice {
namespace {

constexpr VerbUsage run_usage{
    "run", "FILE [--set KEY=VALUE]...",
    "Reads the configuration FILE (\"-\": standard input) and runs it: until it is told to stop (SIGTERM, SIGINT), or\n"
    "until every source that has an end is read, processed and settled.\n\n"
    "Exit status: 0 clean; 1 bad configuration or plugin, no message was read; 2 usage; 3 work was abandoned at the\n"
    "shutdown deadline; 4 a message is unaccounted for; 5 a source, database, target, handler (at its\n"
    "start) or the state directory failed permanently."};

}  // namespace

int run_verb(std::span<const std::string> words) {
    const Arguments arguments = read_arguments(run_usage, boost::program_options::options_description("Options"), words);
    if (arguments.exit) return *arguments.exit;
    const LoadedConfig loaded = load_config(arguments.input);
    if (!loaded.problems.empty()) {
        fmt::print(stderr, "{}", loaded.problems.text());
        return exit_status::invalid;
    }
    return run_host(loaded.config, *loaded.registry, [&] { return load_config(arguments.input); });
}

}  // namespace sluice
