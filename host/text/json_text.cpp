#include "text/json_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace sluice {
namespace {

bool within(std::string_view text, std::size_t at, unsigned low, unsigned high) {
    if (at >= text.size()) return false;
    const unsigned byte = static_cast<unsigned char>(text[at]);
    return byte >= low && byte <= high;
}

bool plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

}  // namespace

std::size_t utf8_sequence(std::string_view text, std::size_t at) {
    if (at >= text.size()) return 0;
    const unsigned first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return within(text, at + 1, 0x80, 0xbf) ? 2 : 0;
    // The bounds of the second byte keep out overlong forms, surrogates and what lies above U+10FFFF.
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return within(text, at + 1, low, high) && within(text, at + 2, 0x80, 0xbf) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return within(text, at + 1, low, high) && within(text, at + 2, 0x80, 0xbf) && within(text, at + 3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_sequence(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

void append_json_string(std::string& to, std::string_view text) {
    to += '"';
    for (std::size_t at = 0; at < text.size();) {
        std::size_t run = at;
        while (run < text.size() && plain(static_cast<unsigned char>(text[run]))) ++run;
        to.append(text, at, run - at);
        at = run;
        if (at == text.size()) break;

        const char byte = text[at];
        const std::size_t length = utf8_sequence(text, at);
        if (length > 1) {
            to.append(text, at, length);
        } else if (length == 0) {
            to += "\ufffd";
        } else if (byte == '"' || byte == '\\') {
            to += '\\';
            to += byte;
        } else if (byte == '\n') {
            to += "\\n";
        } else if (byte == '\t') {
            to += "\\t";
        } else if (byte == '\r') {
            to += "\\r";
        } else {
            fmt::format_to(std::back_inserter(to), "\\u{:04x}", static_cast<unsigned>(byte));
        }
        at += length == 0 ? 1 : length;
    }
    to += '"';
}

JsonFields& JsonFields::add_raw(std::string_view name, std::string_view json) {
    if (!text_.empty()) text_ += ',';
    append_json_string(text_, name);
    text_ += ':';
    text_ += json;
    return *this;
}

JsonFields& JsonFields::add(std::string_view name, std::string_view text) {
    add_raw(name, {});
    append_json_string(text_, text);
    return *this;
}

JsonFields& JsonFields::add(std::string_view name, std::uint64_t number) {
    return add_raw(name, fmt::format_int(number).c_str());
}

JsonFields& JsonFields::add(std::string_view name, std::int64_t number) {
    return add_raw(name, fmt::format_int(number).c_str());
}

JsonFields& JsonFields::add(std::string_view name, double number) {
    return add_raw(name, std::isfinite(number) ? fmt::format("{}", number) : std::string("null"));
}

}  // namespace sluice
