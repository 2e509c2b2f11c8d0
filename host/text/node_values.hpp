// A node taken as a value of some type. The error is the middle of a sentence that begins with the key:
// `must be a whole number from 1 to 256, not "ten"`.
//
// Threads      any; no state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "text/node.hpp"

namespace sluice {

// Both ends included.
struct Range {
    std::int64_t minimum;
    std::int64_t maximum;
};

// Any scalar will do: 12345 is a good password.
Result<std::string> as_text(const Node& node);
Result<std::int64_t> as_integer(const Node& node, Range range);
Result<bool> as_boolean(const Node& node);
Result<std::int64_t> as_duration_ms(const Node& node, Range range);
Result<std::int64_t> as_size_bytes(const Node& node, Range range);

// "must be one of block and drop, not ...; did you mean ...?"
Error not_one_of(const Node& node, std::span<const std::string> names);

}  // namespace sluice
