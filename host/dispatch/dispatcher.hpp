// From a source to its pools: routes polled messages, and hands each to the feed of the pool that takes it.
//
// Threads      the source thread.
// Ownership    owns router and feeds, and what waits in them. Pools outlive it, but for take_left().
// Limits       what its feeds have room for (PoolFeed).
// Invariants   messages of one key keep their order, in each pool
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/message.hpp"
#include "dispatch/key_question.hpp"
#include "dispatch/overdue.hpp"
#include "dispatch/pool_feed.hpp"
#include "observe/logging.hpp"
#include "route/source_router.hpp"
#include "settle/recorded_before.hpp"

namespace sluice {

class Dispatcher {
public:
    // `pools`: as the router numbers them.
    Dispatcher(SourceRouter router, MessageStore& store, std::vector<PoolFeed::Options> pools,
               const RecordedBefore* recorded = nullptr);
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
        if (counts_loads_) feeds_[message.pool].came_back(message);
    }
    // Has a worker that was asked for room said that there is some?
    bool may_push() const {
        return std::any_of(feeds_.begin(), feeds_.end(), [](const PoolFeed& feed) { return feed.may_push(); });
    }
    void release_all(MessageList& ended);
    void answer(KeyQuestion& question) { question.answer(feeds_); }
    // Names messages that are older than their pool's warn_at. `oldest_ns`: as Overdue has it.
    void name_overdue(std::int64_t now_ns, std::int64_t oldest_ns) {
        if (overdue_.is_due(now_ns, oldest_ns))
            overdue_.look(now_ns, [this](const Message& message) { return ask_about(message, feeds_[message.pool]); });
    }
    // What waits for room, in order.
    void take_waiting(MessageList& out);
    // The same at the very end: the pools may be gone already, replaced by a reload that this source has not taken note of.
    void take_left(MessageList& out) {
        for (PoolFeed& feed : feeds_) feed.take_left(out);
    }
    // What waits for room waits until there is some: nothing that went back would come again.
    void keep_waiting(bool keep);
    // A message went back to the source and has not come again.
    bool fenced() const {
        return std::any_of(feeds_.begin(), feeds_.end(), [](const PoolFeed& feed) { return feed.fenced(); });
    }
    // What the source has withdrawn and no worker has yet, each key in order.
    void take_withdrawn(MessageList& out);
    // Workers look for what the source has withdrawn.
    void tell_of_withdrawn() {
        for (PoolFeed& feed : feeds_) feed.options().pool->tell_of_withdrawn();
    }
    // Nothing that went back by this lane will come again by itself.
    void lane_has_gone(std::uint16_t lane) {
        for (PoolFeed& feed : feeds_) feed.lane_has_gone(lane);
    }

    // Messages that have no room in their worker's queue, or wait for their slot to move.
    std::uint32_t waiting() const { return sum(&PoolFeed::waiting); }
    // What a poll may bring: it finds room also if it all goes to the worker that has least.
    BoundedQueue::Room room() const { return room_; }
    bool may_poll() const { return room_.messages != 0; }
    // Do messages of its pool have an order?
    bool keeps_order(const Message& message) const {
        return message.key_hash != 0 && message.pool < feeds_.size() && feeds_[message.pool].options().keeps_order;
    }
    // When a message that waits is to be given back; 0 = none.
    std::int64_t due_ns() const { return due_ns_; }
    // How many slots have gone to another worker since this was asked last.
    std::uint32_t take_slots_moved() {
        std::uint32_t moved = 0;
        for (PoolFeed& feed : feeds_) moved += feed.take_slots_moved();
        return moved;
    }
    // Of waiting(), those in overflows.
    std::uint32_t overflowed() const { return sum(&PoolFeed::overflowed); }
    Logger pool_logger(const Message& message, Logger of_none) const {
        return message.pool < feeds_.size() ? feeds_[message.pool].options().logger : of_none;
    }
    // Empty if none took it.
    const std::string& pool_name(const Message& message) const {
        return message.pool < feeds_.size() ? feeds_[message.pool].options().pool->name() : none_;
    }

private:
    static constexpr std::uint16_t no_pool = 0xffff;

    void route(Message* message, bool again, MessageList& ended);
    void look_at_limits();
    std::uint32_t sum(std::uint32_t (PoolFeed::*of)() const) const {
        std::uint32_t all = 0;
        for (const PoolFeed& feed : feeds_) all += (feed.*of)();
        return all;
    }

    SourceRouter router_;
    MessageStore& store_;
    std::vector<PoolFeed> feeds_;  // one per pool; none comes or goes after construction
    std::string scratch_;
    BoundedQueue::Room room_{};
    std::int64_t due_ns_ = 0;
    bool all_went_back_ = true;
    bool keeps_waiting_ = false;
    bool counts_loads_ = false;
    const std::string none_;
    Overdue overdue_;
};

}  // namespace sluice
