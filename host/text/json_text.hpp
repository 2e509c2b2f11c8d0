// Text as JSON (RFC 8259), whatever bytes it is made of: what we write must be readable by every parser, also when the text
// came from a plugin or a damaged file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Length in bytes of the well-formed UTF-8 sequence that begins at `at` (Unicode 15, table 3-7), or 0 if none does.
std::size_t utf8_sequence(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

// Appends a JSON string with its quotes. A byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& to, std::string_view text);

// The members of a JSON object, without the braces, in the order of the calls.
class JsonFields {
public:
    JsonFields& add(std::string_view name, std::string_view text);
    JsonFields& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
    JsonFields& add(std::string_view name, std::uint64_t number);
    JsonFields& add(std::string_view name, std::int64_t number);
    JsonFields& add(std::string_view name, double number);  // what is not finite becomes null
    JsonFields& add(std::string_view name, bool flag) { return add_raw(name, flag ? "true" : "false"); }
    JsonFields& add_raw(std::string_view name, std::string_view json);

    std::string_view view() const { return text_; }

private:
    std::string text_;
};

}  // namespace sluice
