#include "settle/dead_letters.hpp"

#include <fmt/format.h>

#include <cstdint>
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
    const sluice_identity delivery = delivery_of(message);
    if (delivery.position_end <= static_cast<std::uint64_t>(INT64_MAX)) {  // what JSON keeps exactly
        facts.stream_size = delivery.stream_size;
        facts.position = delivery.position;
        facts.position_end = delivery.position_end;
    }
    return facts;
}

// Of each death its own, or a target that knows ids would take the second one of a message for the first and not store it.
std::string DeadLetters::id_of(const Message& message, std::int64_t dead_ms) {
    constexpr std::size_t room = 64;  // for what stands behind the message's id
    const std::string_view id(message.view.id.data, static_cast<std::size_t>(message.view.id.size));
    return fmt::format("{}@{}.{}", id.substr(0, limits::id_bytes_max - room), dead_ms, ++stored_so_far_);
}

void DeadLetters::say(const Message& message, const std::string& pool, const Logger& logger) {
    RateLimit& limit = said_.try_emplace(pool, 10'000'000'000).first->second;
    if (const auto left_out = limit.pass(clock_.now()))
        logger.warn("message {} becomes a dead letter: {}{}",
                    std::string_view(message.view.id.data, static_cast<std::size_t>(message.view.id.size)), message.error(),
                    and_more(*left_out, "since the last such line"));
}

void DeadLetters::store(Message* message, const std::string& pool, const Logger& logger) {
    say(*message, pool, logger);
    const DeadLetterFacts facts = facts_of(*message, pool);
    auto* entry = new Entry{};
    entry->owner = this;
    entry->message = message;
    entry->id = id_of(*message, facts.dead_ms);
    entry->line = dead_letter_record(message->view, facts);
    sluice_outgoing outgoing{};
    outgoing.struct_size = sizeof outgoing;
    outgoing.body = {entry->line.data(), entry->line.size()};
    outgoing.key = message->view.key;
    outgoing.id = {entry->id.data(), entry->id.size()};
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
        } else {
            causes_.add(owned->message->error());
        }
        out.push_back(owned->message);
    }
}

}  // namespace sluice
