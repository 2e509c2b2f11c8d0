#include "settle/dead_letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"

namespace sluice {
namespace {

constexpr std::int64_t again_first_ns = 1'000'000'000;
constexpr std::int64_t again_max_ns = 60'000'000'000;

std::string more(std::uint64_t left_out) {
    return left_out == 0 ? "" : " (" + std::to_string(left_out) + " more since the last such line)";
}

}  // namespace

DeadLetters::DeadLetters(Target& target, const RecordedBefore& recorded, const Clock& clock, EventCount& event_count,
                         Logger logger)
    : target_(target),
      recorded_(recorded),
      clock_(clock),
      event_count_(event_count),
      logger_(logger) {}

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
        facts.has_ended = message.replayed ? replayed(message).has_ended : recorded_.has(message);
    }
    facts.unpublished = owed_by(message);
    return facts;
}

// Of each death its own, or a target that knows ids would take the second one of a message for the first and not store it.
std::string DeadLetters::id_of(const Message& message, std::int64_t dead_ms) {
    constexpr std::size_t room = 64;  // for what stands behind the message's id
    const std::string_view id = view_of(message.view.id);
    return fmt::format("{}@{}.{}", id.substr(0, limits::id_bytes_max - room), dead_ms, ++stored_so_far_);
}

void DeadLetters::say(const Message& message, const std::string& pool, const Logger& logger) {
    RateLimit& limit = said_.try_emplace(pool, 10'000'000'000).first->second;
    if (const auto left_out = limit.pass(clock_.now()))
        logger.warn("message {} becomes a dead letter: {}{}", view_of(message.view.id), message.error(),
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
        owner.event_count_.notify();
    };
    ++waiting_;
    submit(entry);
}

void DeadLetters::submit(Entry* entry) {
    target_.submit(&entry->batch);
}

void DeadLetters::take_stored(MessageList& out, bool keep) {
    for (Entry* entry = stored_.take(); entry != nullptr;) {
        std::unique_ptr<Entry> owned(std::exchange(entry, entry->next));
        if (owned->batch.failed == 0) {
            if (owned->refused) refusals_ = 0;
            --waiting_;
            causes_.add(owned->message->error());
            out.push_back(owned->message);
            continue;
        }
        const PublishBatch::Result& result = owned->batch.results.front();
        // What has stopped, or has failed permanently, ends the host.
        const bool refused = result.status != SLUICE_STOPPED && result.status != SLUICE_FAILED;
        if (refused && keep && !owned->message->replayed) {
            keep_refused(std::move(owned));
            continue;
        }
        if (const auto left_out = refusal_said_.pass(clock_.now()))
            logger_.error("the dead letter of message {} could not be stored ({}: {}): {}{}", view_of(owned->message->view.id),
                          status_name(result.status), result.text,
                          owned->message->replayed ? "it stays what it was" : "its message goes back to the source",
                          more(*left_out));
        --waiting_;
        out.push_back(released(*owned));
    }
}

void DeadLetters::keep_refused(std::unique_ptr<Entry> entry) {
    const PublishBatch::Result& result = entry->batch.results.front();
    const std::int64_t now = clock_.now();
    if (refused_.empty()) again_at_ns_ = now + std::min(again_first_ns << std::min(refusals_++, 10u), again_max_ns);
    if (const auto left_out = refusal_said_.pass(now))
        logger_.error(
            "the dead letter of message {} ({} bytes) is refused by its store ({}: {}): it is kept in flight, with what "
            "follows "
            "of its key, and stored again from time to time{}",
            view_of(entry->message->view.id), entry->line.size(), status_name(result.status), result.text, more(*left_out));
    entry->refused = true;
    refused_.push_back(std::move(entry));
}

void DeadLetters::store_again() {
    if (refused_.empty() || clock_.now() < again_at_ns_) return;
    for (std::unique_ptr<Entry>& entry : std::exchange(refused_, {})) submit(entry.release());
}

Message* DeadLetters::released(const Entry& entry) {
    entry.message->outcome = Outcome::released;
    return entry.message;
}

void DeadLetters::release_refused(MessageList& out) {
    for (const std::unique_ptr<Entry>& entry : refused_) out.push_back(released(*entry));
    waiting_ -= refused_.size();
    refused_.clear();
}

}  // namespace sluice
