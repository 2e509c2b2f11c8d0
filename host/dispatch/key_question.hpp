// A question about one key to one source: its thread finds pools and workers, and asks these.
//
// Threads      as said at the members.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flow/poll_gates.hpp"
#include "work/key_look.hpp"
#include "work/worker.hpp"

namespace sluice {

struct KeyQuestion {
    // Constant once asked.
    std::string key;
    std::function<void()> told;  // called on any thread whenever a part is answered

    // Written by the source thread before `placed`.
    std::vector<std::shared_ptr<KeyLook>> looks;
    NotPolled not_polled;
    std::atomic<bool> placed{false};
};

}  // namespace sluice
