#include "text/json_grammar.hpp"

#include "text/json_text.hpp"
#include "text/number.hpp"

namespace sluice {
namespace {

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

std::optional<JsonFault> JsonGrammar::check(std::string_view text) {
    text_ = text;
    at_ = 0;
    open_.clear();
    for (Next next = Next::value;;) {
        skip_space();
        bool good = true;
        switch (next) {
            case Next::value: good = value(next); break;
            case Next::first_or_end:
                if (at_ < text_.size() && text_[at_] == (open_.back() ? '}' : ']'))
                    good = close(next);
                else
                    next = open_.back() ? Next::key : Next::value;
                break;
            case Next::key: good = key(next); break;
            case Next::after: good = after(next); break;
            case Next::over:
                if (at_ == text_.size()) return std::nullopt;
                good = fail("nothing more");
        }
        if (!good) return JsonFault{at_, expected_};
    }
}

bool JsonGrammar::fail(const char* expected) {
    expected_ = expected;
    return false;
}

void JsonGrammar::skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
}

bool JsonGrammar::value(Next& next) {
    if (at_ == text_.size()) return fail("a value");
    next = open_.empty() ? Next::over : Next::after;
    switch (text_[at_]) {
        case '{': return open(true, next);
        case '[': return open(false, next);
        case '"': return text();
        case 't': return word("true");
        case 'f': return word("false");
        case 'n': return word("null");
        default: return number();
    }
}

bool JsonGrammar::open(bool is_object, Next& next) {
    open_.push_back(is_object);
    ++at_;
    next = Next::first_or_end;
    return true;
}

bool JsonGrammar::close(Next& next) {
    open_.pop_back();
    ++at_;
    next = open_.empty() ? Next::over : Next::after;
    return true;
}

bool JsonGrammar::key(Next& next) {
    if (at_ == text_.size() || text_[at_] != '"') return fail("a member's name in quotes");
    if (!text()) return false;
    skip_space();
    if (at_ == text_.size() || text_[at_] != ':') return fail("\":\"");
    ++at_;
    next = Next::value;
    return true;
}

bool JsonGrammar::after(Next& next) {
    const bool is_object = open_.back();
    if (at_ < text_.size() && text_[at_] == (is_object ? '}' : ']')) return close(next);
    if (at_ == text_.size() || text_[at_] != ',') return fail(is_object ? "\",\" or \"}\"" : "\",\" or \"]\"");
    ++at_;
    next = is_object ? Next::key : Next::value;
    return true;
}

bool JsonGrammar::word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail("a value");
    at_ += expected.size();
    return true;
}

bool JsonGrammar::text() {
    for (++at_; at_ < text_.size();) {
        const auto byte = static_cast<unsigned char>(text_[at_]);
        if (byte == '"') {
            ++at_;
            return true;
        }
        if (byte == '\\') {
            if (!escape()) return false;
        } else if (byte < 0x20) {
            return fail("an escape (\\n, \\u0000): a control character may not stand in a string");
        } else {
            const std::size_t length = utf8_sequence(text_, at_);
            if (length == 0) return fail("UTF-8");
            at_ += length;
        }
    }
    return fail("the end of the string");
}

bool JsonGrammar::escape() {
    ++at_;
    if (at_ == text_.size()) return fail("the end of the string");
    constexpr std::string_view plain = "\"\\/bfnrt";
    if (plain.find(text_[at_]) != std::string_view::npos) {
        ++at_;
        return true;
    }
    if (text_[at_] != 'u') return fail("one of \" \\ / b f n r t u behind \"\\\"");
    ++at_;
    for (const std::size_t end = at_ + 4; at_ < end; ++at_)
        if (at_ == text_.size() || !is_hex(text_[at_])) return fail("four hexadecimal digits");
    return true;
}

bool JsonGrammar::digits() {
    if (at_ == text_.size() || !is_digit(text_[at_])) return fail("a digit");
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return true;
}

bool JsonGrammar::number() {
    const auto is = [this](std::string_view any) {
        return at_ < text_.size() && any.find(text_[at_]) != std::string_view::npos;
    };
    if (!is("-0123456789")) return fail("a value");
    if (is("-")) ++at_;
    if (is("0"))
        ++at_;
    else if (!digits())
        return false;
    if (is(".")) {
        ++at_;
        if (!digits()) return false;
    }
    if (is("eE")) {
        ++at_;
        if (is("+-")) ++at_;
        if (!digits()) return false;
    }
    return true;
}

}  // namespace sluice
