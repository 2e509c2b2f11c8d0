// The usual way in C++: one thread per worker, each with a bounded deque, mutex and condition variables; one message per
// hand-over.
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "work.hpp"

namespace {

using namespace bench;

class MutexQueue {
public:
    void push(std::optional<Message> message) {
        std::unique_lock lock(mutex_);
        has_room_.wait(lock, [this] { return messages_.size() < capacity; });
        messages_.push_back(message);
        has_message_.notify_one();
    }
    std::optional<Message> pop() {
        std::unique_lock lock(mutex_);
        has_message_.wait(lock, [this] { return !messages_.empty(); });
        const std::optional<Message> first = messages_.front();
        messages_.pop_front();
        has_room_.notify_one();
        return first;
    }

private:
    static constexpr std::size_t capacity = 1000;
    std::mutex mutex_;
    std::condition_variable has_message_, has_room_;
    std::deque<std::optional<Message>> messages_;  // nothing = the end
};

class ThreadAWorker {
public:
    ThreadAWorker(const Options& options, Handler* handlers, Arguments&)
        : queues_(std::make_unique<MutexQueue[]>(options.workers)),
          workers_(options.workers) {
        for (unsigned i = 0; i < workers_; ++i)
            threads_.emplace_back([&queue = queues_[i], &handler = handlers[i]] {
                while (const std::optional<Message> message = queue.pop()) handler.handle(*message);
            });
    }
    void push(unsigned worker, const Message& message) { queues_[worker].push(message); }
    void flush() {}
    void finish() {
        for (unsigned i = 0; i < workers_; ++i) queues_[i].push(std::nullopt);
        threads_.clear();
    }

private:
    std::unique_ptr<MutexQueue[]> queues_;
    const unsigned workers_;
    std::vector<std::jthread> threads_;
};

}  // namespace

int main(int count, char** words) {
    return bench::run_in_memory<ThreadAWorker>(count, words);
}
