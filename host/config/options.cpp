#include "config/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <vector>

#include "config/component.hpp"
#include "config/yaml/environment.hpp"
#include "config/yaml/reader.hpp"
#include "core/limits.hpp"
#include "text/node_values.hpp"
#include "text/scalar.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

constexpr std::string_view file_suffix = "_file";

// Manifests give ranges as JSON numbers.
Range range_of(const OptionSpec& option, std::int64_t lowest) {
    constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    const auto whole = [&](const std::optional<double>& bound, std::int64_t none) {
        if (!bound) return none;
        if (*bound >= static_cast<double>(highest)) return highest;
        return *bound <= static_cast<double>(lowest) ? lowest : static_cast<std::int64_t>(*bound);
    };
    return {whole(option.minimum, lowest), whole(option.maximum, highest)};
}

Error must_be(const Node& node, std::string_view what) {
    return {ErrorKind::invalid, fmt::format("must be {}, not {}", what, shown(node))};
}

Result<void> take_text(Node& node) {
    Result<std::string> text = as_text(node);
    if (!text) return std::move(text).error();
    node.kind = Node::Kind::text;
    return {};
}

Result<void> take_number(Node& node, const OptionSpec& option) {
    const double lowest = option.minimum.value_or(-std::numeric_limits<double>::infinity());
    const double highest = option.maximum.value_or(std::numeric_limits<double>::infinity());
    const bool number = node.kind == Node::Kind::real || node.kind == Node::Kind::integer;
    if (number && node.real >= lowest && node.real <= highest) {
        node.kind = Node::Kind::real;
        node.integer = 0;
        return {};
    }
    std::string what = "a number";
    if (option.minimum) what += fmt::format(" of at least {}", lowest);
    if (option.maximum) what += fmt::format("{} at most {}", option.minimum ? " and" : " of", highest);
    return must_be(node, what);
}

// The text stays as written, so that the configuration can be shown again.
Result<void> take_integer(Node& node, Result<std::int64_t> number) {
    if (!number) return std::move(number).error();
    node.kind = Node::Kind::integer;
    node.integer = *number;
    node.real = static_cast<double>(*number);
    return {};
}

Result<void> take_path(Node& node, const std::filesystem::path& folder) {
    if (Result<void> text = take_text(node); !text) return text;
    if (node.text.empty()) return Error{ErrorKind::invalid, "must be a path, not an empty text"};
    if (node.text == "-") return {};
    std::string path = (folder / node.text).lexically_normal().string();
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
        node.text = std::move(path);
        return {};
    }
    const std::size_t brace = node.text.find('{');
    const bool has_choices = brace != std::string::npos && node.text.find(',', brace) < node.text.find('}', brace) &&
                             node.text.find('}', brace) != std::string::npos;
    if (node.text.find_first_of("*?") != std::string::npos || has_choices)
        return Error{ErrorKind::invalid,
                     fmt::format("must be one path, and {} looks like a pattern, which is not expanded; name the file "
                                 "itself, each of several in a component of its own",
                                 shown(node))};
    if (node.text.starts_with('~'))
        return Error{
            ErrorKind::invalid,
            fmt::format("must be a path, and the ~ of {} is not expanded; write the folder, or ${{HOME}}", shown(node))};
    if (const std::size_t colon = node.text.find("://"); colon != std::string::npos && colon < node.text.find('/'))
        return Error{ErrorKind::invalid, fmt::format("must be the path of a file, and {} is a URL", shown(node))};
    node.text = std::move(path);
    return {};
}

Result<void> take_one_of(Node& node, const OptionSpec& option) {
    if (!node.is_scalar() || std::find(option.choices.begin(), option.choices.end(), node.text) == option.choices.end())
        return not_one_of(node, option.choices);
    return take_text(node);
}

Result<void> take(Node& node, const OptionSpec& option, const std::filesystem::path& folder) {
    switch (option.type) {
        case OptionType::string: return take_text(node);
        case OptionType::path: return take_path(node, folder);
        case OptionType::integer:
            return take_integer(node, as_integer(node, range_of(option, std::numeric_limits<std::int64_t>::min())));
        case OptionType::number: return take_number(node, option);
        case OptionType::boolean: {
            const Result<bool> boolean = as_boolean(node);
            return boolean ? Result<void>() : Result<void>(boolean.error());
        }
        case OptionType::duration: return take_integer(node, as_duration_ms(node, range_of(option, 0)));
        case OptionType::size: return take_integer(node, as_size_bytes(node, range_of(option, 0)));
        case OptionType::one_of: return take_one_of(node, option);
        case OptionType::list:
            return node.kind == Node::Kind::list ? Result<void>() : must_be(node, "a list, such as [one, two]");
        case OptionType::map: return node.kind == Node::Kind::map ? Result<void>() : must_be(node, "a map");
        case OptionType::any: return {};
    }
    return {};
}

// Without the line end that editors leave behind the last line.
Result<std::string> read_secret(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    std::string text(limits::config_secret_bytes + 1, '\0');
    if (!stream.read(text.data(), static_cast<std::streamsize>(text.size())) && !stream.eof())
        return Error{ErrorKind::invalid, fmt::format("the file {} cannot be read", file.string())};
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > limits::config_secret_bytes)
        return Error{ErrorKind::invalid,
                     fmt::format("the file {} is larger than {} bytes", file.string(), limits::config_secret_bytes)};
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

class OptionCheck {
public:
    OptionCheck(const ComponentSpec& spec, const OptionContext& context, Node& options, Problems& problems)
        : spec_(spec),
          context_(context),
          options_(options),
          problems_(problems) {
        for (const OptionSpec& option : spec.options)
            if (belongs(option)) names_.push_back(option.name);
    }

    void check() {
        for (NodeEntry& entry : options_.map) check_entry(entry);
        for (const OptionSpec& option : spec_.options)
            if (belongs(option) && options_.find(option.name) == nullptr) fill_in(option);
    }

private:
    bool belongs(const OptionSpec& option) const { return option.role.empty() || option.role == context_.role; }

    const OptionSpec* find(std::string_view name) const {
        for (const OptionSpec& option : spec_.options)
            if (option.name == name) return &option;
        return nullptr;
    }

    void check_entry(NodeEntry& entry) {
        if (const OptionSpec* option = find(entry.name)) {
            if (!belongs(*option))
                return problems_.add(entry.mark, entry.value.path,
                                     fmt::format("plugin \"{}\" takes this option as a {}, not as a {}", spec_.name,
                                                 option->role, context_.role));
            return check_value(*option, entry.value);
        }
        if (entry.name.ends_with(file_suffix)) {
            const OptionSpec* option = find(std::string_view(entry.name).substr(0, entry.name.size() - file_suffix.size()));
            if (option != nullptr && belongs(*option) && option->type == OptionType::string) return take_secret(*option, entry);
        }
        problems_.add(entry.mark, entry.value.path,
                      fmt::format("plugin \"{}\" has no such option{}", spec_.name,
                                  problems_.are_many() ? "" : did_you_mean_or_list(entry.name, names_)));
    }

    void check_value(const OptionSpec& option, Node& value) {
        value.secret = option.secret;
        if (value.broken) return;
        if (const Result<void> taken = take(value, option, context_.folder); !taken)
            problems_.add(value.mark, value.path, taken.error().message);
    }

    // `password_file: x` becomes `password`.
    void take_secret(const OptionSpec& option, NodeEntry& entry) {
        Node& value = entry.value;
        if (options_.find(option.name) != nullptr)
            return problems_.add(entry.mark, value.path,
                                 fmt::format("\"{}\" is given as well; keep one of the two", option.name));
        entry.name = option.name;
        if (value.broken) return;
        if (const Result<void> path = take_path(value, context_.folder); !path)
            return problems_.add(value.mark, value.path, path.error().message);
        Result<std::string> secret = read_secret(value.text);
        if (!secret) return problems_.add(value.mark, value.path, secret.error().message);
        value.read_from = std::move(value.text);
        value.text = std::move(*secret);
        value.secret = true;
    }

    void fill_in(const OptionSpec& option) {
        const std::string path = fmt::format("{}.{}", options_.path, option.name);
        if (!option.fallback) {
            if (option.required)
                problems_.add(
                    context_.mark, path,
                    fmt::format(
                        "missing; plugin \"{}\" needs it{}: {}", spec_.name,
                        is_component_key(option.name) ? ", in \"config\", since beside it the host has a key of that name" : "",
                        option.help));
            return;
        }
        const Mark mark{fmt::format("the default of plugin \"{}\"", spec_.name), context_.mark.line, context_.mark.column};
        std::optional<Node> value = default_node(option, mark);
        if (!value) return;
        value->set_path(path);
        check_value(option, *value);
        options_.map.push_back({option.name, mark, std::move(*value)});
    }

    // A default is taken as it stands; only what a line of text cannot say is read as YAML.
    std::optional<Node> default_node(const OptionSpec& option, const Mark& mark) {
        if (option.type == OptionType::list || option.type == OptionType::map || option.type == OptionType::any) {
            std::optional<Node> value = read_yaml_value(*option.fallback, mark, problems_);
            if (value)
                finish_tree(
                    *value, [](const std::string&) { return std::nullopt; }, problems_);
            return value;
        }
        Node value;
        value.kind = Node::Kind::text;
        value.text = *option.fallback;
        value.mark = mark;
        if (option.type == OptionType::integer || option.type == OptionType::number || option.type == OptionType::boolean)
            infer_type(value);
        return value;
    }

    const ComponentSpec& spec_;
    const OptionContext& context_;
    Node& options_;
    Problems& problems_;
    std::vector<std::string> names_;
};

}  // namespace

void check_options(const ComponentSpec& spec, const OptionContext& context, Node& options, Problems& problems) {
    OptionCheck(spec, context, options, problems).check();
}

}  // namespace sluice
