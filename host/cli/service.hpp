// Finds who answers for a state directory: the host that runs on it, or, if none does, this process.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/arguments.hpp"
#include "config/load.hpp"

namespace sluice {

enum class Answers : unsigned char {
    host_only,       // the verb makes sense with a running host only
    host_or_direct,  // without a host this process opens the queues itself
};

struct Question {
    std::string_view verb;  // "enqueue", for complaints
    Answers answers = Answers::host_or_direct;
    bool only_looks = false;  // makes nothing that is not there
    std::string request;      // JSON
    int input = -1;           // what is sent behind the request
    // SIGINT and SIGTERM end it early: `last` is called if the answer comes soon, and the status is 128 and their number.
    bool until_signal = false;
    std::function<void(const Node&)> line;
    // The last line, whatever the exit status.
    std::function<void(const Node&)> last;
};

// Reads the configuration, asks, prints what goes wrong. The exit status.
int ask(const Arguments& arguments, const Question& question);

}  // namespace sluice
