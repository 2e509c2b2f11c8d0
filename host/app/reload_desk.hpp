// Where a reload is asked for, and where the answer goes.
//
//   [any]      desk.ask([](const ReloadOutcome& outcome) { … });
//   [control]  for (auto& answer : desk.take()) …
//
// Threads      as above; the answer is called by control, once.
// Limits       none of its own: who asks waits for the answer, and is bounded where it comes from.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

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
        {
            std::lock_guard lock(mutex_);
            answers_.push_back(std::move(answer));
        }
        wake_();
    }
    std::vector<Answer> take() {
        std::lock_guard lock(mutex_);
        return std::exchange(answers_, {});
    }

private:
    const std::function<void()> wake_;
    std::mutex mutex_;
    std::vector<Answer> answers_;  // guarded by mutex_
};

}  // namespace sluice
