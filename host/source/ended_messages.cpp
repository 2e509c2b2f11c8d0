#include "source/ended_messages.hpp"

#include <fmt/format.h>

#include "core/bytes.hpp"

namespace sluice {

void EndedMessages::end_dead(Message* message, const Dispatcher& dispatcher, std::int64_t now_ns) {
    if (has_order(*message, dispatcher)) order_.begin(message);
    // Before its old dead letter can be gone.
    if (message->replayed) known_dead_.died_again(view_of(message->view.id));
    // A replayed one is a dead letter already.
    if (message->replayed || pause_.admit(message, now_ns)) store(message, dispatcher);
}

// One that left the store has been replayed, and then the database knows it; or somebody has removed it, and it may be tried
// again.
bool EndedMessages::is_dead(std::string_view id) const {
    return known_dead_.has(id, [this](std::string_view place) {
        sluice_stored_sink nobody{};
        nobody.struct_size = sizeof nobody;
        nobody.message = [](void*, const sluice_stored*) -> sluice_status { return SLUICE_OK; };
        const auto found = dead_letter_store_->get(place, nobody);
        return found || found.error().kind != ErrorKind::invalid;  // if it does not answer, it is where it was
    });
}

void EndedMessages::end_those_known(MessageList& polled, std::int64_t now_ns) {
    MessageList others;
    while (Message* message = polled.pop_front()) {
        const std::string_view id = view_of(message->view.id);
        if (!is_dead(id)) {
            others.push_back(message);
            continue;
        }
        if (const auto left_out = known_dead_said_.pass(now_ns))
            logger_.info("message {} came again and stays the dead letter that it is{}", id,
                         *left_out == 0 ? "" : fmt::format(" ({} more since the last such line)", *left_out));
        message->outcome = Outcome::dead_letter;
        settle(message, now_ns);
    }
    polled = others;
}

void EndedMessages::go_on(bool stopped, const Dispatcher& dispatcher, std::int64_t now_ns) {
    MessageList back;
    if (dead_letters_->has_news()) dead_letters_->take_stored(back, !stopped);
    if (stopped) {
        dead_letters_->release_refused(back);
        MessageList waiting;
        pause_.take_all(waiting);
        const bool goes_back = queue_.takes_back();
        while (Message* message = waiting.pop_front()) {
            if (!goes_back) {
                store(message, dispatcher);
                continue;
            }
            message->outcome = Outcome::released;
            back.push_back(message);
        }
    } else {
        dead_letters_->store_again();
        while (Message* message = pause_.next(now_ns)) store(message, dispatcher);
    }
    settle_in_order(back, now_ns);
}

void EndedMessages::settle_in_order(MessageList& stored, std::int64_t now_ns) {
    MessageList ended;
    while (Message* message = stored.pop_front()) order_.end(message, ended);
    while (Message* message = ended.pop_front()) settle(message, now_ns);
}

void EndedMessages::take_all(MessageList& out) {
    order_.take_all(out);
    pause_.take_all(out);
    if (!dead_letters_) return;
    dead_letters_->take_stored(out, false);
    dead_letters_->release_refused(out);
}

}  // namespace sluice
