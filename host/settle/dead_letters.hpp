// Stores messages that were given up on, and says when each is stored: only then may it be acked.
//
// Threads      the source thread; stored ones come back from the target's thread through an inbox.
// Ownership    holds a message from store() until take_stored().
// Errors       a record that the store refuses for good is logged with its content and counts as not stored: the message is released.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "queue/doorbell.hpp"
#include "queue/inbox.hpp"
#include "settle/dead_letter_record.hpp"
#include "settle/death_causes.hpp"
#include "target/target.hpp"

namespace sluice {

class DeadLetters {
public:
    DeadLetters(Target& target, const Clock& clock, Doorbell& bell, Logger logger);
    ~DeadLetters();

    // `pool`: its name, or empty if none took the message; `logger`: where it is said.
    void store(Message* message, const std::string& pool, const Logger& logger);
    // Those whose record is durable, with outcome dead_letter; and those whose is not and will not be, with outcome released.
    void take_stored(MessageList& out);
    bool has_news() const { return !stored_.empty(); }
    std::uint64_t waiting() const { return waiting_; }
    const DeathCauses& causes() const { return causes_; }

private:
    struct Entry {
        Entry* next = nullptr;
        DeadLetters* owner;
        Message* message;
        std::string id;  // of the dead letter
        std::string line;
        PublishBatch batch;
    };

    DeadLetterFacts facts_of(const Message& message, const std::string& pool) const;
    std::string id_of(const Message& message, std::int64_t dead_ms);
    void say(const Message& message, const std::string& pool, const Logger& logger);

    Target& target_;
    const Clock& clock_;
    Doorbell& bell_;
    const Logger logger_;
    std::uint64_t waiting_ = 0;
    std::map<std::string, RateLimit> said_;  // by pool
    std::uint64_t stored_so_far_ = 0;
    DeathCauses causes_;
    Inbox<Entry> stored_;
};

}  // namespace sluice
