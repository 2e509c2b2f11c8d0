// Where a reload is asked for, and where the answer goes.
//
//   [any]      desk.ask([](const ReloadOutcome& outcome) { … });
//   [control]  for (auto& answer : desk.take()) …
//
// Threads      as above; the answer is called by control, once.
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

class ReloadDesk {
public:
    using Answer = std::function<void(const ReloadOutcome&)>;

    // `wake`: called on any thread; control looks at take() soon after.
    explicit ReloadDesk(std::function<void()> wake) : wake_(std::move(wake)) {}

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
