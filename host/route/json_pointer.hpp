// A JSON pointer (RFC 6901), parsed once.
//
// Immutable; safe to read from any thread. "" names the whole document, "/a/0" the first element or the member "0" of "a",
// "~1" in a token is "/", "~0" is "~". Tokens are the bytes as written otherwise: no percent or JSON escapes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace sluice {

struct JsonPointerToken {
    std::string name;                    // unescaped: the member's name
    std::optional<std::uint64_t> index;  // the element's index, if the token is one: digits without a leading zero
};

class JsonPointer {
public:
    const std::vector<JsonPointerToken>& tokens() const { return tokens_; }

private:
    friend Result<JsonPointer> parse_json_pointer(std::string_view text);
    std::vector<JsonPointerToken> tokens_;
};

// Errors  invalid: does not begin with "/", has a "~" that is neither ~0 nor ~1, or more than limits::config_depth tokens.
Result<JsonPointer> parse_json_pointer(std::string_view text);

}  // namespace sluice
