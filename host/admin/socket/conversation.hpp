// One verb on its way: what a client asked, what it sends on, and what it is answered.
//
// The client sends one line of JSON, {"verb":"queues",…}, then whatever the verb reads, then shuts its side. The answer is
// lines of JSON; the last is {"end":true,"exit":0}, or {"end":true,"exit":1,"error":"…"}.
//
// Threads      the control server's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/limits.hpp"
#include "text/node.hpp"

namespace sluice {

// The client, as a verb sees it.
class Talk {
public:
    // What has arrived and is not used yet. There are SLUICE_BODY_PADDING readable bytes behind it.
    std::string_view input() const { return std::string_view(input_).substr(used_); }
    void use(std::size_t bytes) { used_ += bytes; }
    // No more than what input() holds will come.
    bool input_ended() const { return input_ended_; }
    // How much may wait in input(), where a verb needs more of it at once.
    void let_input_grow_to(std::size_t bytes) { input_max_ = bytes; }

    // One line; `json` is an object.
    void say(std::string_view json) { (output_ += json) += '\n'; }
    // Nothing is said behind this. `fields`: further members, `"stored":17`.
    void end(int exit, std::string_view error = {}, std::string_view fields = {});
    bool ended() const { return ended_; }
    // There is more to do without anything new: go on once all others have had their turn.
    void come_again() { again_ = true; }
    // The client has much to read: say more when it has.
    bool congested() const { return output_.size() - sent_ > limits::control_output_bytes; }

private:
    friend class ControlServer;

    std::string input_;
    std::size_t used_ = 0;
    std::size_t input_max_ = limits::control_request_bytes;
    std::string output_;
    std::size_t sent_ = 0;
    bool input_ended_ = false;
    bool ended_ = false;
    bool again_ = false;
};

class Conversation {
public:
    virtual ~Conversation() = default;  // also before the end: the client went away
    // Goes as far as it can without waiting. Called when something arrived or was sent, after a wake, and once per second.
    virtual void go_on(Talk& talk) = 0;
};

// Answers at once, or leaves a conversation that does. The request is a map and has a verb.
using Verb = std::function<std::unique_ptr<Conversation>(const Node& request, Talk& talk)>;

}  // namespace sluice
