#include "config/route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "route/json_pointer.hpp"
#include "text/number.hpp"
#include "text/scalar.hpp"

namespace sluice {
namespace {

// The whole document is no key.
bool is_json_pointer(std::string_view text) {
    return !text.empty() && parse_json_pointer(text);
}

// "header:NAME", "id", "body", "message_key" or a JSON pointer.
bool read_key(const std::string& text, RouteConfig& route) {
    constexpr std::string_view header = "header:";
    if (text == "id") {
        route.by = RouteBy::id;
    } else if (text == "body") {
        route.by = RouteBy::body;
    } else if (text == "message_key") {
        route.by = RouteBy::message_key;
    } else if (text.starts_with(header) && text.size() > header.size()) {
        route.by = RouteBy::header;
        route.key = text.substr(header.size());
    } else if (is_json_pointer(text)) {
        route.by = RouteBy::pointer;
        route.key = text;
    } else {
        return false;
    }
    return true;
}

Range below(std::uint32_t workers) {
    return {0, static_cast<std::int64_t>(workers) - 1};
}

void read_workers(MapReader& route_map, RouteConfig& route, std::uint32_t workers) {
    MapReader map = route_map.map("workers");
    std::set<std::string, std::less<>> numbers;
    for (const NodeEntry* entry : map.rest()) {
        if (route.by == RouteBy::pointer && number_form(entry->name) != NumberForm::none &&
            !numbers.insert(other_spelling(entry->name).value_or(entry->name)).second)
            map.reading().problems.add(entry->mark, entry->value.path,
                                       "another key above is the same number; keep one of them");
        if (entry->value.broken) continue;
        const Result<std::int64_t> worker = as_integer(entry->value, below(workers));
        if (worker)
            route.workers.emplace_back(entry->name, static_cast<std::uint32_t>(*worker));
        else
            map.problem(entry->value, worker.error().message);
    }
}

// ">500", ">= 0.5", "!= arrival"
bool is_comparison(std::string_view text) {
    for (const std::string_view sign : {">=", "<=", "!=", "==", ">", "<", "="}) {
        if (!text.starts_with(sign)) continue;
        text.remove_prefix(sign.size());
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (sign == "!=") return !text.empty();
        if (text.starts_with('-')) text.remove_prefix(1);
        return !text.empty() && text[0] >= '0' && text[0] <= '9';
    }
    return false;
}

// YAML has more ways to write a number or a boolean: 0x1F, +5, .5, 5., True.
std::string text_in_json(const Node& scalar) {
    if (scalar.kind == Node::Kind::boolean) return scalar.integer != 0 ? "true" : "false";
    if (scalar.kind == Node::Kind::integer) return std::to_string(scalar.integer);
    if (scalar.kind != Node::Kind::real) return scalar.text;
    const std::string_view text = scalar.text;
    const std::size_t begin = text.find_first_not_of("+-"), end = std::min(text.find_first_of("eE"), text.size());
    std::string digits(text.substr(begin, end - begin));
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.empty() || digits.starts_with('.')) digits.insert(0, 1, '0');
    if (digits.ends_with('.')) digits.pop_back();
    return (text.starts_with('-') ? "-" : "") + digits + std::string(text.substr(end));
}

}  // namespace

RouteConfig read_route(MapReader& pool, std::uint32_t workers) {
    RouteConfig route;
    MapReader map = pool.map("route");
    const Node* by = map.find("by");
    const Node* key = map.find("key");
    const bool least_loaded = by != nullptr && by->is_scalar() && by->text == "least_loaded";
    if (least_loaded) route.by = RouteBy::least_loaded;
    if (by != nullptr && !least_loaded && by->text != "round_robin")
        map.problem(*by,
                    fmt::format("must be round_robin or least_loaded, not {}; write \"key\" to route by what a message carries",
                                shown(*by)));
    else if (by != nullptr && key != nullptr)
        map.problem(*by, fmt::format("a route has a key or \"by\", not both: with {} equal keys have no order; leave one out",
                                     by->text));
    if (key != nullptr && !(key->is_scalar() && read_key(key->text, route)))
        map.problem(*key, fmt::format("must be a JSON pointer such as /origin, header:NAME, id, body or message_key, not {}",
                                      shown(*key)));
    read_workers(map, route, workers);
    const Choice<bool> choices[] = {{"true", true}, {"false", false}};
    route.rebalance = map.choice("rebalance", route.rebalance, choices);
    const Node* rebalance = map.find("rebalance");
    if (rebalance != nullptr && key == nullptr)
        map.problem(*rebalance,
                    "says whether keys may change their worker, and this route has no key; leave it out, or write \"key\"");
    if (!route.workers.empty() && key == nullptr) map.missing("key", "\"workers\" names workers by key, so say which key");
    map.finish();
    return route;
}

MissingKey read_missing_key(MapReader& pool, std::uint32_t workers) {
    using Then = MissingKey::Then;
    const Node* node = pool.find("missing_key");
    if (node == nullptr) return {};
    if (node->kind == Node::Kind::map) {
        MapReader map(pool.reading(), node, node->mark, node->path, "pools.NAME.missing_key");
        const Node* worker = node->find("worker");
        if (worker == nullptr) map.missing("worker", "write { worker: 0 }");
        const auto index = static_cast<std::uint32_t>(map.integer("worker", 0, below(workers)));
        map.finish();
        return {Then::worker, index};
    }
    if (node->is_scalar() && node->text == "round_robin") return {Then::round_robin, 0};
    if (node->is_scalar() && node->text == "dead_letter") return {Then::dead_letter, 0};
    pool.problem(*node, fmt::format("must be round_robin, dead_letter or {{ worker: 0 }}, not {}", shown(*node)));
    return {};
}

// What is wrong is a condition nevertheless, so that its pool does not seem to take all messages.
std::vector<std::pair<std::string, std::string>> read_when(MapReader& pool) {
    std::vector<std::pair<std::string, std::string>> conditions;
    const Node* when = pool.find("when");
    if (pool.has("when") && (when == nullptr || (when->kind != Node::Kind::map && when->kind != Node::Kind::null)))
        conditions.emplace_back();
    MapReader map = pool.map("when");
    for (const NodeEntry* entry : map.rest()) {
        const Node& value = entry->value;
        if (!is_json_pointer(entry->name))
            map.reading().problems.add(entry->mark, value.path,
                                       "a condition begins with a JSON pointer, such as /type: departure");
        else if (!value.is_scalar() && !value.broken)
            map.problem(value, fmt::format("must be the text, number or boolean that is found there, not {}", shown(value)));
        else if (is_comparison(value.text))
            map.problem(
                value,
                fmt::format("is compared with the whole text that is found there, and {} looks like a comparison, which this "
                            "version of Sluice does not make; leave the condition out, and have the handler skip the others",
                            shown(value)));
        conditions.emplace_back(entry->name, text_in_json(value));
    }
    return conditions;
}

}  // namespace sluice
