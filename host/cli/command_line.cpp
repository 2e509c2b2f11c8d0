#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>
#include <vector>

#include "app/exit_status.hpp"
#include "cli/plugins.hpp"
#include "cli/verbs.hpp"
#include "plugin/abi_version.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

struct NamedVerb {
    std::string_view name;
    std::string_view operands;
    std::string_view summary;
    int (*run)(std::span<const std::string> arguments);
};

constexpr NamedVerb verbs[] = {
    {"run", "FILE", "run a configuration until it is stopped, or its finite sources are finished", run_verb},
    {"check", "FILE", "say everything that is wrong with a configuration", check_verb},
    {"enqueue", "FILE --source NAME", "put lines of standard input into a source", enqueue_verb},
    {"dead-letters", "ls|show|replay|purge FILE", "look at what was given up on, process it once more, remove it",
     dead_letters_verb},
    {"queues", "FILE", "say how full the queues are", queues_verb},
    {"why", "FILE --key KEY", "say where the messages of a key are, and what they wait for", why_verb},
    {"reload", "FILE", "have the running host read its configuration again", reload_verb},
    {"tune", "FILE", "try the pipeline with other numbers of workers, batches and queues", tune_verb},
    {"schema", "", "print a JSON Schema of the configuration, for editors", schema_verb},
    {"plugins", "[inspect FILE|NAME]", "list the plugins, or show what one says of itself", plugins_verb},
};

std::string help_text() {
    std::string text = "usage: sluice VERB [ARGUMENT...]\n\n";
    for (const NamedVerb& verb : verbs) text += fmt::format("  {:<13}{:<27}{}\n", verb.name, verb.operands, verb.summary);
    return text + "\n`sluice VERB --help` tells more of a verb, `sluice --version` the version.\n";
}

std::string version_text() {
    return fmt::format("sluice {} (plugin ABI {})\n", SLUICE_VERSION, to_string(host_abi));
}

int unknown(const std::string& word) {
    std::vector<std::string> names;
    for (const NamedVerb& verb : verbs) names.emplace_back(verb.name);
    const bool option = word.starts_with('-');
    if (option) names = {"--help", "--version"};
    fmt::print(stderr, "sluice: there is no {} \"{}\"{}\n", option ? "option" : "verb", word,
               did_you_mean_or_list(word, names));
    return exit_status::usage;
}

}  // namespace

int run_command_line(std::span<const std::string> words) {
    if (words.empty()) {
        fmt::print(stderr, "{}", help_text());
        return exit_status::usage;
    }
    const std::string& word = words.front();
    for (const NamedVerb& verb : verbs)
        if (verb.name == word) return verb.run(words.subspan(1));
    if (word == "--help" || word == "-h" || word == "help") return fmt::print("{}", help_text()), exit_status::clean;
    if (word == "--version" || word == "-V") return fmt::print("{}", version_text()), exit_status::clean;
    return unknown(word);
}

}  // namespace sluice
