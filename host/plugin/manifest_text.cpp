#include "plugin/manifest_text.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "core/limits.hpp"

namespace sluice {
namespace {

namespace dom = simdjson::dom;

constexpr std::array component_kinds{std::pair{ComponentKind::handler, "handler"}, std::pair{ComponentKind::queue, "queue"},
                                     std::pair{ComponentKind::database, "database"}};

constexpr std::array option_types{std::pair{OptionType::string, "string"},   std::pair{OptionType::path, "path"},
                                  std::pair{OptionType::integer, "integer"}, std::pair{OptionType::number, "number"},
                                  std::pair{OptionType::boolean, "boolean"}, std::pair{OptionType::duration, "duration"},
                                  std::pair{OptionType::size, "size"},       std::pair{OptionType::one_of, "one-of"},
                                  std::pair{OptionType::list, "list"},       std::pair{OptionType::map, "map"},
                                  std::pair{OptionType::any, "any"}};

template <typename Table>
auto lookup(const Table& table, std::string_view name) {
    return std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.second == name; });
}

// Letters, digits, '.', '-' and '_': a name stands in paths of keys, metrics and log lines, and must never look like a file's
// path.
bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= limits::plugin_name_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
               c == '+';
    });
}

bool takes_bounds(OptionType type) {
    return type == OptionType::integer || type == OptionType::number || type == OptionType::duration ||
           type == OptionType::size;
}

// Reads member by member and keeps the first complaint; after one, everything reads as absent.
class TextReader {
public:
    void read(std::string_view json, Manifest& manifest) {
        dom::parser parser;
        dom::element document;
        if (const simdjson::error_code error = parser.parse(json.data(), json.size()).get(document))
            return complain("manifest", simdjson::error_message(error));
        dom::object root;
        if (document.get(root)) return complain("manifest", "is not a JSON object");
        manifest.id = name(root, "id", "manifest");
        manifest.version = name(root, "version", "manifest");
        dom::array components;
        if (root.at_key("components").get(components)) return complain("components", "is missing or not a list");
        if (components.size() == 0) return complain("components", "is empty");
        if (components.size() > limits::components_max)
            return complain("components", fmt::format("has more than {} entries", limits::components_max));
        for (const dom::element component : components) {
            const std::string where = fmt::format("components[{}]", manifest.components.size());
            ComponentSpec spec = read_component(component, where);
            for (const ComponentSpec& other : manifest.components)
                if (other.kind == spec.kind && other.name == spec.name)
                    complain(where, fmt::format("is a second {} \"{}\"", to_string(spec.kind), spec.name));
            if (failed()) return;
            manifest.components.push_back(std::move(spec));
        }
    }

    std::string complaint() && { return std::move(complaint_); }

private:
    bool failed() const { return !complaint_.empty(); }

    void complain(std::string_view where, std::string_view what) {
        if (!failed()) complaint_ = fmt::format("{}: {}", where, what);
    }

    // An optional member of the type T; another type is a complaint.
    template <typename T>
    std::optional<T> member(dom::object object, std::string_view key, std::string_view where, std::string_view type) {
        dom::element element;
        if (failed() || object.at_key(key).get(element)) return {};
        T value{};
        if (element.get(value)) {
            complain(where, fmt::format("\"{}\" is not {}", key, type));
            return {};
        }
        return value;
    }

    std::string text(dom::object object, std::string_view key, std::string_view where) {
        return std::string(member<std::string_view>(object, key, where, "a string").value_or(std::string_view{}));
    }

    bool truth(dom::object object, std::string_view key, std::string_view where) {
        return member<bool>(object, key, where, "true or false").value_or(false);
    }

    std::string name(dom::object object, std::string_view key, std::string_view where) {
        std::string found = text(object, key, where);
        if (!failed() && !is_name(found))
            complain(where, fmt::format("\"{}\" is not a name of 1 to {} letters, digits, '.', '-', '_' or '+'", key,
                                        limits::plugin_name_bytes));
        return found;
    }

    ComponentSpec read_component(dom::element element, const std::string& where) {
        ComponentSpec spec;
        dom::object object;
        if (element.get(object)) return complain(where, "is not an object"), spec;
        const std::string kind = text(object, "kind", where);
        const auto known = lookup(component_kinds, kind);
        if (known == component_kinds.end()) return complain(where, fmt::format("has the unknown kind \"{}\"", kind)), spec;
        spec.kind = known->first;
        spec.name = name(object, "name", where);
        if (spec.name.ends_with(".so")) complain(where, "has a name that looks like a file's path");
        spec.summary = text(object, "summary", where);
        read_roles(object, where, spec);
        const auto options = member<dom::array>(object, "options", where, "a list").value_or(dom::array{});
        if (failed() || object.at_key("options").error()) return spec;
        if (options.size() > limits::options_max) complain(where, fmt::format("has more than {} options", limits::options_max));
        for (const dom::element option : options) {
            if (failed()) break;
            OptionSpec read = read_option(option, fmt::format("{}.options[{}]", where, spec.options.size()), spec);
            spec.options.push_back(std::move(read));
        }
        return spec;
    }

    void read_roles(dom::object object, const std::string& where, ComponentSpec& spec) {
        if (spec.kind != ComponentKind::queue) return;
        dom::array roles;
        if (!object.at_key("roles").get(roles)) {
            for (const dom::element element : roles) {
                std::string_view role;
                if (element.get(role) || (role != "source" && role != "target")) return complain(where, "has an unknown role");
                (role == "source" ? spec.source : spec.target) = true;
            }
        }
        if (!spec.source && !spec.target) complain(where, "is a queue without \"roles\": source, target or both");
    }

    OptionSpec read_option(dom::element element, const std::string& where, const ComponentSpec& component) {
        OptionSpec spec;
        dom::object object;
        if (element.get(object)) return complain(where, "is not an object"), spec;
        spec.name = name(object, "name", where);
        for (const OptionSpec& other : component.options)
            if (other.name == spec.name) complain(where, fmt::format("is a second option \"{}\"", spec.name));
        if (spec.name == "plugin" || spec.name == "config")
            complain(where, fmt::format("\"{}\" is a key of the host", spec.name));
        const std::string type = text(object, "type", where);
        const auto known = lookup(option_types, type);
        if (known == option_types.end()) return complain(where, fmt::format("has the unknown type \"{}\"", type)), spec;
        spec.type = known->first;
        spec.help = text(object, "help", where);
        spec.required = truth(object, "required", where);
        spec.secret = truth(object, "secret", where);
        if (const auto fallback = member<std::string_view>(object, "default", where, "a string"))
            spec.fallback = std::string(*fallback);
        if (spec.required && spec.fallback) complain(where, "is required and has a default");
        spec.minimum = member<double>(object, "minimum", where, "a number");
        spec.maximum = member<double>(object, "maximum", where, "a number");
        if ((spec.minimum || spec.maximum) && !takes_bounds(spec.type))
            complain(where, "has bounds, which its type does not take");
        if (spec.minimum && spec.maximum && *spec.minimum > *spec.maximum) complain(where, "has a minimum above its maximum");
        read_choices(object, where, spec);
        spec.role = text(object, "role", where);
        if (!spec.role.empty() && !(spec.role == "source" && component.source) && !(spec.role == "target" && component.target))
            complain(where, fmt::format("belongs to the role \"{}\", which its component does not have", spec.role));
        return spec;
    }

    void read_choices(dom::object object, const std::string& where, OptionSpec& spec) {
        if (failed() || (spec.type != OptionType::one_of && object.at_key("choices").error())) return;
        if (spec.type != OptionType::one_of) return complain(where, "has choices, which only a one-of takes");
        dom::array choices;
        if (object.at_key("choices").get(choices) || choices.size() == 0 || choices.size() > limits::choices_max)
            return complain(where, fmt::format("is a one-of without a list of 1 to {} choices", limits::choices_max));
        for (const dom::element element : choices) {
            std::string_view choice;
            if (element.get(choice)) return complain(where, "has a choice that is not a string");
            spec.choices.emplace_back(choice);
        }
        if (spec.fallback && std::find(spec.choices.begin(), spec.choices.end(), *spec.fallback) == spec.choices.end())
            complain(where, fmt::format("has the default \"{}\", which is none of its choices", *spec.fallback));
    }

    std::string complaint_;
};

}  // namespace

const char* to_string(ComponentKind kind) {
    for (const auto& [known, name] : component_kinds)
        if (known == kind) return name;
    return "unknown";
}

const char* to_string(OptionType type) {
    for (const auto& [known, name] : option_types)
        if (known == type) return name;
    return "unknown";
}

std::string read_manifest_text(std::string_view json, Manifest& manifest) {
    TextReader reader;
    reader.read(json, manifest);
    return std::move(reader).complaint();
}

}  // namespace sluice
