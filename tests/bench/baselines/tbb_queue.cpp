// One thread per worker, each with a bounded queue of oneTBB; one message per hand-over.
#include <tbb/concurrent_queue.h>

#include <memory>
#include <thread>
#include <vector>

#include "work.hpp"

namespace {

using namespace bench;

class TbbQueues {
public:
    TbbQueues(const Options& options, Handler* handlers, Arguments&)
        : queues_(std::make_unique<Queue[]>(options.workers)),
          workers_(options.workers) {
        for (unsigned i = 0; i < workers_; ++i) {
            queues_[i].set_capacity(1000);
            threads_.emplace_back([&queue = queues_[i], &handler = handlers[i]] {
                Message message;
                for (queue.pop(message); message.body != nullptr; queue.pop(message)) handler.handle(message);
            });
        }
    }
    void push(unsigned worker, const Message& message) { queues_[worker].push(message); }
    void flush() {}
    void finish() {
        for (unsigned i = 0; i < workers_; ++i) queues_[i].push(Message{});
        threads_.clear();
    }

private:
    using Queue = tbb::concurrent_bounded_queue<Message>;
    std::unique_ptr<Queue[]> queues_;
    const unsigned workers_;
    std::vector<std::jthread> threads_;
};

}  // namespace

int main(int count, char** words) {
    return bench::run_in_memory<TbbQueues>(count, words);
}
