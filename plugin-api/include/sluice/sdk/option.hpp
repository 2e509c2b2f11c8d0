// The options of a component, declared once, as data. From them the manifest is written at compile time; from the manifest the
// host checks a configuration, fills in defaults, suggests names and prints help, all without running the plugin.
//
//   sluice::text("table", "Table that receives the orders.").otherwise("orders")
//   sluice::duration("pause", "How long to wait between two orders.").required().between(1ms, 1h)
//   sluice::one_of("mode", {"strict", "lenient"}, "What to do with unknown fields.").otherwise("strict")
//
// Invariants  a wrong declaration (an empty name, a default that is none of the choices, ...) does not compile: the error names
//             the rule.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <type_traits>

namespace sluice::inline sdk {

// One option. Every function answers a changed copy, so that declarations can be chained.
struct Option {
    static constexpr std::size_t choices_max = 32;
    enum class Type : std::uint8_t { text, path, integer, number, boolean, duration, size, one_of, list, map, any };
    enum class Role : std::uint8_t { both, source, target };
    enum class Fallback : std::uint8_t { none, text, number, milliseconds, boolean };

    std::string_view name;
    Type type = Type::text;
    std::string_view help;
    bool is_required = false;
    bool is_secret = false;
    Role role = Role::both;
    Fallback fallback = Fallback::none;
    std::string_view fallback_text;
    double fallback_number = 0;
    bool is_bounded = false;
    double minimum = 0;
    double maximum = 0;
    std::size_t choice_count = 0;
    std::array<std::string_view, choices_max> choices{};

    // Must be given; has no default.
    constexpr Option required() const {
        if (fallback != Fallback::none) throw std::logic_error("an option with a default cannot be required");
        Option changed = *this;
        changed.is_required = true;
        return changed;
    }

    // Masked wherever the configuration is shown.
    constexpr Option secret() const {
        Option changed = *this;
        changed.is_secret = true;
        return changed;
    }

    // The default, as it would be written in YAML: "orders", "10s", "64KiB".
    constexpr Option otherwise(std::string_view value) const {
        if (type == Type::one_of && !has_choice(value)) throw std::logic_error("the default is none of the choices");
        Option changed = with_fallback(Fallback::text);
        changed.fallback_text = value;
        return changed;
    }
    constexpr Option otherwise(const char* value) const { return otherwise(std::string_view(value)); }
    constexpr Option otherwise(bool value) const {
        Option changed = with_fallback(Fallback::boolean);
        changed.fallback_number = value ? 1 : 0;
        return changed;
    }
    template <typename Number>
    requires std::is_arithmetic_v<Number>
    constexpr Option otherwise(Number value) const {
        Option changed = with_fallback(Fallback::number);
        changed.fallback_number = static_cast<double>(value);
        return changed;
    }
    constexpr Option otherwise(std::chrono::milliseconds value) const {
        Option changed = with_fallback(Fallback::milliseconds);
        changed.fallback_number = static_cast<double>(value.count());
        return changed;
    }

    // Both included. For integer and number; for size in bytes; for duration also as std::chrono values.
    constexpr Option between(double least, double most) const {
        if (type != Type::integer && type != Type::number && type != Type::duration && type != Type::size)
            throw std::logic_error("only integer, number, duration and size have bounds");
        if (!(least <= most)) throw std::logic_error("the lower bound lies above the upper one");
        Option changed = *this;
        changed.is_bounded = true;
        changed.minimum = least;
        changed.maximum = most;
        return changed;
    }
    constexpr Option between(std::chrono::milliseconds least, std::chrono::milliseconds most) const {
        return between(static_cast<double>(least.count()), static_cast<double>(most.count()));
    }
    constexpr Option at_least(double least) const { return between(least, std::numeric_limits<double>::infinity()); }
    constexpr Option at_least(std::chrono::milliseconds least) const { return at_least(static_cast<double>(least.count())); }

    // Queue adapters: the option belongs to this role alone.
    constexpr Option for_source() const { return with_role(Role::source); }
    constexpr Option for_target() const { return with_role(Role::target); }

    constexpr bool has_choice(std::string_view value) const {
        for (std::size_t i = 0; i < choice_count; ++i)
            if (choices[i] == value) return true;
        return false;
    }

private:
    constexpr Option with_fallback(Fallback kind) const {
        if (is_required) throw std::logic_error("a required option has no default");
        Option changed = *this;
        changed.fallback = kind;
        return changed;
    }
    constexpr Option with_role(Role wanted) const {
        Option changed = *this;
        changed.role = wanted;
        return changed;
    }

public:
    static constexpr Option make(std::string_view name, Type type, std::string_view help) {
        if (name.empty()) throw std::logic_error("an option needs a name");
        if (help.empty()) throw std::logic_error("an option needs a sentence of help");
        Option option;
        option.name = name;
        option.type = type;
        option.help = help;
        return option;
    }
};

constexpr Option text(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::text, help);
}
// A file or folder; relative ones are relative to the configuration file and arrive absolute. "-" stays "-".
constexpr Option path(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::path, help);
}
constexpr Option integer(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::integer, help);
}
constexpr Option number(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::number, help);
}
constexpr Option boolean(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::boolean, help);
}
// 250ms, 10s, 5m, 2h.
constexpr Option duration(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::duration, help);
}
// 4096, 64KiB, 16MiB.
constexpr Option size(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::size, help);
}
constexpr Option list(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::list, help);
}
constexpr Option map(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::map, help);
}
// Whatever the author of the configuration writes; the component judges.
constexpr Option any(std::string_view name, std::string_view help) {
    return Option::make(name, Option::Type::any, help);
}

template <std::size_t Count>
constexpr Option one_of(std::string_view name, const std::string_view (&choices)[Count], std::string_view help) {
    static_assert(Count <= Option::choices_max, "too many choices");
    Option option = Option::make(name, Option::Type::one_of, help);
    for (std::size_t i = 0; i < Count; ++i) option.choices[i] = choices[i];
    option.choice_count = Count;
    return option;
}

}  // namespace sluice::inline sdk
