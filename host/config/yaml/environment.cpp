#include "config/yaml/environment.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "core/limits.hpp"
#include "text/scalar.hpp"

namespace sluice {
namespace {

bool is_variable_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

class Finisher {
public:
    Finisher(const Environment& environment, Problems& problems) : environment_(environment), problems_(problems) {}

    bool finish(Node& node, std::string path) {
        path_bytes_ += 2 * path.size();  // Node::place has it too
        if (path_bytes_ > limits::config_path_bytes) {
            if (!too_long_) problems_.add(node.mark, "", "keys this long are nested too deep; shorten them");
            too_long_ = true;
        }
        if (too_long_) return false;
        node.set_path(std::move(path));
        const std::string prefix = node.path.empty() ? "" : node.path + ".";
        for (std::size_t i = 0; i < node.list.size(); ++i) finish(node.list[i], prefix + std::to_string(i));
        for (NodeEntry& entry : node.map) finish(entry.value, prefix + entry.name);
        if (node.kind == Node::Kind::text) finish_scalar(node);
        return !too_long_;
    }

private:
    void finish_scalar(Node& node) {
        const std::size_t problems_before = problems_.size();
        const bool replaced = replace(node);
        if (problems_.size() != problems_before) node.broken = true;
        if (node.broken || !node.plain || (replaced && node.text.empty())) return;
        if (infer_type(node) == ScalarForm::octal && !replaced) {
            node.broken = true;
            problems_.add(node.mark, node.path,
                          fmt::format("{} may be read as an octal number; write it without the leading zero, or between quotes",
                                      shown(node)));
        }
    }

    // True if something came from the environment.
    bool replace(Node& node) {
        if (node.text.find("${") == std::string::npos) return false;
        std::string result;
        bool replaced = false;
        std::string_view rest = node.text;
        while (true) {
            const auto at = rest.find("${");
            if (at == std::string_view::npos) break;
            result += rest.substr(0, at);
            if (at > 0 && rest[at - 1] == '$') {  // the first $ of $${ is in the result already
                result += '{';
                rest.remove_prefix(at + 2);
                continue;
            }
            const auto end = rest.find('}', at);
            if (end == std::string_view::npos) {
                problems_.add(node.mark, node.path, "\"${\" has no \"}\"; write \"$${\" for the two signs themselves");
                return false;
            }
            const auto value = look_up(node, rest.substr(at + 2, end - at - 2));
            if (!value) return false;
            result += *value;
            replaced = true;
            rest.remove_prefix(end + 1);
        }
        result += rest;
        node.text = std::move(result);
        return replaced;
    }

    // `inside` is what stands between the braces.
    std::optional<std::string> look_up(const Node& node, std::string_view inside) {
        const auto colon = inside.find(":-");
        const std::string name(inside.substr(0, colon));
        if (!is_variable_name(name)) {
            problems_.add(
                node.mark, node.path,
                fmt::format(
                    "\"${{{}}}\" names no environment variable; write ${{NAME}} or ${{NAME:-default}}, or \"$${{\" for the "
                    "two signs themselves",
                    inside));
            return std::nullopt;
        }
        std::optional<std::string> value = environment_(name);
        const bool has_default = colon != std::string_view::npos;
        if (has_default && (!value || value->empty())) value = std::string(inside.substr(colon + 2));
        if (!value) {
            problems_.add(
                node.mark, node.path,
                fmt::format("environment variable {} is not set; set it, or give a default: ${{{}:-default}}", name, name));
            return std::nullopt;
        }
        replaced_bytes_ += value->size();
        if (replaced_bytes_ > limits::config_replaced_bytes) {
            problems_.add(node.mark, node.path,
                          fmt::format("more than {} bytes come from the environment", limits::config_replaced_bytes));
            return std::nullopt;
        }
        return value;
    }

    const Environment& environment_;
    Problems& problems_;
    std::size_t replaced_bytes_ = 0;
    std::size_t path_bytes_ = 0;
    bool too_long_ = false;
};

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());  // NOLINT: read before any thread is started
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

bool finish_tree(Node& root, const Environment& environment, Problems& problems) {
    return Finisher(environment, problems).finish(root, "");
}

}  // namespace sluice
