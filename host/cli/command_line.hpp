// From the words of the command line to a verb.
#pragma once

#include <span>
#include <string>

namespace sluice {

// The exit status. Words without the program's own name.
int run_command_line(std::span<const std::string> words);

}  // namespace sluice
