// Picks the pool of a message among those that share a source, then its worker.
//
// Threads     the source thread.
// Errors      make: invalid, as Router's. route: none.
// Invariants  (1) the first pool in file order whose conditions all hold takes the message
//             (2) the body, unless damaged, is indexed at most once
//             (3) each pointer that conditions name is looked up at most once per message
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "route/router.hpp"

namespace sluice {

class SourceRouter {
public:
    static constexpr std::uint32_t no_pool = UINT32_MAX;

    struct Picked {
        std::uint32_t pool = no_pool;  // index into the rules given to make(); no_pool: a dead letter
        Routed routed;                 // To::dead_letter with no_pool
    };

    // `pools` in file order, 1 to limits::pools_max.
    static Result<SourceRouter> make(const std::vector<PoolRules>& pools);

    // The message's body has SLUICE_BODY_PADDING readable bytes behind it.
    Picked route(const sluice_message& message, std::string& scratch);

    Router& router(std::uint32_t pool) { return pools_[pool].router; }
    std::size_t size() const { return pools_.size(); }

private:
    struct Condition {
        std::uint32_t field;
        std::string expected;
        std::optional<std::string> number;  // `expected` in its canonical form, if it is a number in another one
    };
    struct Pool {
        std::vector<Condition> when;
        Router router;
    };
    // What one pointer finds in the message at hand.
    struct Field {
        std::string text;
        JsonPointer pointer;
        bool looked_up = false;
        std::optional<std::string_view> value;
        std::string scratch;
    };

    Picked pick(const sluice_message& message, std::string& scratch);
    bool holds(const Pool& pool);

    std::vector<Pool> pools_;
    std::vector<Field> fields_;
    JsonBody json_;
    bool reads_bodies_ = false;  // a condition or a key is found by pointer
};

}  // namespace sluice
