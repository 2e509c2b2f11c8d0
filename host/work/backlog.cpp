#include "work/backlog.hpp"

namespace sluice {

Backlog::Backlog(const WorkPolicy& policy)
    : policy_(policy),
      queue_(policy.queue_capacity, policy.queue_bytes),
      parking_(policy.park_limit, policy.queue_capacity, policy.keep_order) {}

bool Backlog::has_work(std::int64_t now_ns) const {
    const std::int64_t due = parking_.next_due_ns();
    return !again_.empty() || !resumed_.empty() || (due != 0 && due <= now_ns) ||
           (!blocked_ && (!held_.empty() || !queue_.empty()));
}

// (1) What runs again runs alone and first. (2) What is resumed, then keys whose retry is due, each with what waits behind it.
// (3) What is new; of that a suspect in a batch of its own, so that as much as can be is durable when it is tried.
bool Backlog::collect(std::int64_t now_ns, MessageList& batch, MessageList& refused, bool only_resumed) {
    if (!again_.empty() && !only_resumed) {
        while (!again_.empty() && batch.size() < policy_.batch_max && !(again_.first()->suspect && !batch.empty())) {
            batch.push_back(again_.pop_front());
            if (batch.last()->suspect) break;
        }
        return true;
    }
    while (!resumed_.empty() && batch.size() < policy_.batch_max) batch.push_back(resumed_.pop_front());
    if (only_resumed) return false;
    parking_.take_due(now_ns, policy_.batch_max - batch.size(), batch);
    blocked_ = parking_.full();  // then something is parked, and its time will wake us
    while (batch.size() < policy_.batch_max && !blocked_) {
        if (held_.empty() && queue_.pop(held_, policy_.batch_max - batch.size()) == 0) break;
        while (batch.size() < policy_.batch_max && !held_.empty()) {
            Message* message = held_.pop_front();
            const bool apart = message->suspect && !batch.empty();
            if (!apart && admit(message, batch, refused)) {
                if (message->suspect) return false;
                continue;
            }
            held_.push_front(message);
            if (apart) return false;
            blocked_ = true;
            break;
        }
    }
    return false;
}

// Into the batch, or behind its parked key; false if there is no room there.
bool Backlog::admit(Message* message, MessageList& batch, MessageList& refused) {
    if (!parking_.holds(*message))
        batch.push_back(message);
    else if (parking_.has_room(*message))
        parking_.wait_behind(message);
    else if (policy_.park_full_dead_letters)
        refused.push_back(message);
    else
        return false;
    return true;
}

void Backlog::put_back(MessageList& batch, bool ran_again, std::int64_t now_ns) {
    if (ran_again) {
        again_.splice_front(batch);
        return;
    }
    MessageList reversed;
    while (Message* message = batch.pop_front()) reversed.push_front(message);
    while (Message* message = reversed.pop_front()) {
        if (message->resuming) {
            resumed_.push_front(message);
            continue;
        }
        if (!parking_.holds(*message)) {
            held_.push_front(message);
            continue;
        }
        MessageList one;  // the rest of its key is still parked: in front of that
        one.push_back(message);
        parking_.park(one, now_ns);
    }
}

void Backlog::run_again(MessageList& messages, bool behind) {
    behind ? again_.splice_back(messages) : again_.splice_front(messages);
}

void Backlog::failed(Message* message, std::int64_t due_ns) {
    keeps_withdrawn_ |= message->is_withdrawn();
    if (!keeps_order_of(*message)) {
        failed_alone_.emplace_back(message, due_ns);
        return;
    }
    FailedKey& key = failed_keys_[message->key_hash];
    key.messages.push_back(message);
    key.due_ns = due_ns;
}

void Backlog::try_deferred_again(Message* message, std::int64_t due_ns) {
    keeps_withdrawn_ |= message->is_withdrawn();
    MessageList one;
    one.push_back(message);
    parking_.park(one, due_ns);
}

void Backlog::deferred(Message* message) {
    if (keeps_order_of(*message)) failed_keys_[message->key_hash].deferred = message;
}

void Backlog::let_followers_of_ended_go(std::int64_t now_ns) {
    for (const Message* message : ended_) parking_.free(*message, now_ns);
    ended_.clear();
}

bool Backlog::follows_failed(Message* message) {
    if (failed_keys_.empty() || !keeps_order_of(*message)) return false;
    const auto key = failed_keys_.find(message->key_hash);
    if (key == failed_keys_.end()) return false;
    key->second.messages.push_back(message);
    return true;
}

// Each failed message with those of its key that follow it: of the batch, and of all that runs again, which is older than what
// is parked of the key already.
void Backlog::park_failed(bool ran_again) {
    for (const auto& [message, due_ns] : failed_alone_) {
        MessageList alone;
        alone.push_back(message);
        parking_.park(alone, due_ns);
    }
    failed_alone_.clear();
    if (failed_keys_.empty()) return;
    if (ran_again) {
        MessageList others;
        while (Message* message = again_.pop_front()) {
            const auto key = failed_keys_.find(message->key_hash);
            (key != failed_keys_.end() ? key->second.messages : others).push_back(message);
        }
        again_ = others;
    }
    for (auto& [key, failure] : failed_keys_)
        failure.deferred != nullptr ? parking_.hold(*failure.deferred, failure.messages)
                                    : parking_.park(failure.messages, failure.due_ns);
    failed_keys_.clear();
}

void Backlog::answer(PoolQuestion& question) const {
    const auto count = [&](const MessageList& list) {
        std::uint32_t found = 0;
        for (const Message* message = list.first(); message != nullptr; message = message->next)
            found += message->key_hash == question.key_hash;
        return found;
    };
    queue_.each([&](const Message& message) {
        ++question.depth;
        if (message.key_hash == question.key_hash)
            ++question.queued;
        else if (question.queued == 0)
            ++question.before;
    });
    question.blocked = blocked_;
    question.held = count(held_);
    question.run_again = count(again_);
    question.run_again += count(resumed_);
    if (const MessageList* waiting = parking_.find(question.key_hash, question.due_ns, question.deferred)) {
        question.parked = waiting->size();
        if (waiting->empty() || question.deferred) return;
        question.attempt = waiting->first()->view.attempt;
        question.parked_id.assign(waiting->first()->view.id.data, waiting->first()->view.id.size);
        question.parked_error = waiting->first()->error();
    }
}

void Backlog::suspect_again(std::uint32_t count) {
    for (Message* message = again_.first(); message != nullptr && count != 0; message = message->next, --count)
        message->suspect = true;
}

void Backlog::take_withdrawn(MessageList& out) {
    keeps_withdrawn_ = false;
    const auto take = [&](MessageList& from, auto&& is_to_go) {
        MessageList others;
        while (Message* message = from.pop_front()) (is_to_go(*message) ? out : others).push_back(message);
        from = others;
    };
    const auto is_withdrawn = [](const Message& message) { return message.is_withdrawn(); };
    take(resumed_, [](const Message& message) { return message.is_lost(); });
    for (const Message* message = out.first(); message != nullptr; message = message->next) parking_.free(*message, 0);
    take(again_, is_withdrawn);
    parking_.take_withdrawn(out);
    queue_.pop(held_, queue_.capacity());
    take(held_, is_withdrawn);
    blocked_ = parking_.full();
}

void Backlog::take_all(MessageList& out, bool behind_deferred) {
    out.splice_back(resumed_);
    out.splice_back(again_);
    for (const Message* message = out.first(); message != nullptr; message = message->next)
        if (message->resuming) parking_.free(*message, 0);  // what waits for it goes with it
    parking_.take_all(out, behind_deferred);
    MessageList rest;
    rest.splice_back(held_);
    queue_.pop(rest, queue_.capacity());
    while (Message* message = rest.pop_front()) {
        if (parking_.holds(*message))
            parking_.wait_behind(message);  // beyond its limit, but then it is what was here already
        else
            out.push_back(message);
    }
    blocked_ = false;
}

}  // namespace sluice
