#include "plugin/manifest_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "core/limits.hpp"
#include "text/json_read.hpp"
#include "text/node.hpp"

namespace sluice {
namespace {

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

bool is_role(std::string_view text) {
    return text == "source" || text == "target";
}

bool takes_bounds(OptionType type) {
    return type == OptionType::integer || type == OptionType::number || type == OptionType::duration ||
           type == OptionType::size;
}

// Reads member by member and keeps the first complaint; after one, everything reads as absent.
class TextReader {
public:
    void read(std::string_view json, Manifest& manifest) {
        const Result<Node> document = read_json(json);
        if (!document) return complain("manifest", document.error().message);
        const Node& root = *document;
        if (root.kind != Node::Kind::map) return complain("manifest", "is not a JSON object");
        manifest.id = name(root, "id", "manifest");
        manifest.version = name(root, "version", "manifest");
        const Node* components = root.find("components");
        if (components == nullptr || components->kind != Node::Kind::list)
            return complain("components", "is missing or not a list");
        if (components->list.empty()) return complain("components", "is empty");
        if (components->list.size() > limits::components_max)
            return complain("components", fmt::format("has more than {} entries", limits::components_max));
        for (const Node& component : components->list) {
            const std::string where = fmt::format("components[{}]", manifest.components.size());
            ComponentSpec spec = read_component(component, where);
            for (const ComponentSpec& other : manifest.components)
                if (other.written_kind == spec.written_kind && other.name == spec.name)
                    complain(where, fmt::format("is a second {} \"{}\"", spec.written_kind, spec.name));
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

    // An optional member, or NULL; another kind is a complaint.
    const Node* member(const Node& object, std::string_view key, std::string_view where, Node::Kind kind,
                       std::string_view type) {
        const Node* node = failed() ? nullptr : object.find(key);
        if (node == nullptr || node->kind == kind) return node;
        complain(where, fmt::format("\"{}\" is not {}", key, type));
        return nullptr;
    }

    const Node* text_member(const Node& object, std::string_view key, std::string_view where) {
        return member(object, key, where, Node::Kind::text, "a string");
    }

    std::string text(const Node& object, std::string_view key, std::string_view where) {
        const Node* found = text_member(object, key, where);
        return found == nullptr ? std::string() : found->text;
    }

    bool truth(const Node& object, std::string_view key, std::string_view where) {
        const Node* found = member(object, key, where, Node::Kind::boolean, "true or false");
        return found != nullptr && found->integer != 0;
    }

    std::optional<double> number(const Node& object, std::string_view key, std::string_view where) {
        const Node* found = failed() ? nullptr : object.find(key);
        if (found == nullptr) return std::nullopt;
        if (found->kind == Node::Kind::integer || found->kind == Node::Kind::real) return found->real;
        complain(where, fmt::format("\"{}\" is not a number", key));
        return std::nullopt;
    }

    std::string name(const Node& object, std::string_view key, std::string_view where) {
        std::string found = text(object, key, where);
        if (!failed() && !is_name(found))
            complain(where, fmt::format("\"{}\" is not a name of 1 to {} letters, digits, '.', '-', '_' or '+'", key,
                                        limits::plugin_name_bytes));
        return found;
    }

    ComponentSpec read_component(const Node& object, const std::string& where) {
        ComponentSpec spec;
        if (object.kind != Node::Kind::map) return complain(where, "is not an object"), spec;
        spec.written_kind = name(object, "kind", where);
        spec.name = name(object, "name", where);
        if (spec.name.ends_with(".so")) complain(where, "has a name that looks like a file's path");
        spec.summary = text(object, "summary", where);
        const auto known = lookup(component_kinds, spec.written_kind);
        if (known == component_kinds.end()) {
            spec.kind = ComponentKind::unknown;
            spec.needs_newer = fmt::format("the kind \"{}\"", spec.written_kind);
            return spec;
        }
        spec.kind = known->first;
        read_roles(object, where, spec);
        if (spec.needs_newer.empty()) read_options(object, where, spec);
        if (!spec.needs_newer.empty()) spec.options.clear();
        return spec;
    }

    void read_options(const Node& object, const std::string& where, ComponentSpec& spec) {
        const Node* options = member(object, "options", where, Node::Kind::list, "a list");
        if (options == nullptr) return;
        if (options->list.size() > limits::options_max)
            complain(where, fmt::format("has more than {} options", limits::options_max));
        for (const Node& option : options->list) {
            if (failed() || !spec.needs_newer.empty()) return;
            OptionSpec read = read_option(option, fmt::format("{}.options[{}]", where, spec.options.size()), spec);
            spec.options.push_back(std::move(read));
        }
    }

    void read_roles(const Node& object, const std::string& where, ComponentSpec& spec) {
        if (spec.kind != ComponentKind::queue) return;
        if (const Node* roles = object.find("roles"))
            for (const Node& role : roles->list) {
                if (role.kind != Node::Kind::text || !is_name(role.text)) return complain(where, "has a role that is no name");
                if (!is_role(role.text)) {
                    spec.needs_newer = fmt::format("the role \"{}\"", role.text);
                    return;
                }
                (role.text == "source" ? spec.source : spec.target) = true;
            }
        if (!spec.source && !spec.target) complain(where, "is a queue without \"roles\": source, target or both");
    }

    OptionSpec read_option(const Node& object, const std::string& where, ComponentSpec& component) {
        OptionSpec spec;
        if (object.kind != Node::Kind::map) return complain(where, "is not an object"), spec;
        spec.name = name(object, "name", where);
        for (const OptionSpec& other : component.options)
            if (other.name == spec.name) complain(where, fmt::format("is a second option \"{}\"", spec.name));
        if (spec.name == "plugin" || spec.name == "config")
            complain(where, fmt::format("\"{}\" is a key of the host", spec.name));
        const std::string type = name(object, "type", where);
        const auto known = lookup(option_types, type);
        if (known == option_types.end()) {
            component.needs_newer = fmt::format("the type \"{}\" of its option \"{}\"", type, spec.name);
            return spec;
        }
        spec.type = known->first;
        spec.help = text(object, "help", where);
        spec.required = truth(object, "required", where);
        spec.secret = truth(object, "secret", where);
        if (const Node* fallback = text_member(object, "default", where)) spec.fallback = fallback->text;
        if (spec.required && spec.fallback) complain(where, "is required and has a default");
        spec.minimum = number(object, "minimum", where);
        spec.maximum = number(object, "maximum", where);
        if ((spec.minimum || spec.maximum) && !takes_bounds(spec.type))
            complain(where, "has bounds, which its type does not take");
        if (spec.minimum && spec.maximum && *spec.minimum > *spec.maximum) complain(where, "has a minimum above its maximum");
        read_choices(object, where, spec);
        spec.role = text(object, "role", where);
        if (!spec.role.empty() && !is_role(spec.role) && is_name(spec.role)) {
            component.needs_newer = fmt::format("the role \"{}\" of its option \"{}\"", spec.role, spec.name);
            return spec;
        }
        if (!spec.role.empty() && !(spec.role == "source" && component.source) && !(spec.role == "target" && component.target))
            complain(where, fmt::format("belongs to the role \"{}\", which its component does not have", spec.role));
        return spec;
    }

    void read_choices(const Node& object, const std::string& where, OptionSpec& spec) {
        const Node* choices = object.find("choices");
        if (failed() || (spec.type != OptionType::one_of && choices == nullptr)) return;
        if (spec.type != OptionType::one_of) return complain(where, "has choices, which only a one-of takes");
        if (choices == nullptr || choices->list.empty() || choices->list.size() > limits::choices_max)
            return complain(where, fmt::format("is a one-of without a list of 1 to {} choices", limits::choices_max));
        for (const Node& choice : choices->list) {
            if (choice.kind != Node::Kind::text) return complain(where, "has a choice that is not a string");
            spec.choices.push_back(choice.text);
        }
        if (spec.fallback && std::find(spec.choices.begin(), spec.choices.end(), *spec.fallback) == spec.choices.end())
            complain(where, fmt::format("has the default \"{}\", which is none of its choices", *spec.fallback));
    }

    std::string complaint_;
};

}  // namespace

std::string needs_newer_text(const ComponentSpec& component) {
    return fmt::format(
        "the {} \"{}\" needs a newer host: this one does not know {}; use a newer host, or an older build of the plugin",
        component.written_kind, component.name, component.needs_newer);
}

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
