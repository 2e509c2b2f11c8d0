// A question about one key to one source: its thread finds pools and workers, and asks these.
//
// Threads      ask, ask_again: any. The rest: the source thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "work/key_look.hpp"
#include "work/worker.hpp"

namespace sluice {

struct KeyQuestion {
    // Constant once asked.
    std::string key;
    std::function<void()> told;  // called on any thread whenever a part is answered

    // Written by the source thread before `placed`.
    std::vector<std::shared_ptr<KeyLook>> looks;
    std::atomic<bool> placed{false};
};

class KeyQuestions {
public:
    void ask(std::shared_ptr<KeyQuestion> question) {
        const std::lock_guard lock(mutex_);
        asked_.push_back(std::move(question));
        any_.store(true, std::memory_order_seq_cst);  // before the look of Doorbell::ring()
    }
    bool any() const { return any_.load(std::memory_order_seq_cst); }
    std::vector<std::shared_ptr<KeyQuestion>> take() {
        const std::lock_guard lock(mutex_);
        any_.store(false, std::memory_order_seq_cst);
        return std::exchange(asked_, {});
    }

private:
    std::atomic<bool> any_{false};
    std::mutex mutex_;
    std::vector<std::shared_ptr<KeyQuestion>> asked_;  // guarded by mutex_
};

}  // namespace sluice
