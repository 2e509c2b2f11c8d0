#include "cli/plugin_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cli/table.hpp"
#include "plugin/abi_version.hpp"
#include "plugin/fault.hpp"
#include "text/json_text.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

std::string abi_of(const Manifest& manifest) {
    return fmt::format("{}.{}", manifest.abi_major, manifest.abi_minor);
}

// A bound as one would write it into the configuration.
std::string bound_of(OptionType type, double bound) {
    if (bound >= 0 && bound < 9e18) {
        if (type == OptionType::duration) return format_duration(static_cast<std::int64_t>(bound));
        if (type == OptionType::size) return format_size(static_cast<std::uint64_t>(bound));
    }
    return fmt::format("{}", bound);
}

// "integer from 1 to 9, default 5"
std::string nature_of(const OptionSpec& option) {
    std::string text =
        option.type == OptionType::one_of ? fmt::format("one of {}", fmt::join(option.choices, " | ")) : to_string(option.type);
    if (option.minimum) text += fmt::format(" from {}", bound_of(option.type, *option.minimum));
    if (option.maximum) text += fmt::format(" to {}", bound_of(option.type, *option.maximum));
    if (option.required) text += ", required";
    if (option.fallback) text += fmt::format(", default {}", option.fallback->empty() ? "\"\"" : *option.fallback);
    if (option.secret) text += ", secret";
    if (!option.role.empty()) text += fmt::format(", as a {} only", option.role);
    return clean_text(text);
}

template <typename List, typename Each>
std::string json_list(const List& list, Each&& each) {
    std::string text = "[";
    for (const auto& entry : list) {
        if (text.size() > 1) text += ',';
        each(text, entry);
    }
    return text += ']';
}

std::string json_strings(const std::vector<std::string>& texts) {
    return json_list(texts, [](std::string& to, const std::string& text) { append_json_string(to, text); });
}

std::string json_object(const JsonFields& fields) {
    return fmt::format("{{{}}}", fields.view());
}

std::string option_json(const OptionSpec& option) {
    JsonFields fields;
    fields.add("name", option.name).add("type", to_string(option.type)).add("help", option.help);
    fields.add("required", option.required).add("secret", option.secret);
    if (option.fallback) fields.add("default", *option.fallback);
    if (!option.choices.empty()) fields.add_raw("choices", json_strings(option.choices));
    if (option.minimum) fields.add("minimum", *option.minimum);
    if (option.maximum) fields.add("maximum", *option.maximum);
    if (!option.role.empty()) fields.add("role", option.role);
    return json_object(fields);
}

std::vector<std::string> roles_of(const ComponentSpec& component) {
    std::vector<std::string> roles;
    if (component.source) roles.emplace_back("source");
    if (component.target) roles.emplace_back("target");
    return roles;
}

std::string component_json(const ComponentSpec& component) {
    JsonFields fields;
    fields.add("kind", component.written_kind).add("name", component.name).add("summary", component.summary);
    if (!component.needs_newer.empty()) {  // what is absent is not known
        fields.add("needs_newer_host", needs_newer_text(component));
        return json_object(fields);
    }
    if (component.kind == ComponentKind::queue) fields.add_raw("roles", json_strings(roles_of(component)));
    fields.add_raw("options",
                   json_list(component.options, [](std::string& to, const OptionSpec& option) { to += option_json(option); }));
    return json_object(fields);
}

}  // namespace

std::string plugin_table(const Registry& registry) {
    std::vector<TableRow> rows;
    std::vector<std::string> refusals;
    const std::vector<std::string> skipped = registry.skipped();
    for (const Registry::Candidate& candidate : registry.candidates()) {
        if (candidate.refusal) {
            refusals.push_back(candidate.refusal->message);
            continue;
        }
        for (const ComponentSpec& spec : candidate.manifest->components)
            rows.push_back({spec.written_kind, spec.name, candidate.manifest->version, abi_of(*candidate.manifest),
                            candidate.file.native()});
    }
    std::sort(rows.begin(), rows.end());
    std::string text;
    if (!rows.empty()) {
        rows.insert(rows.begin(), {"KIND", "NAME", "VERSION", "ABI", "FILE"});
        text = aligned(rows) + "\n";
    }
    for (const std::string& refusal : refusals) text += refusal + "\n";
    for (const std::string& one : skipped) text += one + "\n";
    if (!refusals.empty() || !skipped.empty()) text += '\n';
    std::vector<std::string> folders;
    for (const auto& folder : registry.folders()) folders.push_back(folder.native());
    text += fmt::format("{} in {}\n", rows.empty() && refusals.empty() ? "There are no plugins" : "Found",
                        fmt::join(folders, ", "));
    if (!registry.unsearched().empty()) text += fmt::format("Not searched: {}\n", fmt::join(registry.unsearched(), ", "));
    return text;
}

std::string plugin_table_json(const Registry& registry) {
    JsonFields fields;
    fields.add("abi", to_string(host_abi));
    fields.add_raw("folders", json_list(registry.folders(),
                                        [](std::string& to, const auto& folder) { append_json_string(to, folder.native()); }));
    fields.add_raw("unsearched", json_strings(registry.unsearched()));
    fields.add_raw("plugins", json_list(registry.candidates(), [](std::string& to, const Registry::Candidate& candidate) {
                       to += plugin_json(candidate);
                   }));
    return json_object(fields);
}

std::string plugin_page(const Manifest& manifest) {
    std::string text = fmt::format("plugin  {} {}\nfile    {}\nABI     built against {}, needs {}.{}; this host speaks {}\n",
                                   manifest.id, manifest.version, manifest.file.native(), abi_of(manifest), manifest.abi_major,
                                   manifest.abi_minor_needed, to_string(host_abi));
    for (const ComponentSpec& component : manifest.components) {
        text += fmt::format("\n{} {}", component.written_kind, component.name);
        if (component.kind == ComponentKind::queue && component.needs_newer.empty())
            text += fmt::format(" ({})", fmt::join(roles_of(component), " and "));
        text += '\n';
        if (!component.summary.empty()) text += fmt::format("  {}\n", clean_text(component.summary));
        if (!component.needs_newer.empty()) {
            text += fmt::format("  needs a newer host: this one does not know {}\n", component.needs_newer);
            continue;
        }
        std::size_t width = 0;
        for (const OptionSpec& option : component.options) width = std::max(width, option.name.size());
        for (const OptionSpec& option : component.options) {
            text += fmt::format("  {:<{}}  {}\n", option.name, width, nature_of(option));
            if (!option.help.empty()) text += fmt::format("  {:<{}}  {}\n", "", width, clean_text(option.help));
        }
        if (component.options.empty()) text += "  no options\n";
    }
    return text;
}

std::string plugin_json(const Registry::Candidate& candidate) {
    JsonFields fields;
    fields.add("file", candidate.file.native());
    if (candidate.refusal)
        fields.add("refused", candidate.refusal->message);
    else
        fields.add_raw("refused", "null");
    if (candidate.manifest) {
        const Manifest& manifest = *candidate.manifest;
        JsonFields abi;
        abi.add("major", std::uint64_t{manifest.abi_major}).add("minor", std::uint64_t{manifest.abi_minor});
        abi.add("minor_needed", std::uint64_t{manifest.abi_minor_needed});
        fields.add("id", manifest.id).add("version", manifest.version).add_raw("abi", json_object(abi));
        fields.add_raw("components", json_list(manifest.components, [](std::string& to, const ComponentSpec& component) {
                           to += component_json(component);
                       }));
    }
    return json_object(fields);
}

}  // namespace sluice
