// Sends polled messages to their workers' queues, one batch per worker, and applies the policy where a queue is full.
//
// Threads      the source thread.
// Ownership    holds what has no room yet, in order, one line per worker; hands on the rest.
// Limits       what is held until its slot moves: one slot per pool, about as much as a worker's queue holds (Drain)
//              a line holds its worker's share of the pool's overflow, and the message that is the first beyond its bytes: a
//              poll brings no more than room(). Where messages go back or are dropped because a queue is full, some must come
//              to a full queue: at most as many as it holds.
// Invariants   (1) messages for one worker enter its queue in the order polled
//              (2) a slot changes its worker only while nothing of it is in flight: routed, and not back from its worker
//              (Loads)
//              (3) of a key, a message is given back only with all that follow it, until it has come again (Fences)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/message.hpp"
#include "dispatch/fences.hpp"
#include "dispatch/key_question.hpp"
#include "dispatch/loads.hpp"
#include "dispatch/overdue.hpp"
#include "flow/when_full.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "route/source_router.hpp"
#include "settle/recorded_before.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

// What a share of an overflow may hold in bytes: as much per message as the queue it stands behind.
constexpr std::uint64_t overflow_bytes(std::uint32_t queue_capacity, std::uint64_t queue_bytes, std::uint32_t share) {
    return static_cast<std::uint64_t>(static_cast<double>(queue_bytes) / queue_capacity * share);
}

class Dispatcher {
public:
    struct PoolLane {
        WorkerPool* pool;
        WhenFull when_full;
        Logger logger;
        bool keeps_order = true;  // else a message goes back without those of its key that follow it
        bool least_loaded = false;
        bool rebalance = false;  // idle slots leave workers that have too much
    };

    // `recorded`: what has ended in an earlier run is never dropped; NULL: nothing has.
    Dispatcher(SourceRouter router, MessageStore& store, std::vector<PoolLane> pools, const RecordedBefore* recorded = nullptr);
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // Before a dispatch: has the source confirmed all that was given back to it?
    void all_went_back(bool so) { all_went_back_ = so; }
    // Routes and pushes. What ends here (refused, unmatched, without a key, dropped, given back) goes to `ended` with its
    // outcome.
    void dispatch(MessageList polled, std::int64_t now_ns, MessageList& ended);
    // The same for messages that were routed before and came back from their workers. No policy of full queues ends them: they
    // wait, and they pass fences, being older than what those hold up.
    void dispatch_again(MessageList kept, std::int64_t now_ns, MessageList& ended);
    // Tries again what waits for room.
    void push_waiting(std::int64_t now_ns, MessageList& ended);
    // A message that a worker had is back.
    void came_back(const Message& message) {
        if (counts_loads_) left(pools_[message.pool], message);
    }
    // Has a worker that was asked for room said that there is some?
    bool may_push() const;
    void release_all(MessageList& ended);
    // Finds the workers of a key and asks them; asked once more, looks at those that are inside a handler.
    void answer(KeyQuestion& question);
    // Names messages that are older than their pool's warn_at. `oldest_ns`: as Overdue has it.
    void name_overdue(std::int64_t now_ns, std::int64_t oldest_ns) {
        if (overdue_.is_due(now_ns, oldest_ns))
            overdue_.look(now_ns, [this](const Message& message) { return ask_about(message); });
    }
    // What waits for room, in order.
    void take_waiting(MessageList& out);
    // The same at the very end: the pools may be gone already, replaced by a reload that this source has not taken note of.
    void take_left(MessageList& out);
    // What waits for room waits until there is some: nothing that went back would come again.
    void keep_waiting(bool keep) {
        if (std::exchange(keeps_waiting_, keep) != keep) look_at_limits();
    }
    // A message went back to the source and has not come again.
    bool fenced() const;
    // What the source has withdrawn and no worker has yet, each key in order.
    void take_withdrawn(MessageList& out);
    // Workers look for what the source has withdrawn.
    void tell_of_withdrawn();
    // Nothing that went back by this lane will come again by itself.
    void lane_has_gone(std::uint16_t lane);

    // Messages that have no room in their worker's queue, or wait for their slot to move.
    std::uint32_t waiting() const { return waiting_; }
    // What a poll may bring: it finds room also if it all goes to the worker that has least.
    BoundedQueue::Room room() const { return room_; }
    bool may_poll() const { return room_.messages != 0; }
    // Do messages of its pool have an order?
    bool keeps_order(const Message& message) const {
        return message.key_hash != 0 && message.pool < pools_.size() && pools_[message.pool].lane.keeps_order;
    }
    // When a message that waits is to be given back; 0 = none.
    std::int64_t due_ns() const { return due_ns_; }
    // How many slots have gone to another worker since this was asked last.
    std::uint32_t take_slots_moved() { return std::exchange(slots_moved_, 0); }
    // Of waiting(), those in overflows.
    std::uint32_t overflowed() const { return overflowed_; }
    Logger pool_logger(const Message& message, Logger of_none) const {
        return message.pool < pools_.size() ? pools_[message.pool].lane.logger : of_none;
    }
    // Empty if none took it.
    const std::string& pool_name(const Message& message) const {
        return message.pool < pools_.size() ? pools_[message.pool].lane.pool->name() : none_;
    }

private:
    static constexpr std::uint16_t no_pool = 0xffff;
    static constexpr std::uint16_t no_slot = 0xffff;

    struct Line {
        explicit Line(Worker* to) : worker(to) {}

        Worker* worker;
        MessageList messages;       // routed, not yet in the queue
        std::uint64_t bytes = 0;    // of them
        std::int64_t since_ns = 0;  // release: when they began to wait, which is when they were polled
        TwoWayNotice nearly_full{0.8, 0.5};
        RateLimit notices{60'000'000'000};  // a fast source fills a queue many times per second
        RateLimit releases{60'000'000'000};
        bool noticed = false;  // its end is to be said too
        bool listed = false;   // in lines_in_use_
    };
    // A slot that is to move as soon as it is idle; what comes of it meanwhile.
    struct Drain {
        std::uint16_t slot = no_slot;  // none
        MessageList held{};
        std::uint64_t bytes = 0;
    };
    struct Pool {
        PoolLane lane;
        Router* router;
        Loads loads;
        std::uint32_t share = 0;  // of the overflow, per worker
        std::uint64_t share_bytes = 0;
        Drain drain{};
        std::vector<Line> lines{};
        std::vector<Runnable*> ready{};
        Fences fences{limits::fences_max};
    };

    void ask(Pool& pool, const std::shared_ptr<KeyLook>& look, std::uint32_t worker, std::uint64_t key_hash);
    std::shared_ptr<KeyLook> ask_about(const Message& message);
    void route(Message* message, bool again, MessageList& ended);
    bool hold(Pool& pool, Message* message);
    std::uint32_t better_for(Pool& pool, std::uint16_t slot, std::uint32_t worker);
    bool place_by_slot(Pool& pool, Message* message, const Routed& routed, std::uint32_t& worker);
    // Into its worker's line.
    [[gnu::always_inline]] void put(Pool& pool, Message* message, std::uint32_t worker) {
        message->worker = static_cast<std::uint16_t>(worker);
        message->view.worker = worker;
        Line& line = pool.lines[worker];
        if (line.messages.empty()) line.since_ns = now_ns_;
        line.messages.push_back(message);
        line.bytes += message->charge;
        pool.loads.add(worker);
        ++waiting_;
        if (!line.listed) {
            line.listed = true;
            in_use_.emplace_back(&pool, &line);
        }
    }
    static void left(Pool& pool, const Message& message) {
        pool.loads.remove(message.worker);
        if (message.slot != no_slot) pool.loads.remove_from_slot(message.slot);
    }
    void move_slot(Pool& pool, std::uint16_t slot, std::uint32_t worker);
    static bool may_drain(const Pool& pool, std::uint32_t worker);
    void begin_drain(Pool& pool, std::uint32_t crowded);
    void end_drains();
    void take_held(Pool& pool, MessageList& out);
    void push(Pool& pool, Line& line, MessageList& ended);
    void drop(Pool& pool, Line& line, MessageList& ended);
    void keep_in(Line& line, MessageList& kept);
    void release_late(Pool& pool, Line& line, MessageList& ended);
    static void end(Message* message, Outcome outcome, MessageList& ended);
    Message* take_first(Line& line);
    void look_at_limits();
    void look_at_room(Pool& pool, Line& line);
    void say_depth(Pool& pool, Line& line, std::uint32_t depth);

    SourceRouter router_;
    MessageStore& store_;
    const RecordedBefore* recorded_;
    std::vector<Pool> pools_;
    std::vector<std::pair<Pool*, Line*>> in_use_;  // lines that hold messages
    std::vector<const Line*> blocked_;             // lines whose workers are to say when there is room, as they have hardly any
    std::string scratch_;
    std::uint32_t waiting_ = 0;
    std::int64_t due_ns_ = 0;
    std::int64_t now_ns_ = 0;
    BoundedQueue::Room room_{};
    bool keeps_waiting_ = false;
    bool all_went_back_ = true;
    bool drops_nothing_ = false;  // until those of dispatch_again() have found room
    bool counts_loads_ = false;
    std::uint32_t drains_ = 0;  // pools with one
    std::uint32_t slots_moved_ = 0;
    std::uint32_t overflowed_ = 0;
    const std::string none_;
    Overdue overdue_;
};

}  // namespace sluice
