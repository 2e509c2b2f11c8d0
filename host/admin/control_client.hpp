// The command line's end of a conversation.
//
// Threads      one.
// Errors       unavailable: the host went away before the end of its answer.
#pragma once

#include <functional>
#include <string>

#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "core/node.hpp"

namespace sluice {

struct Answered {
    int exit = 0;
    std::string error;
    Node last;  // the whole last line
};

// Sends the request (a JSON object), then all of `input` unless that is -1, and gives each line of the answer but the last to `line`, a
// map. Returns with the last one.
Result<Answered> converse(const Descriptor& socket, const std::string& request, int input, const std::function<void(const Node&)>& line);

}  // namespace sluice
