// JSON (RFC 8259) as a tree of nodes, without places: requests, answers, records of our own.
//
// Threads      any; no state.
// Errors       invalid: no JSON, deeper or of more values than the limits say.
// Limits       limits::json_depth levels, and as many values as the caller takes. Of equal member names find() sees the first.
#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/limits.hpp"
#include "text/node.hpp"

namespace sluice {

// An object or a list. Strings and numbers keep their text in Node::text; of a number too large for 64 bits only the text is
// exact.
Result<Node> read_json(std::string_view text, std::size_t values_max = limits::json_values);

// The text of a member that is a string; empty if it is absent or something else.
std::string_view text_of(const Node& map, std::string_view name);
// A member that is a whole number; 0 if it is absent or something else.
std::int64_t integer_of(const Node& map, std::string_view name);
bool flag_of(const Node& map, std::string_view name);

}  // namespace sluice
