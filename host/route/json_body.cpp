#include "route/json_body.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/limits.hpp"
#include "sluice/abi.h"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(SLUICE_BODY_PADDING >= simdjson::SIMDJSON_PADDING, "bodies are parsed where they lie");

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string_view without_trailing_space(std::string_view text) {
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

std::size_t digits(std::string_view text, std::size_t at) {
    std::size_t count = 0;
    while (at + count < text.size() && is_digit(text[at + count])) ++count;
    return count;
}

// RFC 8259, section 6.
bool is_number(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits(text, at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
    at += whole;
    if (at < text.size() && text[at] == '.') {
        const std::size_t fraction = digits(text, ++at);
        if (fraction == 0) return false;
        at += fraction;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t exponent = digits(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.size();
}

// `value` is an ondemand::value, or the document itself when that is a scalar.
template <typename Value>
std::optional<std::string_view> scalar(Value& value, std::string_view token, std::string& scratch) {
    if (token.empty()) return std::nullopt;
    switch (token.front()) {
        case '"': {
            const std::string_view inside = token.substr(1, token.size() < 2 ? 0 : token.size() - 2);
            if (token.size() >= 2 && token.back() == '"' && std::memchr(inside.data(), '\\', inside.size()) == nullptr)
                return inside;
            std::string_view unescaped;
            if (value.get_string().get(unescaped) != simdjson::SUCCESS) return std::nullopt;
            return scratch.assign(unescaped);
        }
        case 't':
            return token == "true" ? std::optional(token) : std::nullopt;
        case 'f':
            return token == "false" ? std::optional(token) : std::nullopt;
        default:
            return is_number(token) ? std::optional(token) : std::nullopt;
    }
}

enum class Match : unsigned char { yes, no, escaped };

// On-Demand compares raw bytes, so "caf\u00e9" would not be "café". Raw bytes decide up to the first backslash, which nearly
// always is never reached. Stays inside the body: stage 1 has seen the closing quote.
Match match(const char* raw, std::string_view name) {
    for (std::size_t at = 0;; ++at) {
        if (raw[at] == '\\') return Match::escaped;
        if (raw[at] == '"') return at == name.size() ? Match::yes : Match::no;
        if (at == name.size() || raw[at] != name[at]) return Match::no;
    }
}

bool member(ondemand::object& object, std::string_view name, ondemand::value& found) {
    for (auto next : object) {
        ondemand::field field;
        if (std::move(next).get(field) != simdjson::SUCCESS) return false;
        Match matches = match(field.key().raw(), name);
        if (matches == Match::escaped) {
            std::string_view key;
            if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
            matches = key == name ? Match::yes : Match::no;
        }
        if (matches == Match::yes) {
            found = field.value();
            return true;
        }
    }
    return false;
}

bool element(ondemand::array& array, std::uint64_t index, ondemand::value& found) {
    for (auto next : array) {
        if (std::move(next).get(found) != simdjson::SUCCESS) return false;
        if (index-- == 0) return true;
    }
    return false;
}

// `from` is an ondemand::value or the document.
template <typename From>
bool step(From& from, const JsonPointerToken& token, ondemand::value& found) {
    ondemand::json_type type;
    if (from.type().get(type) != simdjson::SUCCESS) return false;
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        return from.get_object().get(object) == simdjson::SUCCESS && member(object, token.name, found);
    }
    if (type == ondemand::json_type::array && token.index) {
        ondemand::array array;
        return from.get_array().get(array) == simdjson::SUCCESS && element(array, *token.index, found);
    }
    return false;
}

}  // namespace

bool JsonBody::index() {
    state_ = State::malformed;
    if (!parser_) parser_ = std::make_unique<ondemand::parser>();
    if (parser_->capacity() < body_.size()) {
        const std::size_t capacity = std::max(std::bit_ceil(body_.size()), limits::parser_bytes_first);
        if (parser_->allocate(capacity) != simdjson::SUCCESS) return false;
    }
    const simdjson::padded_string_view padded(body_, body_.size() + SLUICE_BODY_PADDING);
    if (parser_->iterate(padded).get(document_) != simdjson::SUCCESS) return false;
    state_ = State::indexed;
    return true;
}

std::optional<std::string_view> JsonBody::find(const JsonPointer& pointer, std::string& scratch) {
    if (state_ == State::malformed) return std::nullopt;
    // A document that met an error is of no more use; indexing anew keeps the answer independent of earlier questions.
    if (state_ == State::indexed && document_.is_alive())
        document_.rewind();
    else if (!index())
        return std::nullopt;

    const std::vector<JsonPointerToken>& tokens = pointer.tokens();
    if (tokens.empty()) {
        // On-Demand looks at the first value only: what follows a scalar would go unseen.
        std::string_view token;
        if (document_.raw_json_token().get(token) != simdjson::SUCCESS) return std::nullopt;
        token = without_trailing_space(token);
        const std::string_view body = without_trailing_space(body_);
        if (token.data() + token.size() != body.data() + body.size()) return std::nullopt;
        return scalar(document_, token, scratch);
    }

    ondemand::value value;
    if (!step(document_, tokens.front(), value)) return std::nullopt;
    for (std::size_t at = 1; at < tokens.size(); ++at) {
        ondemand::value inner;
        if (!step(value, tokens[at], inner)) return std::nullopt;
        value = inner;
    }
    return scalar(value, without_trailing_space(value.raw_json_token()), scratch);
}

void JsonBody::close() {
    state_ = State::malformed;
    if (parser_ && parser_->capacity() > limits::parser_bytes_kept) {
        document_ = {};
        parser_.reset();
    }
}

}  // namespace sluice
