// One pool's side of a source: routed messages enter the queues of its workers, one batch per worker, and the pool's policy is
// applied where a queue is full.
//
// Threads      the source thread.
// Ownership    owns what has no room yet, in order, one line per worker; hands on the rest. Router and pool outlive it, but for
//              take_left().
// Limits       what waits for its slot to move: SlotMoves. A line: QueueRoom.
// Invariants   (1) messages for one worker enter its queue in the order in which they were added
//              (2) of a key, a message is given back only with all that follow it, until it has come again (Fences)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "core/message.hpp"
#include "dispatch/fences.hpp"
#include "dispatch/line.hpp"
#include "dispatch/queue_room.hpp"
#include "dispatch/slot_moves.hpp"
#include "flow/when_full.hpp"
#include "observe/logging.hpp"
#include "route/router.hpp"
#include "settle/recorded_before.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

class PoolFeed {
public:
    struct Options {
        WorkerPool* pool;
        WhenFull when_full;
        Logger logger;
        bool keeps_order = true;  // else a message goes back without those of its key that follow it
        bool least_loaded = false;
        bool rebalance = false;  // idle slots leave workers that have too much
    };

    // `recorded`: what has ended in an earlier run is never dropped; NULL: nothing has.
    PoolFeed(Options options, Router& router, const RecordedBefore* recorded);

    const Options& options() const { return options_; }
    const Router& router() const { return *router_; }
    bool counts_loads() { return options_.least_loaded || moves_.loads().by_slot(); }

    // ---- messages come ----

    // Newly polled ones.
    void begin(std::int64_t now_ns) {
        now_ns_ = now_ns;
        moves_.loads().look(now_ns);
    }
    // Those that were added before and came back from their workers: until they have found room, no policy of full queues ends
    // anything.
    void begin_again(std::int64_t now_ns) {
        now_ns_ = now_ns;
        drops_nothing_ = true;
    }
    // May this newly polled message go to its worker? Else it is to be given back. A replayed one never went back: it is
    // neither what a fence waits for nor what that would show to be missing.
    bool may_pass(const Message& message, bool all_went_back) {
        return message.replayed || fences_.empty() || fences_.pass(message.key_hash, view_of(message.view.id), all_went_back);
    }
    // To its worker's line, or to wait for the move of its slot. It is of no slot yet.
    [[gnu::always_inline]] void add(Message* message, const Routed& routed) {
        std::uint32_t worker = routed.worker;
        if (options_.least_loaded) {
            worker = moves_.loads().least();
        } else if (routed.has_key && moves_.loads().by_slot() && !moves_.place(message, routed, worker)) {
            ++waiting_;
            return;
        }
        put(message, worker);
    }
    // Into the queues, as far as there is room. What is dropped or given back goes to `ended` with its outcome.
    void push(std::int64_t now_ns, MessageList& ended);
    // Those workers whose queues have got messages run.
    void schedule();
    // A worker has ended or given back a message.
    void came_back(const Message& message) { moves_.left(message); }

    // ---- what waits here ----

    // What waits for room waits until there is some: nothing that went back would come again.
    void keep_waiting(bool keep) { keeps_waiting_ = keep; }
    // All of it, in order.
    void take_waiting(MessageList& out);
    // The same at the very end: the pool may be gone already, replaced by a reload that this source has not taken note of.
    void take_left(MessageList& out);
    // What the source has withdrawn and no worker has yet, each key in order.
    void take_withdrawn(MessageList& out);
    std::uint32_t waiting() const { return waiting_; }
    // Calls each(message) for what waits for this worker, or for a slot to move.
    template <typename Each>
    void each_waiting(std::uint32_t worker, Each&& each) const {
        for (const MessageList* list : {&lines_[worker].messages, &moves_.waiting()})
            for (const Message* message = list->first(); message != nullptr; message = message->next) each(*message);
    }

    // ---- room ----

    // What there is room for now, and when what waits is to be given back.
    void look_at_limits();
    BoundedQueue::Room room() const { return room_.room(); }
    std::int64_t due_ns() const { return due_ns_; }  // 0 = nothing is
    // Of waiting(), those in the overflow.
    std::uint32_t overflowed() const { return overflowed_; }
    // Has a worker that was asked for room said that there is some?
    bool may_push() const;

    // A message went back to the source and has not come again.
    bool fenced() const { return !fences_.empty(); }
    // Nothing that went back by this lane will come again by itself.
    void lane_has_gone(std::uint16_t lane) { fences_.forget_lane(lane); }
    std::uint32_t take_slots_moved() { return moves_.take_moved(); }

private:
    [[gnu::always_inline]] void put(Message* message, std::uint32_t worker) {
        message->worker = static_cast<std::uint16_t>(worker);
        message->view.worker = worker;
        Line& line = lines_[worker];
        if (line.messages.empty()) line.since_ns = now_ns_;
        line.add(message);
        moves_.loads().add(worker);
        ++waiting_;
        if (!line.listed) {
            line.listed = true;
            in_use_.push_back(&line);
        }
    }
    Message* take_first(Line& line) {
        --waiting_;
        return line.take_first();
    }
    void end_move();
    void push(Line& line, MessageList& ended);
    void drop(Line& line, MessageList& ended);
    void release_late(Line& line, MessageList& ended);
    void keep_in(Line& line, MessageList& kept);
    void note_depth(Line& line, std::uint32_t depth);

    Options options_;
    Router* router_;
    const RecordedBefore* recorded_;
    SlotMoves moves_;
    std::vector<Line> lines_;    // one per worker
    std::vector<Line*> in_use_;  // lines that hold messages
    std::vector<Runnable*> ready_;
    Fences fences_{limits::fences_max};
    QueueRoom room_;
    std::uint32_t waiting_ = 0;
    std::uint32_t overflowed_ = 0;
    std::int64_t due_ns_ = 0;
    std::int64_t now_ns_ = 0;
    bool keeps_waiting_ = false;
    bool drops_nothing_ = false;
};

}  // namespace sluice
