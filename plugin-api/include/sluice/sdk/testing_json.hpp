// message.json() in the fakes: what a pointer names in a JSON body, found as the host's parser finds it.
//
// Of equal member names the first counts; what comes after the value is not examined; what is damaged before it makes it
// missing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/host.h"

namespace sluice::inline sdk::detail {

class FakeJson {
public:
    struct Found {
        std::uint32_t type = SLUICE_JSON_MISSING;
        std::string text{};
    };

    // The names that a pointer consists of; nothing if it is none.
    static std::optional<std::vector<std::string>> names_of(std::string_view pointer) {
        std::vector<std::string> names;
        if (pointer.empty()) return names;
        if (pointer[0] != '/') return std::nullopt;
        for (std::size_t i = 0; i < pointer.size(); ++i) {
            if (pointer[i] == '/') {
                names.emplace_back();
            } else if (pointer[i] != '~') {
                names.back().push_back(pointer[i]);
            } else {
                if (++i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) return std::nullopt;
                names.back().push_back(pointer[i] == '0' ? '~' : '/');
            }
        }
        return names;
    }

    static Found find(std::string_view body, const std::vector<std::string>& names) {
        FakeJson json(body);
        Found found;
        json.skip_space();
        if (!json.go_to(names, 0, found)) return {};
        return found;
    }

private:
    explicit FakeJson(std::string_view body) : body_(body) {}

    static constexpr int depth_max = 256;

    bool go_to(const std::vector<std::string>& names, std::size_t level, Found& found) {
        if (level == names.size()) return take(found);
        if (see('{')) return in_object(names, level, found);
        return see('[') && in_array(names, level, found);
    }
    bool in_object(const std::vector<std::string>& names, std::size_t level, Found& found) {
        if (see('}')) return false;
        do {
            std::string name;
            skip_space();
            if (!see('"') || !string(name) || !see_after_space(':')) return false;
            skip_space();
            if (name == names[level]) return go_to(names, level + 1, found);
            if (!skip_value(0)) return false;
        } while (see_after_space(','));
        return false;
    }
    bool in_array(const std::vector<std::string>& names, std::size_t level, Found& found) {
        const std::string& name = names[level];
        const bool is_index = !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos &&
                              (name.size() == 1 || name[0] != '0');
        if (!is_index) return false;
        skip_space();
        if (at_ < body_.size() && body_[at_] == ']') return false;
        for (auto left = std::stoul(name);; --left) {
            skip_space();
            if (left == 0) return go_to(names, level + 1, found);
            if (!skip_value(0) || !see_after_space(',')) return false;
        }
    }

    bool take(Found& found) {
        if (at_ == body_.size()) return false;
        switch (body_[at_]) {
            case '{': found.type = SLUICE_JSON_OBJECT; return true;
            case '[': found.type = SLUICE_JSON_ARRAY; return true;
            case '"':
                ++at_;
                found.type = SLUICE_JSON_STRING;
                return string(found.text);
            default: break;
        }
        const std::size_t end = std::min(body_.find_first_of(" \t\r\n,]}", at_), body_.size());
        found.text = body_.substr(at_, end - at_);
        if (found.text == "null")
            found = {SLUICE_JSON_NULL};
        else if (found.text == "true" || found.text == "false")
            found.type = SLUICE_JSON_BOOLEAN;
        else if (is_number(found.text))
            found.type = SLUICE_JSON_NUMBER;
        else
            return false;
        return true;
    }
    bool skip_value(int depth) {
        if (depth == depth_max || at_ == body_.size()) return false;
        const char open = body_[at_];
        if (open != '{' && open != '[') {
            Found ignored;
            if (!take(ignored)) return false;
            if (open != '"') at_ = std::min(body_.find_first_of(" \t\r\n,]}", at_), body_.size());
            return true;
        }
        const char close = open == '{' ? '}' : ']';
        ++at_;
        if (see_after_space(close)) return true;
        do {
            skip_space();
            std::string name;
            if (open == '{' && (!see('"') || !string(name) || !see_after_space(':'))) return false;
            skip_space();
            if (!skip_value(depth + 1)) return false;
        } while (see_after_space(','));
        return see_after_space(close);
    }

    // Behind the opening quote.
    bool string(std::string& out) {
        out.clear();
        while (at_ < body_.size() && body_[at_] != '"') {
            if (static_cast<unsigned char>(body_[at_]) < 0x20) return false;
            if (body_[at_] != '\\')
                out.push_back(body_[at_++]);
            else if (!escape(out))
                return false;
        }
        return see('"');
    }
    bool escape(std::string& out) {
        constexpr std::string_view names = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        if (at_ + 1 >= body_.size()) return false;
        const char c = body_[at_ + 1];
        at_ += 2;
        if (const std::size_t known = names.find(c); known != names.npos) return out.push_back(meanings[known]), true;
        std::uint32_t code = 0, low = 0;
        if (c != 'u' || !hex(code)) return false;
        if (code >= 0xd800 && code < 0xdc00) {
            if (body_.substr(at_, 2) != "\\u") return false;
            at_ += 2;
            if (!hex(low) || low < 0xdc00 || low > 0xdfff) return false;
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        } else if (code >= 0xdc00 && code < 0xe000) {
            return false;
        }
        const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
        if (code < 0x80) return put(code), true;
        if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 63)), true;
        if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63)), true;
        return put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 63)), put(0x80 | (code >> 6 & 63)), put(0x80 | (code & 63)),
               true;
    }
    bool hex(std::uint32_t& code) {
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = at_ < body_.size() ? body_[at_] : ' ';
            const std::uint32_t digit = c >= '0' && c <= '9'                 ? c - '0'
                                        : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                                             : 16;
            if (digit == 16) return false;
            code = code << 4 | digit;
        }
        return true;
    }

    // RFC 8259, section 6.
    static bool is_number(std::string_view text) {
        const auto digits = [&] {
            const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
            text.remove_prefix(count);
            return count;
        };
        if (text.starts_with('-')) text.remove_prefix(1);
        const bool begins_with_zero = text.starts_with('0');
        const std::size_t whole = digits();
        if (whole == 0 || (whole > 1 && begins_with_zero)) return false;
        if (text.starts_with('.')) {
            text.remove_prefix(1);
            if (digits() == 0) return false;
        }
        if (!text.empty() && (text[0] | 32) == 'e') {
            text.remove_prefix(1);
            if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
            if (digits() == 0) return false;
        }
        return text.empty();
    }

    void skip_space() { at_ = std::min(body_.find_first_not_of(" \t\r\n", at_), body_.size()); }
    bool see(char c) {
        if (at_ == body_.size() || body_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool see_after_space(char c) {
        skip_space();
        return see(c);
    }

    const std::string_view body_;
    std::size_t at_ = 0;
};

}  // namespace sluice::inline sdk::detail
