#include "dispatch/dispatcher.hpp"

#include <functional>
#include <string_view>

namespace sluice {

Dispatcher::Dispatcher(SourceRouter router, MessageStore& store, std::vector<PoolFeed::Options> pools,
                       const RecordedBefore* recorded)
    : router_(std::move(router)),
      store_(store),
      overdue_(store) {
    feeds_.reserve(pools.size());
    for (PoolFeed::Options& options : pools) {
        PoolFeed& feed =
            feeds_.emplace_back(std::move(options), router_.router(static_cast<std::uint32_t>(feeds_.size())), recorded);
        counts_loads_ |= feed.counts_loads();
        overdue_.add(*feed.options().pool, feed.options().logger);
    }
    look_at_limits();
}

void Dispatcher::dispatch(MessageList polled, std::int64_t now_ns, MessageList& ended) {
    for (PoolFeed& feed : feeds_) feed.begin(now_ns);
    while (Message* message = polled.pop_front()) route(message, false, ended);
    push_waiting(now_ns, ended);
}

void Dispatcher::dispatch_again(MessageList kept, std::int64_t now_ns, MessageList& ended) {
    for (PoolFeed& feed : feeds_) feed.begin_again(now_ns);
    while (Message* message = kept.pop_front()) route(message, true, ended);
    push_waiting(now_ns, ended);
}

void Dispatcher::route(Message* message, bool again, MessageList& ended) {
    message->pool = no_pool;
    if (message->outcome == Outcome::dead_letter) {  // refused by its source
        ended.push_back(message);
        return;
    }
    SourceRouter::Picked picked = router_.route(message->view, scratch_);
    if (picked.routed.to == Routed::To::dead_letter) {
        message->outcome = Outcome::dead_letter;
        if (picked.pool == SourceRouter::no_pool) {
            message->fail("no pool's `when` takes it");
        } else {
            message->pool = static_cast<std::uint16_t>(picked.pool);
            message->fail("it has no key, and missing_key says dead_letter");
        }
        ended.push_back(message);
        return;
    }
    PoolFeed& feed = feeds_[picked.pool];
    message->pool = static_cast<std::uint16_t>(picked.pool);
    message->slot = SlotMoves::no_slot;
    message->key_hash = picked.routed.key_hash;
    if (picked.routed.has_key) {
        const std::string_view key = picked.routed.key;
        const std::less<const char*> before;
        const bool in_scratch = !before(key.data(), scratch_.data()) && before(key.data(), scratch_.data() + scratch_.size());
        if (in_scratch)
            store_.own_key(message, key);
        else
            message->view.key = {key.data(), key.size()};
        if (!again && !feed.may_pass(*message, all_went_back_)) {
            message->outcome = Outcome::released;
            ended.push_back(message);
            return;
        }
    }
    feed.add(message, picked.routed);
}

void Dispatcher::push_waiting(std::int64_t now_ns, MessageList& ended) {
    for (PoolFeed& feed : feeds_) feed.push(now_ns, ended);
    look_at_limits();
    for (PoolFeed& feed : feeds_) feed.schedule();
}

void Dispatcher::look_at_limits() {
    room_ = {limits::poll_batch, limits::poll_bytes};
    due_ns_ = 0;
    for (PoolFeed& feed : feeds_) {
        feed.look_at_limits();
        room_ = {std::min(room_.messages, feed.room().messages), std::min(room_.bytes, feed.room().bytes)};
        if (feed.due_ns() != 0) due_ns_ = due_ns_ == 0 ? feed.due_ns() : std::min(due_ns_, feed.due_ns());
    }
}

void Dispatcher::keep_waiting(bool keep) {
    if (std::exchange(keeps_waiting_, keep) == keep) return;
    for (PoolFeed& feed : feeds_) feed.keep_waiting(keep);
    look_at_limits();
}

void Dispatcher::take_waiting(MessageList& out) {
    for (PoolFeed& feed : feeds_) feed.take_waiting(out);
    look_at_limits();
}

void Dispatcher::take_withdrawn(MessageList& out) {
    for (PoolFeed& feed : feeds_) feed.take_withdrawn(out);
    look_at_limits();
}

void Dispatcher::release_all(MessageList& ended) {
    MessageList waiting;
    take_waiting(waiting);
    for (Message* message = waiting.first(); message != nullptr; message = message->next) message->outcome = Outcome::released;
    ended.splice_back(waiting);
}

}  // namespace sluice
