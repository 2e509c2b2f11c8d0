#include "source/pool_switch.hpp"

#include <utility>

namespace sluice {

void PoolSwitch::leave(Dispatcher& old) {
    old.take_waiting(returned_);
    returned_.splice_back(kept_);
    std::swap(kept_, returned_);
}

// A poll's worth of what was kept at a time.
void PoolSwitch::push(Dispatcher& dispatcher, std::int64_t now_ns, MessageList& ended) {
    if (!lets_push()) return;
    dispatcher.push_waiting(now_ns, ended);
    if (kept_.empty() || !dispatcher.may_poll()) return;
    MessageList some;
    while (!kept_.empty() && some.size() < dispatcher.room().messages) some.push_back(kept_.pop_front());
    dispatcher.dispatch_again(some, now_ns, ended);
}

void PoolSwitch::release_all(Dispatcher& dispatcher, MessageList& ended) {
    const auto release = [&](MessageList& list) {
        while (Message* message = list.pop_front()) {
            message->outcome = Outcome::released;
            ended.push_back(message);
        }
    };
    release(returned_);
    dispatcher.release_all(ended);
    release(kept_);
}

void PoolSwitch::take_withdrawn(MessageList& out) {
    for (MessageList* mine : {&returned_, &kept_}) {
        MessageList others;
        while (Message* message = mine->pop_front()) (message->is_withdrawn() ? out : others).push_back(message);
        *mine = others;
    }
}

void PoolSwitch::take_all(MessageList& out) {
    out.splice_back(returned_);
    out.splice_back(kept_);
}

}  // namespace sluice
