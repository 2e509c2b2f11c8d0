#include "config/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "config/schema_keys.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

constexpr std::string_view name_pattern = "^[A-Za-z0-9_-]{1,64}$";

std::string in_quotes(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
    return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(at), text.size());
        parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// Without the links of a page: "[equal](#equal-keys)" is "equal".
std::string without_links(std::string_view markdown) {
    std::string text(markdown);
    for (std::size_t middle = text.find("]("); middle != std::string::npos; middle = text.find("](", middle)) {
        const std::size_t begin = text.rfind('[', middle), end = text.find(')', middle);
        if (begin == std::string::npos || end == std::string::npos) break;
        text.erase(middle, end + 1 - middle).erase(begin, 1);
        --middle;
    }
    return text;
}

// A value may be taken from the environment, whatever its type.
std::string or_environment(const std::string& schema) {
    return R"({"anyOf":[)" + schema + R"(,{"$ref":"#/$defs/environment"}]})";
}

std::string choices(const std::vector<std::string>& texts) {
    std::vector<std::string> all;
    for (const std::string& text : texts) all.push_back(in_quotes(text));
    return R"({"enum":[)" + joined(all) + "]}";
}

std::string range(std::string_view shape) {
    const std::size_t dots = shape.find("..");
    return or_environment(
        fmt::format(R"({{"type":"integer","minimum":{},"maximum":{}}})", shape.substr(0, dots), shape.substr(dots + 2)));
}

std::string shape_schema(std::string_view shape) {
    if (shape.starts_with('<'))
        return R"({"type":"object","additionalProperties":)" + shape_schema(shape.substr(1, shape.size() - 2)) + "}";
    if (const std::size_t blank = shape.find(' '); blank != std::string_view::npos) shape = shape.substr(0, blank);
    if (shape.find("..") != std::string_view::npos) return range(shape);
    if (shape == "text" || shape == "path") return R"({"type":["string","number","boolean"]})";
    if (shape == "paths") return R"({"type":["array","null"],"items":{"type":"string"}})";
    if (shape == "boolean") return or_environment(R"({"type":"boolean"})");
    if (shape == "map") return R"({"type":["object","null"]})";
    if (shape == "duration" || shape == "size" || shape == "rate") return fmt::format(R"({{"$ref":"#/$defs/{}"}})", shape);
    std::vector<std::string> texts;
    for (const std::string_view text : split(shape, '|')) texts.emplace_back(text);
    return or_environment(choices(texts));
}

// ---- options of components --------------------------------------------------------------------------------------------------

std::string number_bounds(const OptionSpec& option) {
    std::string text;
    if (option.minimum) text += fmt::format(R"(,"minimum":{})", *option.minimum);
    if (option.maximum) text += fmt::format(R"(,"maximum":{})", *option.maximum);
    return text;
}

std::string option_type(const OptionSpec& option) {
    switch (option.type) {
        case OptionType::string:
        case OptionType::path: return R"({"type":["string","number","boolean"]})";
        case OptionType::integer: return or_environment(R"({"type":"integer")" + number_bounds(option) + "}");
        case OptionType::number: return or_environment(R"({"type":"number")" + number_bounds(option) + "}");
        case OptionType::boolean: return or_environment(R"({"type":"boolean"})");
        case OptionType::duration: return R"({"$ref":"#/$defs/duration"})";
        case OptionType::size: return R"({"$ref":"#/$defs/size"})";
        case OptionType::one_of: return or_environment(choices(option.choices));
        case OptionType::list: return R"({"type":"array"})";
        case OptionType::map: return R"({"type":"object"})";
        case OptionType::any: break;
    }
    return "{}";
}

std::string option_schema(const OptionSpec& option) {
    std::string text = R"({"description":)" + in_quotes(option.help);
    // As it would be written: text, but for what YAML would read otherwise.
    if (option.fallback) text += R"(,"default":)" + in_quotes(*option.fallback);
    if (option.secret) text += R"(,"writeOnly":true)";
    return text + R"(,"allOf":[)" + option_type(option) + "]}";
}

// What a component of this name may have beside the host's own keys.
std::string component_rule(const ComponentSpec& spec, std::string_view role) {
    std::vector<std::string> properties;
    std::vector<std::string> required;
    for (const OptionSpec& option : spec.options) {
        if (!option.role.empty() && option.role != role) continue;
        properties.push_back(in_quotes(option.name) + ":" + option_schema(option));
        const bool secret_file = option.type == OptionType::string;
        if (secret_file)
            properties.push_back(in_quotes(option.name + "_file") +
                                 R"(:{"type":"string","description":"a file that holds it"})");
        if (!option.required || option.fallback) continue;
        std::vector<std::string> ways{
            R"({"required":[)" + in_quotes(option.name) + "]}",
            R"({"required":["config"],"properties":{"config":{"required":[)" + in_quotes(option.name) + "]}}}"};
        if (secret_file) ways.push_back(R"({"required":[)" + in_quotes(option.name + "_file") + "]}");
        required.push_back(R"({"anyOf":[)" + joined(ways) + "]}");
    }
    return fmt::format(
        R"({{"if":{{"required":["plugin"],"properties":{{"plugin":{{"const":{}}}}}}},"then":{{"properties":{{{}}}{}}}}})",
        in_quotes(spec.name), joined(properties), required.empty() ? "" : R"(,"allOf":[)" + joined(required) + "]");
}

// `role`: source, target, database or handler.
std::string component_rules(const Registry& registry, std::string_view role) {
    std::vector<std::string> rules, names;
    for (const Registry::Candidate& candidate : registry.candidates()) {
        if (!candidate.manifest || candidate.refusal) continue;
        for (const ComponentSpec& spec : candidate.manifest->components) {
            if (!spec.needs_newer.empty()) continue;
            const bool fits = (role == "source" && spec.kind == ComponentKind::queue && spec.source) ||
                              (role == "target" && spec.kind == ComponentKind::queue && spec.target) ||
                              (role == "database" && spec.kind == ComponentKind::database) ||
                              (role == "handler" && spec.kind == ComponentKind::handler);
            if (!fits) continue;
            rules.push_back(component_rule(spec, role));
            names.push_back(in_quotes(spec.name));
        }
    }
    // A plugin that is named by its path, or is not here, may have any options; a known one has only its own.
    rules.push_back(R"({"if":{"required":["plugin"],"properties":{"plugin":{"enum":[)" + joined(names) +
                    R"(]}}},"else":{"additionalProperties":true}})");
    return R"("allOf":[)" + joined(rules) + R"(],"unevaluatedProperties":false)";
}

// ---- the tree ---------------------------------------------------------------------------------------------------------------

struct Tree {
    const SchemaKey* key = nullptr;
    std::vector<std::pair<std::string, Tree>> below;

    Tree& at(std::string_view name) {
        for (auto& [known, tree] : below)
            if (known == name) return tree;
        return below.emplace_back(std::string(name), Tree{}).second;
    }
};

class Writer {
public:
    explicit Writer(const Registry& registry) : registry_(registry) {}

    std::string write(const Tree& tree) const {
        const std::string_view shape = shape_of(tree);
        std::string schema = tree.below.empty() ? shape_schema(shape) : map(tree, is_role(shape) ? shape : "");
        if (!tree.below.empty() && !shape.empty() && !is_role(shape))
            schema = R"({"anyOf":[)" + shape_schema(shape) + "," + schema + "]}";
        if (tree.key == nullptr || tree.key->help.empty()) return schema;
        std::string head = R"({"description":)" + in_quotes(without_links(tree.key->help)) + ",";
        // As it would be written. A default that takes words depends on something.
        const std::string_view fallback = tree.key->fallback;
        if (fallback.size() > 2 && fallback.find('`', 1) == fallback.size() - 1)
            head += R"("default":)" + in_quotes(fallback.substr(1, fallback.size() - 2)) + ",";
        return head + schema.substr(1);
    }

private:
    static bool is_role(std::string_view shape) {
        return shape == "source" || shape == "target" || shape == "database" || shape == "handler";
    }
    static bool is_required(const Tree& tree) { return tree.key != nullptr && tree.key->shape.ends_with('!'); }
    static std::string_view shape_of(const Tree& tree) {
        std::string_view shape = tree.key == nullptr ? std::string_view() : tree.key->shape;
        if (shape.ends_with('!')) shape.remove_suffix(1);
        return shape;
    }

    std::string map(const Tree& tree, std::string_view role) const {
        const bool names = tree.below.size() == 1 && tree.below.front().first == "NAME";
        if (names)
            return fmt::format(R"({{"type":["object","null"],"propertyNames":{{"pattern":{}}},"additionalProperties":{}}})",
                               in_quotes(name_pattern), write(tree.below.front().second));
        std::vector<std::string> properties, required;
        for (const auto& [name, child] : tree.below) {
            properties.push_back(in_quotes(name) + ":" + write(child));
            if (is_required(child)) required.push_back(in_quotes(name));
        }
        std::string text = fmt::format(R"({{"type":["object"{}],"properties":{{{}}})", required.empty() ? R"(,"null")" : "",
                                       joined(properties));
        if (!required.empty()) text += R"(,"required":[)" + joined(required) + "]";
        return text + "," + (role.empty() ? R"("additionalProperties":false)" : component_rules(registry_, role)) + "}";
    }

    const Registry& registry_;
};

}  // namespace

std::string config_schema(const Registry& registry) {
    Tree root;
    for (const SchemaKey& key : config_schema_keys()) {
        Tree* at = &root;
        for (const std::string_view name : split(key.path, '.')) at = &at->at(name);
        at->key = &key;
    }
    const std::string body = Writer(registry).write(root);
    return R"({"$schema":"https://json-schema.org/draft/2020-12/schema","title":"Sluice configuration",)"
           R"("$defs":{"environment":{"type":"string","pattern":"\\$\\{"},)"
           R"("duration":{"type":"string","pattern":"^[0-9]+(ms|s|m|h|d)$|\\$\\{"},)"
           R"("size":{"anyOf":[{"type":"integer","minimum":0},)"
           R"({"type":"string","pattern":"^[0-9]+(B|KiB|MiB|GiB|TiB)?$|\\$\\{"}]},)"
           R"("rate":{"type":"string","pattern":"^[0-9]+/(s|m|h)$|\\$\\{"}},)" +
           body.substr(1);
}

std::set<std::string> schema_keys() {
    std::set<std::string> keys;
    for (const SchemaKey& key : config_schema_keys())
        if (!key.path.ends_with(".NAME")) keys.emplace(key.path);
    return keys;
}

}  // namespace sluice
