// The messages that a worker processes together, from the first call of the handler to the last confirmation.
//
//   filling -> waiting -> committing (one database after the other, the one that deduplicates last) -> waiting -> publishing ->
//   finished
//
// It waits for its turn: nothing of it becomes durable or is published before what must come first.
//
// Threads      whoever runs the worker; while `awaited` is not 0, the end of the commit belongs to the adapter's thread that
//              answers it.
// Ownership    the worker's; reused. Holds the messages until they are finished.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "core/message.hpp"
#include "publish/batch.hpp"
#include "sluice/database.h"
#include "unit/publishes.hpp"

namespace sluice {

class Commits;

struct Unit {
    enum class Stage : std::uint8_t { unused, filling, waiting, committing, publishing, finished };

    static constexpr unsigned index_bits = 17;
    static_assert(limits::batch_max < (1u << index_bits), "a ticket names a message of its unit");

    // Its share of one database: 0 = not begun.
    using Handle = std::uint64_t;

    // How the adapter answered; written by the thread that answers, before the unit comes back through the worker's inbox.
    struct Answer {
        sluice_status status = SLUICE_OK;
        std::string text;
        struct Item {
            std::uint32_t message;
            sluice_status status;
            std::string text;
        };
        std::vector<Item> items;
    };

    Unit* next = nullptr;  // in the inbox
    Stage stage = Stage::unused;
    std::uint32_t generation = 0;
    std::vector<Message*> messages;  // by the low half of the ticket, less one; nullptr: has left the unit
    std::array<Handle, limits::databases_max> handles{};
    std::vector<std::uint32_t> to_commit;  // positions of connections whose share is begun and not yet submitted, last first
    bool has_effects = false;              // commits or publishes something
    bool failed = false;                   // nothing of it is durable: all of it runs again
    bool partly_failed = false;            // a message of it runs again, with those of its key that follow
    bool keeps_order = true;               // of keys
    bool is_queried = false;               // a handler has asked within it: some of it may be applied already
    bool retry_later = false;              // because something is unreachable, rather than in conflict

    std::uint32_t committing_at = 0;        // position of the connection that commits it now
    std::atomic<std::uint64_t> awaited{0};  // the token of the commit under way
    Answer answer;

    // What is published to one target.
    struct Batch {
        PublishBatch publish;
        std::vector<std::uint32_t> messages;  // whose publishes they are, one for one
    };
    Publishes publishes;
    std::vector<std::unique_ptr<Batch>> batches;  // by target, made when first needed
    std::atomic<std::uint32_t> batches_open{0};
    std::vector<std::uint32_t> kept;  // messages whose publishes are kept with their record
    Commits* owner = nullptr;         // constant
    std::uint32_t tag = 0;            // constant; of the owner

    // Never 0. The owner's tag makes a ticket of another worker a stranger here; the same one comes again after 2^32 units.
    sluice_ticket ticket(std::uint32_t index) const {
        return (std::uint64_t{tag} << 49) | (std::uint64_t{generation} << index_bits) | (index + 1);
    }
    static std::uint32_t index_of(sluice_ticket ticket) {
        return (static_cast<std::uint32_t>(ticket) & ((1u << index_bits) - 1)) - 1;
    }
};

}  // namespace sluice
