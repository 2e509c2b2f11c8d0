// Options for unit tests: a tree of values that a component reads as it would read its configuration.
//
//   sluice::FakeOptions{{"table", "orders"}, {"pause", 250ms}, {"limit", 10}, {"fields", sluice::FakeValue::list({"id",
//   "amount"})}}
//
// With a component's declaration at hand they are checked as the host checks them: unknown and missing ones are refused, and
// what is of another type or beyond its bounds; texts such as "10s" and "64KiB" become numbers, defaults are filled in.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/sdk/option.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

class FakeValue;
using FakeOptions = std::vector<std::pair<std::string, FakeValue>>;  // in order, names unique

class FakeValue {
public:
    FakeValue() = default;  // null
    FakeValue(std::string text) : kind_(SLUICE_NODE_TEXT), text_(std::move(text)) {}
    FakeValue(std::string_view text) : FakeValue(std::string(text)) {}
    FakeValue(const char* text) : FakeValue(std::string(text)) {}
    template <std::same_as<bool> Boolean>
    FakeValue(Boolean value) : kind_(SLUICE_NODE_BOOLEAN),
                               integer_(value),
                               real_(value),
                               text_(value ? "true" : "false") {}
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) FakeValue(Integer value)
        : kind_(SLUICE_NODE_INTEGER),
          integer_(static_cast<std::int64_t>(value)),
          real_(static_cast<double>(value)),
          text_(std::to_string(value)) {}
    FakeValue(double value) : kind_(SLUICE_NODE_REAL), real_(value), text_(std::to_string(value)) {}
    FakeValue(std::chrono::milliseconds value) : FakeValue(value.count()) {}

    static FakeValue list(std::vector<FakeValue> values) {
        FakeValue made;
        made.kind_ = SLUICE_NODE_LIST;
        for (FakeValue& value : values) made.entries_.emplace_back(std::string(), std::move(value));
        return made;
    }
    static FakeValue map(FakeOptions entries) {
        FakeValue made;
        made.kind_ = SLUICE_NODE_MAP;
        made.entries_ = std::move(entries);
        return made;
    }

    std::uint32_t kind() const { return kind_; }  // SLUICE_NODE_
    std::int64_t integer() const { return integer_; }
    double real() const { return real_; }
    const std::string& text() const { return text_; }
    const FakeOptions& entries() const { return entries_; }

    // How a component sees it. The value must outlive the component.
    const sluice_node* node() const { return reinterpret_cast<const sluice_node*>(this); }
    static const FakeValue& of(const sluice_node* node) { return *reinterpret_cast<const FakeValue*>(node); }
    static const sluice_options_api* api();

    // For error messages, as the host would say "flights.yaml:14:9: pools.airports.handler.table".
    void place(std::string where);

private:
    std::uint32_t kind_ = SLUICE_NODE_NULL;
    std::int64_t integer_ = 0;
    double real_ = 0;
    std::string text_;
    std::string where_;
    FakeOptions entries_;
};

inline void FakeValue::place(std::string where) {
    where_ = std::move(where);
    for (std::size_t i = 0; i < entries_.size(); ++i)
        entries_[i].second.place(where_ + "." + (kind_ == SLUICE_NODE_MAP ? entries_[i].first : std::to_string(i)));
}

inline const sluice_options_api* FakeValue::api() {
    static constexpr sluice_options_api table{
        sizeof(sluice_options_api),
        0,
        [](const sluice_node* node) { return node == nullptr ? SLUICE_NODE_ABSENT : of(node).kind_; },
        [](const sluice_node* node) {
            return node == nullptr ? sluice_bytes{nullptr, 0} : bytes(of(node).text_);
        },
        [](const sluice_node* node) { return node == nullptr ? 0 : of(node).integer_; },
        [](const sluice_node* node) { return node == nullptr ? 0 : of(node).real_; },
        [](const sluice_node* node) { return node == nullptr ? 0 : std::uint64_t{of(node).entries_.size()}; },
        [](const sluice_node* node, std::uint64_t index, sluice_bytes* name) -> const sluice_node* {
            if (node == nullptr || index >= of(node).entries_.size()) return nullptr;
            const auto& [found, value] = of(node).entries_[index];
            if (name != nullptr) *name = bytes(found);
            return value.node();
        },
        [](const sluice_node* node, sluice_bytes name) -> const sluice_node* {
            if (node == nullptr || of(node).kind_ != SLUICE_NODE_MAP) return nullptr;
            for (const auto& [found, value] : of(node).entries_)
                if (found == view(name)) return value.node();
            return nullptr;
        },
        [](const sluice_node* node) {
            return node == nullptr ? sluice_bytes{nullptr, 0} : bytes(of(node).where_);
        }};
    return &table;
}

namespace detail {

class FakeOptionCheck {
public:
    explicit FakeOptionCheck(const Option& option) : option_(option) {}

    // The value as it reaches the component.
    FakeValue typed(const FakeValue& given) const {
        FakeValue value = converted(given);
        if (option_.is_bounded && (value.real() < option_.minimum || value.real() > option_.maximum))
            throw wrong(value.text() + " is out of bounds");
        return value;
    }
    FakeValue fallback() const {
        switch (option_.fallback) {
            case Option::Fallback::text:
                if (option_.fallback_text == "[]") return FakeValue::list({});
                if (option_.fallback_text == "{}") return FakeValue::map({});
                if (option_.type == Option::Type::list) return FakeValue::list({option_.fallback_text});
                return converted(FakeValue(option_.fallback_text));
            case Option::Fallback::boolean: return option_.fallback_number != 0;
            default:
                if (option_.type == Option::Type::number) return option_.fallback_number;
                return static_cast<std::int64_t>(option_.fallback_number);
        }
    }
    Failure wrong(const std::string& what) const {
        return {SLUICE_INVALID, "option " + std::string(option_.name) + ": " + what};
    }

private:
    using Units = std::initializer_list<std::pair<std::string_view, std::int64_t>>;

    FakeValue converted(const FakeValue& given) const {
        if (given.kind() == SLUICE_NODE_NULL) return given;  // as if it were absent
        switch (option_.type) {
            case Option::Type::any: return given;
            case Option::Type::list: return given.kind() == SLUICE_NODE_LIST ? given : throw wrong("must be a list");
            case Option::Type::map: return given.kind() == SLUICE_NODE_MAP ? given : throw wrong("must be a map");
            case Option::Type::text:
            case Option::Type::path: return text(given);
            case Option::Type::one_of:
                if (!option_.has_choice(text(given).text())) throw wrong("\"" + given.text() + "\" is no choice");
                return text(given);
            case Option::Type::boolean:
                if (given.kind() == SLUICE_NODE_BOOLEAN) return given;
                if (given.text() == "true" || given.text() == "false") return given.text() == "true";
                throw wrong("\"" + given.text() + "\" is neither true nor false");
            case Option::Type::number: return number(given);
            case Option::Type::integer: return whole(given, {{"", 1}});
            case Option::Type::duration:
                return whole(given, {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
            case Option::Type::size:
                return whole(given, {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}});
        }
        return given;
    }

    // Any scalar will do: 12345 is a good password.
    FakeValue text(const FakeValue& given) const {
        if (given.kind() == SLUICE_NODE_LIST || given.kind() == SLUICE_NODE_MAP) throw mistyped(given);
        return FakeValue(given.text());
    }
    FakeValue number(const FakeValue& given) const {
        if (given.kind() == SLUICE_NODE_INTEGER || given.kind() == SLUICE_NODE_REAL) return given.real();
        double number = 0;
        const std::string& text = given.text();
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (given.kind() != SLUICE_NODE_TEXT || error != std::errc() || rest != text.data() + text.size())
            throw mistyped(given);
        return number;
    }
    FakeValue whole(const FakeValue& given, Units units) const {
        if (given.kind() == SLUICE_NODE_INTEGER) return given;
        std::int64_t number = 0;
        const std::string& text = given.text();
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
        if (given.kind() == SLUICE_NODE_TEXT && error == std::errc())
            for (const auto& [known, factor] : units)
                if (unit == known && !__builtin_mul_overflow(number, factor, &number)) return number;
        throw mistyped(given);
    }
    Failure mistyped(const FakeValue& given) const {
        return wrong(given.kind() == SLUICE_NODE_LIST  ? "a list is not of the declared type"
                     : given.kind() == SLUICE_NODE_MAP ? "a map is not of the declared type"
                                                       : "\"" + given.text() + "\" is not of the declared type");
    }

    const Option& option_;
};

// `role`: of a queue adapter, since options may belong to one of them.
inline FakeOptions checked(std::span<const Option> declared, const FakeOptions& given, Option::Role role = Option::Role::both) {
    const auto belongs = [&](const Option& option) {
        return option.role == Option::Role::both || role == Option::Role::both || option.role == role;
    };
    FakeOptions result;
    for (const auto& [name, value] : given) {
        const Option* found = nullptr;
        for (const Option& option : declared)
            if (option.name == name) found = &option;
        if (found == nullptr) throw Failure(SLUICE_INVALID, "there is no option " + name);
        const FakeOptionCheck check(*found);
        if (!belongs(*found)) throw check.wrong("it belongs to the other role, source or target");
        for (const auto& [earlier, unused] : result)
            if (earlier == name) throw check.wrong("is given twice");
        result.emplace_back(name, check.typed(value));
    }
    for (const Option& option : declared) {
        const auto is_it = [&](const auto& entry) { return entry.first == option.name; };
        if (!belongs(option) || std::any_of(given.begin(), given.end(), is_it)) continue;
        if (option.is_required) throw Failure(SLUICE_INVALID, "option " + std::string(option.name) + " is required");
        if (option.fallback != Option::Fallback::none) result.emplace_back(option.name, FakeOptionCheck(option).fallback());
    }
    return result;
}

}  // namespace detail
}  // namespace sluice::inline sdk
