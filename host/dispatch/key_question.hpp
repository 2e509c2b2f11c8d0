// A question about one key to one source: its thread finds pools and workers, and asks these.
//
// Threads      as said at the members.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/message.hpp"
#include "flow/poll_gates.hpp"
#include "work/pool_question.hpp"

namespace sluice {

class PoolFeed;

struct KeyQuestion {
    // The source thread: asks the worker of each pool that has the key. Asked once more, answers for those that are inside a
    // handler.
    void answer(std::span<PoolFeed> pools);

    // Constant once asked.
    std::string key;
    std::function<void()> told;  // called on any thread whenever a part is answered

    // Written by the source thread before `placed`.
    std::vector<std::shared_ptr<PoolQuestion>> parts;
    NotPolled not_polled;
    std::atomic<bool> placed{false};
};

// The source thread: asks the worker that has this message about its key, or about messages without one.
std::shared_ptr<PoolQuestion> ask_about(const Message& message, PoolFeed& pool);

}  // namespace sluice
