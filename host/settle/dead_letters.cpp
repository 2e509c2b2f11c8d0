#include "settle/dead_letters.hpp"

#include <utility>

#include "plugin/fault.hpp"

namespace sluice {

DeadLetters::DeadLetters(Target& target, const Clock& clock, Doorbell& bell, Logger logger)
    : target_(target), clock_(clock), bell_(bell), logger_(logger) {}

DeadLetters::~DeadLetters() {
    for (Entry* entry = stored_.take(); entry != nullptr;) delete std::exchange(entry, entry->next);
}

DeadLetterFacts DeadLetters::facts_of(const Message& message, const std::string& pool) const {
    DeadLetterFacts facts;
    facts.pool = pool;
    if (message.handled) facts.worker = message.worker;
    facts.has_key = message.key_hash != 0;
    facts.error = message.error();
    facts.attempts = message.handled ? message.view.attempt : 0;
    facts.dead_ms = clock_.wall_ms();
    facts.first_received_ms = facts.dead_ms - (clock_.now() - message.received_ns) / 1'000'000;
    return facts;
}

void DeadLetters::store(Message* message, const std::string& pool) {
    if (const auto left_out = said_.pass(clock_.now()))
        logger_.warn("message {} becomes a dead letter: {} ({} more since the last such line)",
                     std::string_view(message->view.id.data, message->view.id.size), message->error(), *left_out);
    auto* entry = new Entry{};
    entry->owner = this;
    entry->message = message;
    entry->line = dead_letter_record(message->view, facts_of(*message, pool));
    sluice_outgoing outgoing{};
    outgoing.struct_size = sizeof outgoing;
    outgoing.body = {entry->line.data(), entry->line.size()};
    outgoing.key = message->view.key;
    outgoing.id = message->view.id;
    if (message->replayed) outgoing.replaces = {replayed(*message).place.data(), replayed(*message).place.size()};
    entry->batch.messages.push_back(outgoing);
    entry->batch.context = entry;
    entry->batch.done = [](PublishBatch* batch) {
        auto* done = static_cast<Entry*>(batch->context);
        DeadLetters& owner = *done->owner;
        owner.stored_.push(done);
        owner.bell_.ring();
    };
    ++waiting_;
    target_.submit(&entry->batch);
}

void DeadLetters::take_stored(MessageList& out) {
    for (Entry* entry = stored_.take(); entry != nullptr;) {
        const std::unique_ptr<Entry> owned(std::exchange(entry, entry->next));
        --waiting_;
        if (owned->batch.failed != 0) {
            const PublishBatch::Result& result = owned->batch.results.front();
            logger_.error("a dead letter could not be stored ({}: {}), {}: {}", status_name(result.status), result.text,
                          owned->message->replayed ? "it stays what it was" : "its message goes back to the source", owned->line);
            owned->message->outcome = Outcome::released;
        }
        out.push_back(owned->message);
    }
}

}  // namespace sluice
