// Of the source thread's loop: how its pools are replaced while it runs, and what else it is asked for (SourceProxy).
#include <algorithm>
#include <type_traits>
#include <utility>

#include "source/source_loop.hpp"

namespace sluice {

void SourceLoop::obey() {
    for (SourceCommand& command : commands_.take())
        std::visit(
            [this]<typename Command>(Command& its) {
                if constexpr (std::is_same_v<Command, SlidingRate>)
                    dead_letter_pause_.limit(its);
                else if constexpr (std::is_same_v<Command, std::shared_ptr<KeyQuestion>>)
                    answer(*its);
                else
                    obey(its);
            },
            command);
}

void SourceLoop::obey(Hold how) {
    hold_ = how;
    pool_stage_.store(PoolStage::held, std::memory_order_release);
    changed_();
}

void SourceLoop::obey(GoOn& command) {
    take_back();  // what workers gave back before the command was given
    hold_.reset();
    dispatcher_->take_waiting(returned_);
    returned_.splice_back(kept_);
    std::swap(kept_, returned_);
    if (command.ways) {
        dispatcher_ =
            std::make_unique<Dispatcher>(std::move(command.ways->router), store_, std::move(command.ways->pools), &recorded_);
        in_flight_max_ = command.ways->in_flight_max;
    }
    pool_stage_.store(PoolStage::polling, std::memory_order_release);
    changed_();
}

void SourceLoop::answer(KeyQuestion& question) {
    if (!question.placed.load(std::memory_order_relaxed)) question.not_polled = gates_.not_polled();
    dispatcher_->answer(question);
}

// To the workers: what was kept comes first, a poll's worth at a time, and nothing is polled before it is gone.
void SourceLoop::push_on(MessageList& ended) {
    if (hold_ != Hold::keep) dispatcher_->push_waiting(now_ns_, ended);
    if (hold_ != Hold::keep && !kept_.empty() && dispatcher_->may_poll()) {
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

// All that is alive is here, or with the dead letters or behind one. While keys are fenced, what went back must have arrived:
// the fences go with the dispatcher, and it is for the source then to deliver those messages first.
bool SourceLoop::is_quiet() const {
    return store_.live() + replay_.live() == returned_.size() + kept_.size() + dispatcher_->waiting() +
                                                 dead_letters_->waiting() + dead_letter_pause_.waiting() +
                                                 settle_order_.held() &&
           (hold_ == Hold::keep || dispatcher_->waiting() + kept_.size() == 0) &&
           !(dispatcher_->fenced() && (settlement_.pending() || settle_order_.held() != 0));
}

}  // namespace sluice
