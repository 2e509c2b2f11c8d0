#include "text/scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "text/number.hpp"

namespace sluice {
namespace {

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_octal(std::string_view digits) {
    if (digits.starts_with("0o")) return all_digits(digits.substr(2));
    return digits.size() > 1 && digits[0] == '0' && all_digits(digits);
}

// (\. [0-9]+ | [0-9]+ (\. [0-9]*)?) ([eE] [-+]? [0-9]+)?
bool is_real(std::string_view text) {
    const auto exponent_at = text.find_first_of("eE");
    if (exponent_at != std::string_view::npos) {
        std::string_view exponent = text.substr(exponent_at + 1);
        if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
        if (!all_digits(exponent)) return false;
        text = text.substr(0, exponent_at);
    }
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return all_digits(text);
    const std::string_view whole = text.substr(0, dot), fraction = text.substr(dot + 1);
    return (whole.empty() || all_digits(whole)) && (fraction.empty() || all_digits(fraction)) && text.size() > 1;
}

template <typename Number, typename... Base>
bool parse_whole(std::string_view text, Number& number, Base... base) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base...);
    return failure == std::errc() && end == text.data() + text.size();
}

}  // namespace

ScalarForm infer_type(Node& node) {
    node.kind = Node::Kind::text;
    std::string_view text = node.text;
    for (const auto& [names, value] :
         {std::pair{std::array{"true", "True", "TRUE"}, 1}, {std::array{"false", "False", "FALSE"}, 0}}) {
        if (std::find(names.begin(), names.end(), text) == names.end()) continue;
        node.kind = Node::Kind::boolean;
        node.integer = value;
        return ScalarForm::fine;
    }
    std::string_view digits = text;  // `text` keeps a minus sign for from_chars, which takes no plus sign
    if (text.starts_with('+') || text.starts_with('-')) digits.remove_prefix(1);
    if (text.starts_with('+')) text = digits;
    if (is_octal(digits)) return ScalarForm::octal;
    if ((text.starts_with("0x") && is_hex(text.substr(2)) && parse_whole(text.substr(2), node.integer, 16)) ||
        (all_digits(digits) && parse_whole(text, node.integer))) {
        node.kind = Node::Kind::integer;
        node.real = static_cast<double>(node.integer);
    } else if (is_real(digits) && parse_whole(text, node.real)) {
        node.kind = Node::Kind::real;
    }
    return ScalarForm::fine;
}

std::string shown(const Node& node) {
    constexpr std::size_t longest = 60;
    switch (node.kind) {
        case Node::Kind::null: return "nothing";
        case Node::Kind::list: return "a list";
        case Node::Kind::map: return "a map";
        default: break;
    }
    std::string text;
    for (const char letter : node.text.substr(0, longest)) text += static_cast<unsigned char>(letter) < ' ' ? ' ' : letter;
    return fmt::format("\"{}{}\"", text, node.text.size() > longest ? "..." : "");
}

}  // namespace sluice
