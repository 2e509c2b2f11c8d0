#include "work/together.hpp"

#include <algorithm>

namespace sluice {

Together::Together(Backlog& backlog, Withdrawal& withdrawal, HandlerHost& handler, UnderWay& under_way, PoolNotices& notices,
                   WorkerCounters& counters, const Clock& clock, Logger logger)
    : backlog_(backlog),
      withdrawal_(withdrawal),
      handler_(handler),
      session_(handler.session()),
      under_way_(under_way),
      notices_(notices),
      counters_(counters),
      clock_(clock),
      logger_(logger),
      limit_(handler.batch_max()) {
    if (limit_ != 0) keys_.resize(looked_at() + 1);
}

Together::Call Together::handle(Unit& unit, Message* message, MessageList& batch) {
    Call call;
    const std::uint32_t count = take(unit, message, batch, call);
    if (count == 0) return call;
    const std::span<Message*> called = std::span(unit.messages).subspan(call.first, count);
    for (Message* each : called) each->handled = true;
    under_way_.others.store(count - 1, std::memory_order_relaxed);
    under_way_.message.store(called.front(), std::memory_order_release);
    call.said = handler_.handle_batch(unit, call.first, count);
    under_way_.message.store(nullptr, std::memory_order_release);
    under_way_.others.store(0, std::memory_order_relaxed);
    note_failure(*called.front(), call.said);
    return call;
}

// What is handled by itself says then what is wrong with it. But why the call had to leave it is said here, or nowhere.
void Together::note_failure(const Message& first, std::span<const HandlerHost::Said> said) {
    const auto is_alone = [](const HandlerHost::Said& each) { return each.alone; };
    const bool misbehaved =
        std::ranges::any_of(said, [](const HandlerHost::Said& each) { return each.alone && each.misbehaved; });
    if (misbehaved) counters_.misbehaved.add();
    if (std::ranges::none_of(said, is_alone) || session_.fault().text().empty()) return;
    if (const auto left_out = notices_.pass(PoolNotices::About::failed_batch, clock_.now()))
        logger_.warn("the handler {} in a call with {} messages, the first of them {}; each is handled by itself: {}{}",
                     misbehaved ? "broke a rule" : "failed", said.size(), PoolNotices::id_of(first), session_.fault().text(),
                     PoolNotices::more(*left_out));
}

bool Together::Keys::add(std::uint64_t key_hash) {
    const std::size_t last = places_.size() - 1;
    for (std::size_t at = key_hash & last;; at = (at + 1) & last) {
        Place& place = places_[at];
        if (place.round != round_) {
            place = {key_hash, round_};
            return true;
        }
        if (place.key_hash == key_hash) return false;
    }
}

// What is passed over keeps its place in front of what follows of its key: that finds the key here, and is passed over too.
bool Together::may_share(const Message& message) {
    const bool is_first_of_key = message.key_hash == 0 || keys_.add(message.key_hash);
    return is_first_of_key && may_take(message);
}

// As Worker::handle() does it for one.
Together::Entered Together::enter(Unit& unit, Message* message) {
    const auto index = static_cast<std::uint32_t>(unit.messages.size());
    unit.messages.push_back(message);
    if (!session_.may_know(*message)) return Entered::to_call;
    switch (session_.look_up(unit, index)) {
        case Session::Known::no: return Entered::to_call;
        case Session::Known::yes: return Entered::ended;
        case Session::Known::not_known: break;
    }
    why_not_now_ = session_.fault().text();
    session_.drop(unit, index, true);  // a part of it may be recorded
    message->outcome = Outcome::none;
    message->recognised = false;
    unit.messages[index] = nullptr;
    return Entered::not_now;
}

// What is called stands together in the unit: behind the first of it, one that is known is the last that is taken.
std::uint32_t Together::take(Unit& unit, Message* message, MessageList& batch, Call& call) {
    keys_.clear();
    std::uint32_t count = 0;
    MessageList passed_over;
    for (std::uint32_t looked = 0; message != nullptr; message = looked++ < looked_at() ? batch.pop_front() : nullptr) {
        // First: what is passed over is not asked for a mark, or one that follows it might go back before it.
        if (!may_share(*message)) {
            passed_over.push_back(message);
            continue;
        }
        if (looked != 0 && (backlog_.follows_failed(message) || withdrawal_.takes(message))) continue;
        const Entered entered = enter(unit, message);
        if (entered == Entered::not_now) {
            batch.push_front(message);
            call.not_now = true;
            break;
        }
        counters_.handled.add();
        if (entered == Entered::ended) {
            if (count != 0) break;
            continue;
        }
        if (count++ == 0) call.first = static_cast<std::uint32_t>(unit.messages.size()) - 1;
        if (count == limit_) break;
    }
    batch.splice_front(passed_over);
    return count;
}

}  // namespace sluice
