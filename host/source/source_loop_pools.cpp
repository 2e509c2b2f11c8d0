// Of the source thread's loop: how its pools are replaced while it runs (SourceOrders).
#include <algorithm>
#include <utility>

#include "source/source_loop.hpp"

namespace sluice {

void SourceLoop::hold(SourceOrders::Hold how) {
    orders_.hold(how);
    bell_.ring();
}

void SourceLoop::go_on(std::optional<SourceOrders::Ways> ways) {
    orders_.go_on(std::move(ways));
    bell_.ring();
}

void SourceLoop::take_orders() {
    SourceOrders::Order order = orders_.take();
    if (order.dead_letter_rate) dead_letter_pause_.limit(*order.dead_letter_rate);
    if (order.hold) {
        hold_ = order.hold;
        orders_.reach(SourceOrders::Stage::held);
        changed_();
    } else if (order.go_on) {
        take_back();  // what workers gave back before the order was given
        hold_.reset();
        dispatcher_->take_waiting(returned_);
        returned_.splice_back(kept_);
        std::swap(kept_, returned_);
        if (order.ways) {
            dispatcher_ = std::make_unique<Dispatcher>(std::move(order.ways->router), store_, std::move(order.ways->pools));
            in_flight_max_ = order.ways->in_flight_max;
        }
        orders_.reach(SourceOrders::Stage::polling);
        changed_();
    }
}

// To the workers: what was kept comes first, a poll's worth at a time, and nothing is polled before it is gone.
void SourceLoop::push_on(MessageList& ended) {
    if (hold_ != SourceOrders::Hold::keep) dispatcher_->push_waiting(now_ns_, ended);
    if (hold_ != SourceOrders::Hold::keep && !kept_.empty() && dispatcher_->may_poll()) {
        MessageList some;
        while (!kept_.empty() && some.size() < dispatcher_->room().messages) some.push_back(kept_.pop_front());
        dispatcher_->dispatch_again(some, now_ns_, ended);
    }
    if (const std::uint32_t moved = dispatcher_->take_slots_moved(); moved != 0) slots_moved_.add(moved);
    if (dispatcher_->overflowed() != overflowed_.load(std::memory_order_relaxed))
        overflowed_.store(dispatcher_->overflowed(), std::memory_order_relaxed);
}

void SourceLoop::release_rest(MessageList& ended) {
    const auto release = [&](MessageList& list) {
        while (Message* message = list.pop_front()) {
            message->outcome = Outcome::released;
            ended.push_back(message);
        }
    };
    release(returned_);
    dispatcher_->release_all(ended);
    release(kept_);
}

// All that is alive is here, or with the dead letters or behind one. While keys are fenced, what went back must have arrived: the fences go with the
// dispatcher, and it is for the source then to deliver those messages first.
bool SourceLoop::is_quiet() const {
    return store_.live() + replay_.live() == returned_.size() + kept_.size() + dispatcher_->waiting() +
                                                 dead_letters_->waiting() + dead_letter_pause_.waiting() +
                                                 settle_order_.held() &&
           (hold_ == SourceOrders::Hold::keep || dispatcher_->waiting() + kept_.size() == 0) &&
           !(dispatcher_->fenced() && settlement_.pending());
}

}  // namespace sluice
