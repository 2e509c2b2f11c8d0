// The fields that a handler wants of a JSON body, read in one pass over it.
//
// Types       string -> text, integer -> integer, other numbers -> real, true and false -> boolean, null and absent -> NULL.
// Errors      read() answers what is wrong with the body in one sentence: it is no JSON object, is damaged where it was looked
//             at, or a wanted field holds an object, an array or a number that does not fit. Values of fields that nobody wants
//             are skipped, not examined.
// Threads     one.
// Ownership   texts without escapes are views of the body (SLUICE_LIFE_UNIT); others are valid until the next read()
//             (SLUICE_LIFE_CALL).
// Limits      memory for a body beyond kept_bytes is given back at the next one.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/abi.h"

namespace sluice::sql {

class Fields {
public:
    static constexpr std::size_t kept_bytes = 1u << 20;

    Fields();

    // Wants what the JSON pointer names; the answer is its place in values(). Throws std::invalid_argument if it is no pointer
    // to something inside of the body. The same pointer has the same place.
    std::size_t want(std::string_view pointer);

    // `body` has SLUICE_BODY_PADDING readable bytes behind it. Empty: it went well.
    std::string read(std::string_view body);
    const std::vector<sluice_value>& values() const { return values_; }

private:
    // What is wanted below one member or element; a tree, its root the whole body.
    struct Part {
        std::string name;
        std::optional<std::uint64_t> index;  // the name as an element's index
        std::optional<std::size_t> value;    // its place, if it is wanted itself
        std::uint64_t seen_in = 0;  // the number of the last body that had it: of two members of one name the first counts
        std::vector<Part> parts;
    };

    using Value = simdjson::ondemand::value;
    using Code = simdjson::error_code;

    Code walk(simdjson::ondemand::object object, Part& part);
    Code walk(simdjson::ondemand::array array, Part& part);
    Code take(Value value, Part& part);
    Code bind(Value value, std::size_t place);
    Code refuse(std::size_t place, std::string_view what);

    Part root_;
    std::vector<std::string> pointers_;  // by place
    std::vector<sluice_value> values_;
    std::unique_ptr<simdjson::ondemand::parser> parser_;
    std::uint64_t bodies_ = 0;
    std::string refused_;
};

}  // namespace sluice::sql
