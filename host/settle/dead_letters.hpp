// Stores messages that were given up on, and says when each is stored: only then may it be acked.
//
// Threads      the source thread; stored ones come back from the target's thread through an inbox.
// Ownership    holds a message from store() until take_stored().
// Errors       a record that the store refuses is kept and stored again after a wait, which doubles; said once in a while. One
//              of a replayed message is not kept: the letter stays what it was.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "publish/target.hpp"
#include "queue/event_count.hpp"
#include "queue/inbox.hpp"
#include "settle/dead_letter_record.hpp"
#include "settle/death_causes.hpp"
#include "settle/recorded_before.hpp"

namespace sluice {

class DeadLetters {
public:
    // `recorded` is read when a dead letter is stored.
    DeadLetters(Target& target, const RecordedBefore& recorded, const Clock& clock, EventCount& event_count, Logger logger);
    ~DeadLetters();

    // `pool`: its name, or empty if none took the message; `logger`: where it is said.
    void store(Message* message, const std::string& pool, const Logger& logger);
    // Those whose record is durable, with outcome dead_letter; and those whose is not and will not be, with outcome released.
    // `keep`: what the store refuses is stored again later; else it is released.
    void take_stored(MessageList& out, bool keep);
    // Stores again what was refused and is due.
    void store_again();
    // When that is; 0 = nothing is to be stored again.
    std::int64_t due_ns() const { return refused_.empty() ? 0 : again_at_ns_; }
    // What was refused, with outcome released.
    void release_refused(MessageList& out);
    bool has_news() const { return !stored_.empty(); }
    std::uint64_t waiting() const { return waiting_; }  // for the store, and those that it refused
    const DeathCauses& causes() const { return causes_; }

private:
    struct Entry {
        Entry* next = nullptr;
        DeadLetters* owner;
        Message* message;
        std::string id;  // of the dead letter
        std::string line;
        PublishBatch batch;
        bool refused = false;  // before
    };

    DeadLetterFacts facts_of(const Message& message, const std::string& pool) const;
    std::string id_of(const Message& message, std::int64_t dead_ms);
    void say(const Message& message, const std::string& pool, const Logger& logger);
    void submit(Entry* entry);
    void keep_refused(std::unique_ptr<Entry> entry);
    static Message* released(const Entry& entry);

    Target& target_;
    const RecordedBefore& recorded_;
    const Clock& clock_;
    EventCount& event_count_;
    const Logger logger_;
    std::uint64_t waiting_ = 0;
    std::map<std::string, RateLimit> said_;  // by pool
    std::uint64_t stored_so_far_ = 0;
    DeathCauses causes_;
    RateLimit refusal_said_{60'000'000'000};
    std::deque<std::unique_ptr<Entry>> refused_;  // oldest first
    std::uint32_t refusals_ = 0;                  // in a row, whatever the message
    std::int64_t again_at_ns_ = 0;
    Inbox<Entry> stored_;
};

}  // namespace sluice
