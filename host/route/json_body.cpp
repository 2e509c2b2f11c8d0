#include "route/json_body.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "core/limits.hpp"
#include "sluice/abi.h"
#include "text/number.hpp"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;

static_assert(SLUICE_BODY_PADDING >= simdjson::SIMDJSON_PADDING, "bodies are parsed where they lie");

bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view without_trailing_space(std::string_view text) {
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// `text_of` unescapes a string, which is seldom needed.
template <typename TextOf>
std::optional<std::string_view> scalar(std::string_view token, std::string& scratch, TextOf text_of) {
    if (token.empty()) return std::nullopt;
    switch (token.front()) {
        case '"': {
            const std::string_view inside = token.substr(1, token.size() < 2 ? 0 : token.size() - 2);
            if (token.size() >= 2 && token.back() == '"' && std::memchr(inside.data(), '\\', inside.size()) == nullptr)
                return inside;
            std::string_view unescaped;
            if (text_of().get(unescaped) != simdjson::SUCCESS) return std::nullopt;
            return scratch.assign(unescaped);
        }
        case 't': return token == "true" ? std::optional(token) : std::nullopt;
        case 'f': return token == "false" ? std::optional(token) : std::nullopt;
        default:
            switch (number_form(token)) {
                case NumberForm::canonical: return token;
                case NumberForm::other: return canonical_number(token, scratch);
                case NumberForm::none: break;
            }
            return std::nullopt;
    }
}

// What is made of the value that a pointer leads to. Its result is that of a missing value unless something is found.

// A key, or what is compared with one.
struct KeyText {
    using Result = std::optional<std::string_view>;

    template <typename TextOf>
    static Result take(std::string_view token, std::string& scratch, TextOf text_of) {
        return scalar(token, scratch, text_of);
    }
};

// What a handler asks for.
struct Typed {
    using Result = JsonValue;

    template <typename TextOf>
    static Result take(std::string_view token, std::string& scratch, TextOf text_of) {
        if (token.empty()) return {};
        const auto found = [&](std::uint32_t type) -> Result {
            const auto text = scalar(token, scratch, text_of);
            return text ? Result{type, *text} : Result{};
        };
        switch (token.front()) {
            case '{': return {SLUICE_JSON_OBJECT};
            case '[': return {SLUICE_JSON_ARRAY};
            case 'n': return token == "null" ? Result{SLUICE_JSON_NULL} : Result{};
            case '"': return found(SLUICE_JSON_STRING);
            case 't':
            case 'f': return found(SLUICE_JSON_BOOLEAN);
            default: return number_form(token) != NumberForm::none ? Result{SLUICE_JSON_NUMBER, token} : Result{};
        }
    }
};

// On-Demand's values and fields are three words each. Copied in memory, they are loaded wider than they were just stored, and
// such a load waits until all earlier stores are done: a third of the time it took to find a late member. They stay in
// registers as long as nobody takes their address, so what does gets a copy and is kept out of the way.
[[gnu::noinline]] simdjson::simdjson_result<std::string_view> unescape(ondemand::value value) {
    return value.get_string();
}
[[gnu::noinline]] simdjson::simdjson_result<std::string_view> unescape_key(simdjson::simdjson_result<ondemand::field> field) {
    return field.unescaped_key();
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

using Path = std::span<const JsonPointerToken>;

template <typename Leaf>
typename Leaf::Result find_below(ondemand::value from, Path path, std::string& scratch);

template <typename Leaf>
[[gnu::always_inline]] inline typename Leaf::Result find_from(ondemand::value value, Path path, std::string& scratch) {
    if (!path.empty()) return find_below<Leaf>(value, path, scratch);
    return Leaf::take(without_trailing_space(value.raw_json_token()), scratch, [value] { return unescape(value); });
}

template <typename Leaf>
typename Leaf::Result find_in(ondemand::object& object, Path path, std::string& scratch) {
    const std::string_view name = path.front().name;
    for (auto next : object) {
        if (next.error() != simdjson::SUCCESS) return {};
        Match matches = match(next.key().value_unsafe().raw(), name);
        if (matches == Match::escaped) {
            std::string_view key;
            if (unescape_key(next).get(key) != simdjson::SUCCESS) return {};
            matches = key == name ? Match::yes : Match::no;
        }
        if (matches == Match::yes) return find_from<Leaf>(next.value().value_unsafe(), path.subspan(1), scratch);
    }
    return {};
}

template <typename Leaf>
typename Leaf::Result find_in(ondemand::array& array, Path path, std::string& scratch) {
    std::uint64_t index = *path.front().index;
    for (auto next : array) {
        if (next.error() != simdjson::SUCCESS) return {};
        if (index-- == 0) return find_from<Leaf>(next.value_unsafe(), path.subspan(1), scratch);
    }
    return {};
}

// `from` is an ondemand::value or the document, `path` is not empty.
template <typename Leaf, typename From>
typename Leaf::Result find_inside(From& from, Path path, std::string& scratch) {
    ondemand::json_type type;
    if (from.type().get(type) != simdjson::SUCCESS) return {};
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        if (from.get_object().get(object) == simdjson::SUCCESS) return find_in<Leaf>(object, path, scratch);
    } else if (type == ondemand::json_type::array && path.front().index) {
        ondemand::array array;
        if (from.get_array().get(array) == simdjson::SUCCESS) return find_in<Leaf>(array, path, scratch);
    }
    return {};
}

template <typename Leaf>
typename Leaf::Result find_below(ondemand::value from, Path path, std::string& scratch) {
    return find_inside<Leaf>(from, path, scratch);
}

}  // namespace

struct JsonBody::Index {
    ondemand::parser parser;
    ondemand::document document;  // refers to the parser
};

JsonBody::JsonBody() = default;
JsonBody::~JsonBody() = default;
JsonBody::JsonBody(JsonBody&&) noexcept = default;
JsonBody& JsonBody::operator=(JsonBody&&) noexcept = default;

bool JsonBody::index() {
    state_ = State::malformed;
    if (!index_) index_ = std::make_unique<Index>();
    ondemand::parser& parser = index_->parser;
    if (parser.capacity() < body_.size()) {
        const std::size_t capacity = std::max(std::bit_ceil(body_.size()), limits::parser_bytes_first);
        if (parser.allocate(capacity) != simdjson::SUCCESS) return false;
    }
    const simdjson::padded_string_view padded(body_, body_.size() + SLUICE_BODY_PADDING);
    if (parser.iterate(padded).get(index_->document) != simdjson::SUCCESS) return false;
    state_ = State::indexed;
    return true;
}

std::optional<std::string_view> JsonBody::find(const JsonPointer& pointer, std::string& scratch) {
    return look<KeyText>(pointer, scratch);
}

JsonValue JsonBody::at(const JsonPointer& pointer, std::string& scratch) {
    return look<Typed>(pointer, scratch);
}

template <typename Leaf>
typename Leaf::Result JsonBody::look(const JsonPointer& pointer, std::string& scratch) {
    if (state_ == State::malformed) return {};
    // A document that met an error is of no more use; indexing anew keeps the answer independent of earlier questions.
    if (state_ == State::indexed && index_->document.is_alive())
        index_->document.rewind();
    else if (!index())
        return {};
    ondemand::document& document = index_->document;

    const std::vector<JsonPointerToken>& tokens = pointer.tokens();
    if (tokens.empty()) {
        // On-Demand looks at the first value only: what follows a scalar would go unseen.
        std::string_view token;
        if (document.raw_json_token().get(token) != simdjson::SUCCESS) return {};
        token = without_trailing_space(token);
        const std::string_view body = without_trailing_space(body_);
        const bool is_scalar = !token.starts_with('{') && !token.starts_with('[');
        if (is_scalar && token.data() + token.size() != body.data() + body.size()) return {};
        return Leaf::take(token, scratch, [&document] { return document.get_string(); });
    }

    return find_inside<Leaf>(document, tokens, scratch);
}

void JsonBody::close() {
    state_ = State::malformed;
    if (index_ && index_->parser.capacity() > limits::parser_bytes_kept) index_.reset();
}

}  // namespace sluice
