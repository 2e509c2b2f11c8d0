// What the verbs that take a configuration have in common on the command line: FILE, --set and --help.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/read.hpp"

namespace sluice {

struct VerbUsage {
    std::string_view verb;         // "run"
    std::string_view operands;     // "FILE [--set KEY=VALUE]..."
    std::string_view about;        // what it does, in full sentences
    std::size_t operands_max = 0;  // behind FILE
};

struct Arguments {
    ConfigInput input;
    std::vector<std::string> operands;             // behind FILE
    boost::program_options::variables_map values;  // of the verb's own options
    std::optional<int> exit;                       // set: help was printed or the usage is wrong, so leave with this status
};

// `options` holds the verb's own options and gets the common ones.
Arguments read_arguments(const VerbUsage& usage, boost::program_options::options_description options,
                         std::span<const std::string> arguments);

}  // namespace sluice
