// Picks the worker of a message within one pool: key -> hash -> slot -> worker.
//
// Threads     the source thread.
// Errors      make: invalid (a bad pointer, a worker that does not exist, a key named twice). route: none.
// Limits      keys longer than limits::key_bytes_max are known by their hash; the view is cut.
// Invariants  (1) equal keys have equal hash and slot, for ever and on every machine; equal numbers are equal keys (2) equal
//             keys have one worker until move_slot (3) every worker has at least limits::slots / workers slots, rounded down,
//             until move_slot
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/limits.hpp"
#include "route/json_body.hpp"
#include "route/json_pointer.hpp"
#include "route/rules.hpp"
#include "sluice/message.h"

namespace sluice {

struct Routed {
    enum class To : std::uint8_t { worker, dead_letter };

    To to = To::worker;
    bool has_key = false;
    std::uint16_t slot = 0;      // with a key
    std::uint32_t worker = 0;    // with To::worker
    std::uint64_t key_hash = 0;  // 0 = no key, never the hash of one
    std::string_view key;        // in the message or in scratch; valid until either changes
};

// Never 0. XXH3, 64 bits, seed 0: written into state, so it stays the same for ever.
std::uint64_t hash_key(std::string_view key);
inline std::uint16_t slot_of(std::uint64_t key_hash) {
    return static_cast<std::uint16_t>(key_hash & (limits::slots - 1));
}

class Router {
public:
    static Result<Router> make(const RouteRules& rules);

    // The message's body has SLUICE_BODY_PADDING readable bytes behind it. Only body, id, headers and message_key are
    // read.
    Routed route(const sluice_message& message, std::string& scratch);
    // The same, with the body already open in `json`.
    Routed route(const sluice_message& message, JsonBody& json, std::string& scratch);

    // Where messages with this key go; none if the route looks at no key.
    struct Place {
        std::uint64_t key_hash;
        std::uint32_t worker;
    };
    std::optional<Place> place_of(std::string_view key) const {
        if (by_ == RouteBy::round_robin) return std::nullopt;
        const std::uint64_t hash = hash_key(key);
        return Place{hash, worker_for(key, hash, slot_of(hash))};
    }

    // Does it look for the key in the body, by pointer?
    bool reads_body() const { return by_ == RouteBy::pointer; }

    // For messages without a key, and for a pool that gives up order.
    std::uint32_t next_worker();

    std::uint32_t worker_of(std::uint16_t slot) const { return slots_[slot]; }
    // Do the rules name the worker of such a key?
    bool names(std::uint64_t key_hash) const {
        return !named_.empty() && std::ranges::binary_search(named_, key_hash, {}, &NamedKey::hash);
    }
    // The caller sees to it that the slot is idle. Keys that the rules name keep their worker.
    void move_slot(std::uint16_t slot, std::uint32_t worker) { slots_[slot] = static_cast<std::uint16_t>(worker); }

private:
    struct NamedKey {
        std::uint64_t hash;
        std::string key;
        std::uint32_t worker;
    };

    Router() = default;
    std::optional<std::string_view> key_of(const sluice_message& message, JsonBody& json, std::string& scratch) const;
    std::uint32_t worker_for(std::string_view key, std::uint64_t hash, std::uint16_t slot) const {
        return named_.empty() ? slots_[slot] : worker_named(key, hash, slot);
    }
    std::uint32_t worker_named(std::string_view key, std::uint64_t hash, std::uint16_t slot) const;

    // Constant after make().
    RouteBy by_ = RouteBy::round_robin;
    MissingKey missing_;
    std::uint32_t worker_count_ = 1;
    std::string header_;
    JsonPointer pointer_;
    std::vector<NamedKey> named_;  // by hash

    std::array<std::uint16_t, limits::slots> slots_{};
    std::uint32_t next_ = 0;
    JsonBody json_;  // of the route() that brings none
};

}  // namespace sluice
