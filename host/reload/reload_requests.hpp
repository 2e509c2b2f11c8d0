// Where a reload is asked for, and where the answer goes.
//
//   [any]      requests.ask([](const ReloadOutcome& outcome) { … });
//   [main]     for (auto& answer : requests.take()) …
//
// Threads      as above; the answer is called by the main thread, once.
// Limits       none of its own: who asks waits for the answer, and is bounded where it comes from.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "queue/mailbox.hpp"

namespace sluice {

struct ReloadOutcome {
    bool applied = false;  // false: nothing has changed, the lines say why
    std::vector<std::string> lines;
};

class ReloadRequests {
public:
    using Answer = std::function<void(const ReloadOutcome&)>;

    // `wake`: called on any thread; the main thread looks at take() soon after.
    explicit ReloadRequests(std::function<void()> wake) : wake_(std::move(wake)) {}

    void ask(Answer answer) {
        answers_.post(std::move(answer));
        wake_();
    }
    std::vector<Answer> take() { return answers_.take(); }

private:
    const std::function<void()> wake_;
    Mailbox<Answer> answers_;
};

}  // namespace sluice
