// Sends polled messages to their workers' queues, a batch a worker, and applies the policy where a queue is full.
//
// Threads      the source thread.
// Ownership    holds what has no room yet, in order, a line a worker; hands on the rest.
// Limits       holds at most one poll: the caller polls only when waiting() is 0.
// Invariants   messages for one worker enter its queue in the order polled
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/message.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "route/source_router.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

enum class WhenFullThen : std::uint8_t { block, drop_dead_letter, drop_count };

class Dispatcher {
public:
    struct PoolLane {
        WorkerPool* pool;
        WhenFullThen when_full;
        Logger logger;
    };

    Dispatcher(SourceRouter router, MessageStore& store, std::vector<PoolLane> pools);
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // Routes and pushes. What ends here (refused, unmatched, without a key, dropped) goes to `ended` with its outcome.
    void dispatch(MessageList polled, std::int64_t now_ns, MessageList& ended);
    // Tries again what waits for room.
    void push_waiting(std::int64_t now_ns, MessageList& ended);
    // Has a worker that was asked for room said that there is some?
    bool may_push() const;
    void release_all(MessageList& ended);

    std::uint32_t waiting() const { return waiting_; }
    // Empty if none took it.
    const std::string& pool_name(const Message& message) const { return message.pool < pools_.size() ? pools_[message.pool].lane.pool->name() : none_; }

private:
    static constexpr std::uint16_t no_pool = 0xffff;

    struct Line {
        explicit Line(Worker* to) : worker(to) {}

        Worker* worker;
        MessageList messages;            // routed, not yet in the queue
        TwoWayNotice nearly_full{0.8, 0.5};
        RateLimit notices{60'000'000'000};  // a fast source fills a queue many times a second
        bool noticed = false;               // its end is to be said too
        bool listed = false;             // in lines_in_use_
    };
    struct Pool {
        PoolLane lane;
        std::vector<Line> lines;
        std::vector<Runnable*> ready;
    };

    void route(Message* message, MessageList& ended);
    void push(Pool& pool, Line& line, MessageList& ended);
    void apply_policy(Pool& pool, Line& line, MessageList& ended);
    void say_depth(Pool& pool, Line& line, std::uint32_t depth);

    SourceRouter router_;
    MessageStore& store_;
    std::vector<Pool> pools_;
    std::vector<std::pair<Pool*, Line*>> in_use_;  // lines that hold messages
    std::vector<Message*> stage_;
    std::string scratch_;
    std::uint32_t waiting_ = 0;
    std::int64_t now_ns_ = 0;
    const std::string none_;
};

}  // namespace sluice
