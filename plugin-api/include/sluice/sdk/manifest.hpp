// Writes a plugin's manifest (see sluice/manifest.h) at compile time: the frozen head and the JSON text, bytes only, without a
// relocation, so that the host can read it from the file without loading it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <tuple>

#include "sluice/sdk/option.hpp"
#include "sluice/sluice.h"

namespace sluice::inline sdk {

// One component as data. Made by handler<T>(), queue<T>() and database<T>().
template <std::size_t OptionCount>
struct Component {
    std::uint32_t kind = 0;  // SLUICE_KIND_
    std::string_view name;
    std::string_view summary;
    bool source = false;
    bool target = false;
    std::array<Option, OptionCount> options{};
    const void* table = nullptr;
};

template <typename... Components>
struct Plugin {
    std::string_view id;
    std::string_view version;
    std::uint16_t minor_needed = 0;
    std::tuple<Components...> components;
};

namespace detail {

template <std::size_t Count>
constexpr Component<Count> make_component(std::uint32_t kind, std::string_view name, std::string_view summary,
                                          const std::array<Option, Count>& options, const void* table) {
    if (name.empty()) throw std::logic_error("a component needs a name");
    for (std::size_t i = 0; i < Count; ++i)
        for (std::size_t j = i + 1; j < Count; ++j)
            if (options[i].name == options[j].name) throw std::logic_error("two options have the same name");
    Component<Count> component;
    component.kind = kind;
    component.name = name;
    component.summary = summary;
    component.options = options;
    component.table = table;
    return component;
}

// Counts when it has nowhere to write, so that one description of the text gives both its size and its bytes.
class JsonWriter {
public:
    constexpr explicit JsonWriter(char* out) : out_(out) {}
    constexpr std::size_t size() const { return size_; }

    constexpr void raw(std::string_view text) {
        for (char c : text) put(c);
    }

    constexpr void string(std::string_view text) {
        put('"');
        for (char c : text) {
            const auto code = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                put('\\');
                put(c);
            } else if (c == '\n') {
                raw("\\n");
            } else if (c == '\t') {
                raw("\\t");
            } else if (code < 0x20) {
                raw("\\u00");
                put("0123456789abcdef"[code >> 4]);
                put("0123456789abcdef"[code & 15]);
            } else {
                put(c);
            }
        }
        put('"');
    }

    // Up to nine decimals: bounds and defaults are written by people.
    constexpr void number(double value) {
        if (value < 0) {
            put('-');
            value = -value;
        }
        if (!(value < 9.2e18)) throw std::logic_error("a bound or default is too large for the manifest");
        auto whole = static_cast<std::uint64_t>(value);
        auto decimals = static_cast<std::uint64_t>((value - static_cast<double>(whole)) * 1e9 + 0.5);
        if (decimals == 1'000'000'000) {
            ++whole;
            decimals = 0;
        }
        digits(whole, 1);
        if (decimals == 0) return;
        std::size_t width = 9;
        while (decimals % 10 == 0) {
            decimals /= 10;
            --width;
        }
        put('.');
        digits(decimals, width);
    }

    constexpr void member(std::string_view name, bool first = false) {
        if (!first) put(',');
        string(name);
        put(':');
    }

private:
    constexpr void digits(std::uint64_t value, std::size_t width) {
        char reversed[20] = {};
        std::size_t count = 0;
        for (; value != 0 || count < width; value /= 10) reversed[count++] = static_cast<char>('0' + value % 10);
        while (count != 0) put(reversed[--count]);
    }

    constexpr void put(char c) {
        if (out_ != nullptr) out_[size_] = c;
        ++size_;
    }

    char* out_;
    std::size_t size_ = 0;
};

constexpr std::string_view type_name(Option::Type type) {
    constexpr std::string_view names[] = {"string", "path",   "integer", "number", "boolean", "duration",
                                          "size",   "one-of", "list",    "map",    "any"};
    return names[static_cast<std::size_t>(type)];
}

// In the largest unit that keeps it whole, as a person would write it.
constexpr void write_duration(JsonWriter& json, std::uint64_t milliseconds) {
    const bool minutes = milliseconds != 0 && milliseconds % 60'000 == 0;
    const bool seconds = milliseconds != 0 && milliseconds % 1'000 == 0;
    json.raw("\"");
    json.number(static_cast<double>(minutes ? milliseconds / 60'000 : seconds ? milliseconds / 1'000 : milliseconds));
    json.raw(minutes ? "m\"" : seconds ? "s\"" : "ms\"");
}

constexpr void write_fallback(JsonWriter& json, const Option& option) {
    json.member("default");
    switch (option.fallback) {
        case Option::Fallback::boolean: return json.string(option.fallback_number != 0 ? "true" : "false");
        case Option::Fallback::number:
            json.raw("\"");
            json.number(option.fallback_number);
            return json.raw("\"");
        case Option::Fallback::milliseconds: return write_duration(json, static_cast<std::uint64_t>(option.fallback_number));
        default: return json.string(option.fallback_text);
    }
}

constexpr void write_option(JsonWriter& json, const Option& option, bool queue) {
    json.raw("{");
    json.member("name", true);
    json.string(option.name);
    json.member("type");
    json.string(type_name(option.type));
    json.member("help");
    json.string(option.help);
    if (option.is_required) {
        json.member("required");
        json.raw("true");
    }
    if (option.is_secret) {
        json.member("secret");
        json.raw("true");
    }
    if (option.fallback != Option::Fallback::none) write_fallback(json, option);
    if (option.type == Option::Type::one_of) {
        json.member("choices");
        json.raw("[");
        for (std::size_t i = 0; i < option.choice_count; ++i) {
            if (i != 0) json.raw(",");
            json.string(option.choices[i]);
        }
        json.raw("]");
    }
    if (option.is_bounded) {
        json.member("minimum");
        json.number(option.minimum);
        if (option.maximum != std::numeric_limits<double>::infinity()) {
            json.member("maximum");
            json.number(option.maximum);
        }
    }
    if (option.role != Option::Role::both) {
        if (!queue) throw std::logic_error("for_source() and for_target() are for queue adapters");
        json.member("role");
        json.string(option.role == Option::Role::source ? "source" : "target");
    }
    json.raw("}");
}

template <std::size_t Count>
constexpr void write_component(JsonWriter& json, const Component<Count>& component) {
    const bool queue = component.kind == SLUICE_KIND_QUEUE;
    json.raw("{");
    json.member("kind", true);
    json.string(queue ? "queue" : component.kind == SLUICE_KIND_HANDLER ? "handler" : "database");
    json.member("name");
    json.string(component.name);
    json.member("summary");
    json.string(component.summary);
    if (queue) {
        json.member("roles");
        json.raw(component.source && component.target ? R"(["source","target"])"
                 : component.source                   ? R"(["source"])"
                                                      : R"(["target"])");
    }
    json.member("options");
    json.raw("[");
    for (std::size_t i = 0; i < Count; ++i) {
        if (i != 0) json.raw(",");
        write_option(json, component.options[i], queue);
    }
    json.raw("]}");
}

template <typename... Components>
constexpr std::size_t write_plugin(const Plugin<Components...>& plugin, char* out) {
    JsonWriter json(out);
    json.raw("{");
    json.member("id", true);
    json.string(plugin.id);
    json.member("version");
    json.string(plugin.version);
    json.member("components");
    json.raw("[");
    std::apply(
        [&json](const auto&... component) {
            bool first = true;
            ((first ? void() : json.raw(","), first = false, write_component(json, component)), ...);
        },
        plugin.components);
    json.raw("]}");
    return json.size();
}

template <std::size_t TextSize>
struct alignas(8) ManifestImage {
    sluice_manifest_head head;
    char text[TextSize];
};

template <const auto& plugin>
constexpr auto manifest_image() {
    constexpr std::size_t size = write_plugin(plugin, nullptr);
    static_assert(size <= SLUICE_MANIFEST_TEXT_MAX, "the manifest is too long: shorten the help texts");
    static_assert(plugin.minor_needed <= SLUICE_ABI_MINOR, "the plugin needs a newer ABI than it is built against");
    ManifestImage<size> image{};
    for (std::size_t i = 0; i < sizeof image.head.magic; ++i) image.head.magic[i] = SLUICE_MANIFEST_MAGIC[i];
    image.head.abi_major = SLUICE_ABI_MAJOR;
    image.head.abi_minor = SLUICE_ABI_MINOR;
    image.head.abi_minor_needed = plugin.minor_needed;
    image.head.text_size = size;
    write_plugin(plugin, image.text);
    return image;
}

}  // namespace detail
}  // namespace sluice::inline sdk
