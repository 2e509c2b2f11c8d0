// The verbs of the command line, one file each. Every verb takes the arguments behind its name and answers the exit status
// (app/exit_status.hpp); results go to standard output, complaints to standard error.
#pragma once

#include <span>
#include <string>

namespace sluice {

int run_verb(std::span<const std::string> arguments);
int check_verb(std::span<const std::string> arguments);
int dead_letters_verb(std::span<const std::string> arguments);
int enqueue_verb(std::span<const std::string> arguments);
int queues_verb(std::span<const std::string> arguments);
int reload_verb(std::span<const std::string> arguments);
int schema_verb(std::span<const std::string> arguments);
int tune_verb(std::span<const std::string> arguments);
int why_verb(std::span<const std::string> arguments);

}  // namespace sluice
