#include "plan.hpp"

#include <simdjson.h>

#include <charconv>

namespace sluice::trace {
namespace {

// FNV-1a, then the mixing step of SplitMix64: plain, and the same everywhere.
std::uint64_t random_of(std::uint64_t seed, const Message& message) {
    std::uint64_t hash = 0xcbf29ce484222325u ^ seed;
    for (const char c : message.id()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    hash += message.attempt() * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebu;
    return hash ^ (hash >> 31);
}

// 0 <= fraction < 1
double fraction_of(std::uint64_t bits32) {
    return static_cast<double>(bits32 & 0xffffffffu) / 4294967296.0;
}

}  // namespace

std::optional<Ending> ending_of(std::string_view word, std::uint32_t attempt) {
    std::uint32_t until = ~0u;
    if (const auto colon = word.find(':'); colon != word.npos) {
        const std::string_view number = word.substr(colon + 1);
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), until);
        if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
        word = word.substr(0, colon);
    }
    for (const Ending ending : {Ending::done, Ending::retry, Ending::reject, Ending::skip, Ending::thrown})
        if (word == name_of(ending)) return attempt <= until ? ending : Ending::done;
    return std::nullopt;
}

Planner::Planner(PlanOptions options) : options_(std::move(options)) {
    if (options_.sleep_min_ns > options_.sleep_max_ns) {
        throw Failure(SLUICE_INVALID, "sleep_min is longer than sleep_max: give both, the shorter one as sleep_min");
    }
    if (!options_.pointer.empty() && options_.pointer.front() != '/') {
        throw Failure(SLUICE_INVALID, "verdict is \"" + options_.pointer + "\": a JSON pointer begins with \"/\"");
    }
}

Plan Planner::plan(const Message& message) const {
    const std::uint64_t random = random_of(options_.seed, message);
    Plan plan;
    if (!options_.pointer.empty()) {
        if (auto told = told_by_body(message)) plan = *std::move(told);
    }
    if (plan.ending == Ending::done && fraction_of(random) * 100 < options_.fail_percent) {
        plan.ending = Ending::retry;
        plan.text = "one of the calls that fail (fail_percent)";
    }
    const auto span = static_cast<double>(options_.sleep_max_ns - options_.sleep_min_ns);
    plan.sleep_ns = options_.sleep_min_ns + static_cast<std::int64_t>(span * fraction_of(random >> 32));
    return plan;
}

namespace {

// At the root of a body a pointer finds nothing in a scalar; simdjson has only looked at its first character.
bool is_damaged_scalar(simdjson::ondemand::document& body) {
    simdjson::ondemand::json_type type;
    body.rewind();
    if (body.type().get(type) != simdjson::SUCCESS) return true;
    switch (type) {
        case simdjson::ondemand::json_type::null: return !body.is_null();
        case simdjson::ondemand::json_type::boolean: return body.get_bool().error() != simdjson::SUCCESS;
        case simdjson::ondemand::json_type::string: return body.get_string().error() != simdjson::SUCCESS;
        default: return false;
    }
}

}  // namespace

std::optional<Plan> Planner::told_by_body(const Message& message) const {
    // Not the DOM: it takes a body with a number beyond 64 bits anywhere in it for no JSON.
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document body;
    std::string_view word;
    const std::string_view bytes = message.body();
    auto error = parser.iterate(bytes.data(), bytes.size(), bytes.size() + SLUICE_BODY_PADDING).get(body);
    if (error == simdjson::SUCCESS) error = body.at_pointer(options_.pointer).get_string().get(word);
    if (error == simdjson::INCORRECT_TYPE) return Plan{0, Ending::reject, options_.pointer + " is not a text"};
    if (error == simdjson::INVALID_JSON_POINTER && is_damaged_scalar(body))
        return Plan{0, Ending::reject, "the body is not JSON"};
    if (error == simdjson::NO_SUCH_FIELD || error == simdjson::INDEX_OUT_OF_BOUNDS || error == simdjson::INVALID_JSON_POINTER)
        return std::nullopt;
    if (error != simdjson::SUCCESS) return Plan{0, Ending::reject, "the body is not JSON"};
    if (const auto ending = ending_of(word, message.attempt())) {
        return Plan{0, *ending, *ending == Ending::done ? "" : "told so by " + options_.pointer};
    }
    return Plan{
        0, Ending::reject,
        options_.pointer + " is \"" + std::string(word) + "\": use done, retry, retry:N, reject, skip, throw or throw:N"};
}

}  // namespace sluice::trace
