#include "source/replay.hpp"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

void give_back(std::unique_ptr<ReplayItem> item, Outcome outcome, std::string text) {
    item->outcome = outcome;
    item->text = std::move(text);
    const std::shared_ptr<ReplayReturn> back = std::move(item->back);  // or one would keep the other
    back->put(std::move(item));
}

}  // namespace

bool Replay::post(std::unique_ptr<ReplayItem>& item) {
    return posted_.post(std::move(item));
}

MessageList Replay::take(std::uint32_t max, std::int64_t now_ns) {
    MessageList made;
    for (std::unique_ptr<ReplayItem>& item : posted_.take(max)) {
        Message* message = make(*item);
        if (message == nullptr) {
            give_back(std::move(item), Outcome::released, "it is larger than a message may be");
            continue;
        }
        message->received_ns = now_ns;
        message->replayed = true;
        message->tag = reinterpret_cast<std::uintptr_t>(static_cast<Replayed*>(item.release()));
        made.push_back(message);
    }
    counters_.received.add(made.size());
    return made;
}

Message* Replay::make(ReplayItem& item) {
    DeadLetter& letter = item.letter;
    std::vector<sluice_header> headers;
    for (const auto& [name, value] : letter.headers)
        headers.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
    sluice_incoming incoming{};
    incoming.struct_size = sizeof incoming;
    incoming.body = {letter.body.data(), letter.body.size()};
    incoming.id = {letter.id.data(), letter.id.size()};
    incoming.headers = headers.data();
    incoming.header_count = static_cast<std::uint32_t>(headers.size());
    incoming.enqueued_ms = letter.enqueued_ms;
    incoming.message_key = {letter.message_key.data(), letter.message_key.size()};
    incoming.subject = {letter.subject.data(), letter.subject.size()};
    if (letter.delivery) {
        incoming.stream_size = letter.delivery->stream_size;
        incoming.position = letter.delivery->position;
        incoming.position_end = letter.delivery->position_end;
        item.has_ended = letter.delivery->has_ended;
    }
    item.owed = std::move(letter.unpublished);
    Message* message = store_.create(incoming);
    letter.body = {};  // once is enough
    return message;
}

// Out of line: few messages are replayed, and it would weigh on the end of each.
[[gnu::noinline]] void Replay::settle(Message* message) {
    const Outcome outcome = message->outcome == Outcome::none ? Outcome::released : message->outcome;
    switch (outcome) {
        case Outcome::acked:
            counters_.acked.add();
            if (message->recognised) counters_.recognised.add();
            break;
        case Outcome::skipped: counters_.skipped.add(); break;
        case Outcome::dead_letter: counters_.dead_lettered.add(); break;
        case Outcome::dropped: counters_.dropped_by_policy.add(); break;
        case Outcome::released:
        case Outcome::lost_lease:
        case Outcome::none: counters_.released.add(); break;
    }
    std::string text = message->error();
    std::unique_ptr<ReplayItem> item(static_cast<ReplayItem*>(item_of(*message)));
    store_.destroy(message);
    give_back(std::move(item), outcome, std::move(text));
}

void Replay::forget(Message* message) {
    std::unique_ptr<ReplayItem> item(static_cast<ReplayItem*>(item_of(*message)));
    store_.destroy(message);
    give_back(std::move(item), Outcome::released, "the host ended before it was done");
}

void Replay::close(const std::string& why) {
    for (std::unique_ptr<ReplayItem>& item : posted_.close()) give_back(std::move(item), Outcome::released, why);
}

}  // namespace sluice
