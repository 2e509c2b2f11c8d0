// The command line's end of a conversation.
//
// Threads      one.
// Errors       unavailable: the host closed the connection before the end of its answer.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "admin/interrupt.hpp"
#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "text/node.hpp"

namespace sluice {

struct Answered {
    int exit = 0;
    std::string error;
    Node last;            // the whole last line
    int interrupted = 0;  // by this signal; then `last` may be missing
};

// Sends the request (a JSON object), then all of `input` unless that is -1, and gives each line of the answer but the last to
// `line`, a map. Returns with the last one. Once `interrupt` has come, it sends nothing more, takes the line that is under way
// back, and waits for the last one for interrupt_patience at most.
Result<Answered> converse(const Descriptor& socket, const std::string& request, int input,
                          const std::function<void(const Node&)>& line, Interrupt* interrupt = nullptr);
inline constexpr std::chrono::milliseconds interrupt_patience{1'000};

}  // namespace sluice
