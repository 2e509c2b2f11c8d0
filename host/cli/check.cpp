// `sluice check FILE`: is the configuration right? Loads the plugins and creates every component, which opens nothing. With
// --connect: is what it names there, too?
#include <fmt/format.h>

#include <cstdio>

#include "app/exit_status.hpp"
#include "app/run_host.hpp"
#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "config/load.hpp"
#include "config/print.hpp"
#include "plugin/port/probe.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr VerbUsage check_usage{
    "check", "FILE [--print | --connect] [--set KEY=VALUE]...",
    "Reads the configuration FILE (\"-\": standard input), checks it, loads its plugins and lets them check their\n"
    "options. Connects to nothing and writes nothing. Prints every problem; the exit status is 1 if there is any.\n\n"
    "With --connect every source, target and database, and the store of dead letters, then looks at what it would\n"
    "connect to: a line for each says what it has found. Nothing is created or changed, and a host may run meanwhile.\n"
    "The exit status is 1 if a configuration does not fit what is there, 5 if something cannot be reached."};

std::string summary(const HostConfig& config) {
    std::string text = counted(config.sources.size(), "source");
    if (!config.databases.empty()) text += ", " + counted(config.databases.size(), "database");
    if (!config.targets.empty()) text += ", " + counted(config.targets.size(), "target");
    std::size_t workers = 0;
    for (const PoolConfig& pool : config.pools) workers += pool.workers;
    return fmt::format("{}, {}, {}", text, counted(config.pools.size(), "pool"), counted(workers, "worker"));
}

// Says what the parts find, as they find it.
class Finds {
public:
    void tell(const std::string& part, const Result<Facts>& found) {
        if (found) {
            fmt::print("{}: ok{}\n", part, listed(*found));
        } else if (found.error().kind == ErrorKind::unsupported) {
            fmt::print("{}: cannot be probed\n", part);
        } else {
            fmt::print(stderr, "{}\n", found.error().message);
            const bool is_wrong = status_ == exit_status::invalid || found.error().kind == ErrorKind::invalid;
            status_ = is_wrong ? exit_status::invalid : exit_status::failed;
        }
        std::fflush(stdout);  // the next one may take long
    }
    int status() const { return status_; }

private:
    static std::string listed(const Facts& facts) {
        std::string text;
        for (const Fact& fact : facts) text += fmt::format("{}{} {}", text.empty() ? ": " : ", ", fact.name, fact.value);
        return text;
    }

    int status_ = exit_status::clean;
};

}  // namespace

int check_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    auto add = options.add_options();
    add("print", "show the effective configuration: defaults filled in, secrets masked");
    add("connect", "also look whether what the configuration names can be reached and used");
    const Arguments arguments = read_arguments(check_usage, options, words);
    if (arguments.exit) return *arguments.exit;

    const bool prints = arguments.values.count("print") != 0, connects = arguments.values.count("connect") != 0;
    if (prints && connects) {
        fmt::print(stderr, "sluice check: --print and --connect do not go together: what --print shows is a configuration\n");
        return exit_status::usage;
    }

    const LoadedConfig loaded = load_config(arguments.input);
    if (!loaded.problems.empty()) {
        fmt::print(stderr, "{}", loaded.problems.text());
        return exit_status::invalid;
    }
    Finds finds;
    ProbeTold told;
    if (connects) told = [&finds](const std::string& part, const Result<Facts>& found) { finds.tell(part, found); };
    const Created created = create_host(loaded.config, *loaded.registry, told);
    for (const std::string& problem : created.problems) fmt::print(stderr, "{}\n", problem);
    if (!created.problems.empty()) return exit_status::invalid;
    for (const std::string& note : created.notes) fmt::print(stderr, "note: {}\n", note);
    if (finds.status() != exit_status::clean) return finds.status();
    if (prints)
        fmt::print("{}", print_config(loaded.config));
    else
        fmt::print("{}: ok: {}\n", arguments.input.file.string(), summary(loaded.config));
    return exit_status::clean;
}

}  // namespace sluice
