// Ten mailboxes on one thread (--executors 1), or on more: a mailbox is always run by the same one. With as many executors as
// workers this is the bare batched ring, one thread per worker.
//
//   --executors 1  --yield-us 0
#include <sched.h>

#include <memory>
#include <thread>
#include <vector>

#include "batch_ring.hpp"

namespace {

using namespace bench;

class Mailboxes {
public:
    Mailboxes(const Options& options, Handler* handlers, Arguments& arguments)
        : handlers_(handlers),
          rings_(options.workers),
          staged_(options.workers),
          executors_(arguments.number("executors", 1)),
          yield_ns_(static_cast<std::int64_t>(arguments.number("yield-us", 0)) * 1000),
          bells_(executors_) {
        for (std::size_t e = 0; e < executors_; ++e) threads_.emplace_back([this, e] { run(e); });
    }

    void push(unsigned worker, const Message& message) { staged_[worker].push_back(message); }
    void flush() {
        for (std::size_t worker = 0; worker < rings_.size(); ++worker) {
            std::vector<Message>& batch = staged_[worker];
            Bell& bell = bells_[worker % executors_];
            std::uint32_t done = 0;
            while (done < batch.size()) {
                done += rings_[worker].push(batch.data() + done, static_cast<std::uint32_t>(batch.size()) - done);
                bell.ring();
                if (done < batch.size()) ::sched_yield();  // full
            }
            batch.clear();
        }
    }
    void finish() {
        ended_.store(true, std::memory_order_seq_cst);
        for (Bell& bell : bells_) bell.ring();
        threads_.clear();
    }

private:
    void run(std::size_t executor) {
        for (;;) {
            const bool last = ended_.load(std::memory_order_seq_cst);
            std::uint32_t taken = 0;
            for (std::size_t worker = executor; worker < rings_.size(); worker += executors_)
                taken += rings_[worker].take(256, [&](const Message& message) { handlers_[worker].handle(message); });
            if (taken != 0) continue;
            if (last) return;
            bells_[executor].wait(yield_ns_, [&] {
                for (std::size_t worker = executor; worker < rings_.size(); worker += executors_)
                    if (!rings_[worker].empty()) return true;
                return ended_.load(std::memory_order_seq_cst);
            });
        }
    }

    Handler* handlers_;
    std::vector<BatchRing> rings_;
    std::vector<std::vector<Message>> staged_;
    const std::size_t executors_;
    const std::int64_t yield_ns_;
    std::vector<Bell> bells_;
    std::atomic<bool> ended_{false};
    std::vector<std::jthread> threads_;
};

}  // namespace

int main(int count, char** words) {
    return bench::run_in_memory<Mailboxes>(count, words);
}
