#include "fields.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>

#include "number.hpp"

namespace sluice::sql {
namespace {

namespace ondemand = simdjson::ondemand;

// Each is looked for among all of them, in each message. SQLite has at most 32,766 parameters (SQLITE_MAX_VARIABLE_NUMBER).
constexpr std::size_t fields_max = 4'096;

using simdjson::SUCCESS;

// RFC 6901, unescaped. What an index may look like: digits without a leading zero.
std::vector<std::string> tokens_of(std::string_view pointer) {
    const auto refuse = [&](const char* why) {
        throw std::invalid_argument("\"" + std::string(pointer) + "\" is no JSON pointer to a field: " + why);
    };
    if (pointer.empty()) refuse("it names the whole body, which is `:_body`");
    if (pointer[0] != '/') refuse("it must begin with \"/\", as in \"/origin\"");
    if (std::count(pointer.begin(), pointer.end(), '/') > 64) refuse("it is more than 64 levels deep");
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < pointer.size(); ++i) {
        if (pointer[i] == '/') {
            tokens.emplace_back();
        } else if (pointer[i] != '~') {
            tokens.back() += pointer[i];
        } else {
            const char next = ++i < pointer.size() ? pointer[i] : '\0';
            if (next != '0' && next != '1') refuse("after \"~\" only 0 (for \"~\") or 1 (for \"/\") may follow");
            tokens.back() += next == '0' ? '~' : '/';
        }
    }
    return tokens;
}

std::optional<std::uint64_t> index_of(std::string_view token) {
    if (token.empty() || token.size() > 18 || (token.size() > 1 && token[0] == '0')) return std::nullopt;
    std::uint64_t index = 0;
    for (const char c : token) {
        if (c < '0' || c > '9') return std::nullopt;
        index = index * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return index;
}

sluice_value text(std::string_view bytes, std::uint32_t life) {
    return {SLUICE_VALUE_TEXT, life, {.bytes = {bytes.data(), bytes.size()}}};
}

// What stands between the quotes of a string's token, which may have blanks behind it.
std::string_view between_quotes(std::string_view token) {
    token.remove_prefix(1);
    const std::size_t quote = token.rfind('"');
    return token.substr(0, quote == std::string_view::npos ? 0 : quote);
}

std::string_view without_blanks(std::string_view token) {
    return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

bool has_escapes(std::string_view raw) {
    return std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

}  // namespace

Fields::Fields() : parser_(std::make_unique<ondemand::parser>()) {}

std::size_t Fields::want(std::string_view pointer) {
    if (const auto known = std::find(pointers_.begin(), pointers_.end(), pointer); known != pointers_.end())
        return static_cast<std::size_t>(known - pointers_.begin());
    if (pointers_.size() == fields_max)
        throw std::invalid_argument("more than " + std::to_string(fields_max) + " fields of a message are wanted");
    Part* part = &root_;
    for (const std::string& token : tokens_of(pointer)) {
        auto found = std::find_if(part->parts.begin(), part->parts.end(), [&](const Part& each) { return each.name == token; });
        if (found == part->parts.end()) {
            part->parts.push_back({token, index_of(token), std::nullopt, 0, {}});
            found = std::prev(part->parts.end());
        }
        part = &*found;
    }
    part->value = pointers_.size();
    pointers_.emplace_back(pointer);
    values_.push_back({});
    return *part->value;
}

std::string Fields::read(std::string_view body) {
    ++bodies_;
    std::fill(values_.begin(), values_.end(), sluice_value{});
    if (parser_->capacity() > kept_bytes && body.size() <= kept_bytes) parser_ = std::make_unique<ondemand::parser>();
    refused_.clear();
    const simdjson::padded_string_view padded(body.data(), body.size(), body.size() + SLUICE_BODY_PADDING);
    ondemand::document document;
    ondemand::object object;
    Code code = parser_->iterate(padded).get(document);
    if (code == SUCCESS) {
        code = document.get_object().get(object);
        if (code == simdjson::INCORRECT_TYPE) return "the body is not a JSON object";
    }
    if (code == SUCCESS) code = walk(object, root_);
    if (code == SUCCESS && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        return "the body is not JSON: something follows the object";
    if (code == SUCCESS) return {};
    if (!refused_.empty()) return refused_;
    if (code == simdjson::EMPTY) return "the body is empty, not a JSON object";
    return std::string("the body is not JSON: ") + simdjson::error_message(code);
}

// All members are visited, so that a body which was cut off is found out, whatever is wanted of it.
Fields::Code Fields::walk(ondemand::object object, Part& part) {
    for (auto each : object) {
        ondemand::field field;
        if (const Code code = std::move(each).get(field); code != SUCCESS) return code;
        const char* const raw = field.key().raw();
        std::string_view key(raw, static_cast<std::size_t>(std::strchr(raw, '"') - raw));
        if (has_escapes(key))
            if (const Code code = field.unescaped_key().get(key); code != SUCCESS) return code;
        for (Part& wanted : part.parts) {
            if (wanted.name != key || wanted.seen_in == bodies_) continue;
            wanted.seen_in = bodies_;
            if (const Code code = take(field.value(), wanted); code != SUCCESS) return code;
            break;
        }
    }
    return SUCCESS;
}

Fields::Code Fields::walk(ondemand::array array, Part& part) {
    std::uint64_t index = 0;
    for (auto each : array) {
        Value value;
        if (const Code code = std::move(each).get(value); code != SUCCESS) return code;
        for (Part& wanted : part.parts) {
            if (wanted.index != index) continue;
            if (const Code code = take(value, wanted); code != SUCCESS) return code;
            break;
        }
        ++index;
    }
    return SUCCESS;
}

Fields::Code Fields::take(Value value, Part& part) {
    ondemand::json_type type;
    if (const Code code = value.type().get(type); code != SUCCESS) return code;
    if (part.value) {
        if (type == ondemand::json_type::object) return refuse(*part.value, "is an object");
        if (type == ondemand::json_type::array) return refuse(*part.value, "is an array");
        return bind(value, *part.value);
    }
    // Below a scalar there is nothing, so what is wanted there is NULL.
    if (type == ondemand::json_type::object) {
        ondemand::object object;
        const Code code = value.get_object().get(object);
        return code == SUCCESS ? walk(object, part) : code;
    }
    if (type == ondemand::json_type::array) {
        ondemand::array array;
        const Code code = value.get_array().get(array);
        return code == SUCCESS ? walk(array, part) : code;
    }
    return SUCCESS;
}

Fields::Code Fields::bind(Value value, std::size_t place) {
    sluice_value& bound = values_[place];
    const std::string_view token = value.raw_json_token();
    switch (token[0]) {
        case '"': {
            const std::string_view raw = between_quotes(token);
            if (!has_escapes(raw)) {
                bound = text(raw, SLUICE_LIFE_UNIT);
                return SUCCESS;
            }
            std::string_view unescaped;
            const Code code = value.get_string().get(unescaped);
            if (code == SUCCESS) bound = text(unescaped, SLUICE_LIFE_CALL);
            return code;
        }
        case 't':
        case 'f': {
            bool truth = false;
            const Code code = value.get_bool().get(truth);
            bound = {SLUICE_VALUE_BOOLEAN, SLUICE_LIFE_CALL, {.integer = truth ? 1 : 0}};
            return code;
        }
        case 'n': {
            bool is_null = false;
            const Code code = value.is_null().get(is_null);
            return code == SUCCESS && !is_null ? simdjson::N_ATOM_ERROR : code;
        }
        default: {
            const Number number = read_number(without_blanks(token));
            if (number.wrong != nullptr) return refuse(place, number.wrong);
            bound = number.value;
            return SUCCESS;
        }
    }
}

Fields::Code Fields::refuse(std::size_t place, std::string_view what) {
    refused_ = "the field " + pointers_[place] + " cannot be bound: it ";
    refused_.append(what);
    return simdjson::INCORRECT_TYPE;
}

}  // namespace sluice::sql
