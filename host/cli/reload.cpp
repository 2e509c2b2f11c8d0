// `sluice reload FILE`: the host that runs reads its configuration again.
#include <fmt/format.h>

#include <cstdio>

#include "cli/arguments.hpp"
#include "cli/service.hpp"
#include "cli/verbs.hpp"
#include "text/json_read.hpp"

namespace sluice {
namespace {

constexpr VerbUsage reload_usage{
    "reload", "FILE [--set KEY=VALUE]...",
    "Asks the host that runs the configuration FILE to read it again, with the overrides that the host was started with, as\n"
    "SIGHUP does, and says what has changed. If the file is wrong, or a change needs a restart, nothing changes and the exit\n"
    "status is 1."};

}  // namespace

int reload_verb(std::span<const std::string> words) {
    const Arguments arguments = read_arguments(reload_usage, boost::program_options::options_description("Options"), words);
    if (arguments.exit) return *arguments.exit;
    Question question;
    question.verb = "reload";
    question.answers = Answers::host_only;
    question.request = R"({"verb":"reload"})";
    question.line = [](const Node& line) { fmt::print("{}\n", text_of(line, "line")); };
    return ask(arguments, question);
}

}  // namespace sluice
