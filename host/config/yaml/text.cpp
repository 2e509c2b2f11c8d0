#include "config/yaml/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

// Bytes of the UTF-8 sequence at the front (RFC 3629), 0 if there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto between = [&](std::size_t i, unsigned low, unsigned high) {
        return i < text.size() && byte(i) >= low && byte(i) <= high;
    };
    const auto tail = [&](std::size_t i) { return between(i, 0x80, 0xBF); };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80,
                       high = first == 0xED ? 0x9F : 0xBF;  // no overlong forms, no surrogates
        return between(1, low, high) && tail(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return between(1, low, high) && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool check_yaml_text(std::string_view text, const MarkMaker& mark_of, Problems& problems) {
    if (text.size() > limits::config_file_bytes) {
        problems.add(mark_of(1, 1), "",
                     fmt::format("larger than {}, the most a configuration may be", format_size(limits::config_file_bytes)));
        return false;
    }
    std::uint32_t line = 1, column = 1;
    for (std::size_t at = 0; at < text.size();) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const std::size_t length = sequence_length(text.substr(at));
        if (length == 0) {
            problems.add(mark_of(line, column), "", fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8", byte));
            return false;
        }
        if ((byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
            problems.add(
                mark_of(line, column), "",
                fmt::format("control character 0x{:02x}; write it as \"\\x{:02x}\" between double quotes", byte, byte));
            return false;
        }
        at += length;
        column += static_cast<std::uint32_t>(length);  // as yaml-cpp counts: bytes
        if (byte == '\n') {
            ++line;
            column = 1;
        }
    }
    return true;
}

std::string_view line_of(std::string_view text, std::uint32_t line) {
    for (; line > 1; --line) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

bool quote_is_closed(std::string_view text, std::uint32_t line, std::uint32_t column) {
    const std::string_view begin = line_of(text, line);
    if (begin.size() < column) return true;
    std::string_view rest = text.substr(static_cast<std::size_t>(begin.data() - text.data()) + column - 1);
    while (rest.starts_with('&') || rest.starts_with('!')) {  // an anchor or a tag stands before it
        const auto end = rest.find_first_of(" \t\n");
        if (end == std::string_view::npos) return true;
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n", end), rest.size()));
    }
    if (!rest.starts_with('"') && !rest.starts_with('\'')) return true;
    const char quote = rest[0];
    for (std::size_t at = 1; at < rest.size(); ++at) {
        if (quote == '"' && rest[at] == '\\')
            ++at;
        else if (quote == '\'' && rest[at] == quote && at + 1 < rest.size() && rest[at + 1] == quote)
            ++at;
        else if (rest[at] == quote)
            return true;
    }
    return false;
}

}  // namespace sluice
