#include "route/router.hpp"

#include <algorithm>
#include <tuple>

#include "core/bytes.hpp"
#include "core/few_bytes.hpp"
#include "core/message.hpp"
#include "text/number.hpp"

#define XXH_INLINE_ALL  // a key is a few bytes: the call would cost as much as the hash
#include <xxhash.h>

namespace sluice {
namespace {

static_assert(limits::workers_max <= UINT16_MAX && limits::slots <= UINT16_MAX + 1);

Error invalid(std::string message) {
    return {ErrorKind::invalid, std::move(message)};
}

std::string no_such_worker(std::uint32_t worker, std::uint32_t count) {
    return "worker " + std::to_string(worker) + " does not exist: the pool has " + std::to_string(count) +
           ", numbered from 0 to " + std::to_string(count - 1);
}

}  // namespace

std::uint64_t hash_key(std::string_view key) {
    const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
    return hash != 0 ? hash : 1;
}

Result<Router> Router::make(const RouteRules& rules) {
    if (rules.worker_count == 0 || rules.worker_count > limits::workers_max)
        return invalid("a pool has 1 to " + std::to_string(limits::workers_max) + " workers, not " +
                       std::to_string(rules.worker_count));
    if (rules.missing.then == MissingKey::Then::worker && rules.missing.worker >= rules.worker_count)
        return invalid("missing_key: " + no_such_worker(rules.missing.worker, rules.worker_count));

    Router router;
    router.by_ = rules.by == RouteBy::least_loaded ? RouteBy::round_robin : rules.by;
    router.missing_ = rules.missing;
    router.worker_count_ = rules.worker_count;
    if (rules.by == RouteBy::header) router.header_ = rules.key;
    if (rules.by == RouteBy::pointer) {
        Result<JsonPointer> pointer = parse_json_pointer(rules.key);
        if (!pointer) return std::move(pointer).error();
        router.pointer_ = std::move(pointer).value();
    }

    for (const auto& [key, worker] : rules.workers) {
        if (worker >= rules.worker_count) return invalid("key \"" + key + "\": " + no_such_worker(worker, rules.worker_count));
        router.named_.push_back({hash_key(key), key, worker});
        const std::optional<std::string> number = rules.by == RouteBy::pointer ? other_spelling(key) : std::nullopt;
        if (number) router.named_.push_back({hash_key(*number), *number, worker});
    }
    std::ranges::sort(router.named_, {}, [](const NamedKey& named) { return std::tie(named.hash, named.key); });
    for (std::size_t at = 1; at < router.named_.size(); ++at)
        if (router.named_[at - 1].key == router.named_[at].key)
            return invalid("key \"" + router.named_[at].key + "\" is given a worker twice: keep one");

    for (std::uint32_t slot = 0; slot < limits::slots; ++slot)
        router.slots_[slot] = static_cast<std::uint16_t>(slot % rules.worker_count);
    return router;
}

Routed Router::route(const sluice_message& message, std::string& scratch) {
    json_.open(view_of(message.body));
    const Routed routed = route(message, json_, scratch);
    json_.close();
    return routed;
}

Routed Router::route(const sluice_message& message, JsonBody& json, std::string& scratch) {
    Routed routed;
    if (by_ == RouteBy::round_robin) {
        routed.worker = next_worker();
        return routed;
    }
    if (const std::optional<std::string_view> key = key_of(message, json, scratch)) {
        routed.has_key = true;
        routed.key_hash = hash_key(*key);
        routed.slot = slot_of(routed.key_hash);
        routed.worker = worker_for(*key, routed.key_hash, routed.slot);
        routed.key = {key->data(), std::min(key->size(), limits::key_bytes_max)};
        return routed;
    }
    switch (missing_.then) {
        case MissingKey::Then::round_robin: routed.worker = next_worker(); break;
        case MissingKey::Then::worker: routed.worker = missing_.worker; break;
        case MissingKey::Then::dead_letter: routed.to = Routed::To::dead_letter; break;
    }
    return routed;
}

std::uint32_t Router::next_worker() {
    const std::uint32_t worker = next_;
    next_ = next_ + 1 == worker_count_ ? 0 : next_ + 1;
    return worker;
}

// An empty string in the body or in a header is a key; an empty id, body or message_key is none.
std::optional<std::string_view> Router::key_of(const sluice_message& message, JsonBody& json, std::string& scratch) const {
    switch (by_) {
        case RouteBy::pointer: return json.find(pointer_, scratch);
        case RouteBy::header:
            for (std::uint32_t at = 0; at < message.header_count; ++at)
                if (equal_few(view_of(message.headers[at].name), header_)) return view_of(message.headers[at].value);
            return std::nullopt;
        case RouteBy::id: return message.id.size != 0 ? std::optional(view_of(message.id)) : std::nullopt;
        case RouteBy::body: return message.body.size != 0 ? std::optional(view_of(message.body)) : std::nullopt;
        case RouteBy::message_key: {
            const std::string_view key = message_key_of(message);
            return !key.empty() ? std::optional(key) : std::nullopt;
        }
        case RouteBy::round_robin:
        case RouteBy::least_loaded: break;
    }
    return std::nullopt;
}

std::uint32_t Router::worker_named(std::string_view key, std::uint64_t hash, std::uint16_t slot) const {
    auto named = std::ranges::lower_bound(named_, hash, {}, &NamedKey::hash);
    for (; named != named_.end() && named->hash == hash; ++named)
        if (named->key == key) return named->worker;
    return slots_[slot];
}

}  // namespace sluice
