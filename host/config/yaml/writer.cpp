#include "config/yaml/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "text/scalar.hpp"

namespace sluice {
namespace {

constexpr std::size_t indent = 2;

// Words that readers of YAML 1.1 take for something else than text.
bool is_word_of_yaml(std::string_view text) {
    static constexpr std::array<std::string_view, 9> words{"null", "~", "yes", "no", "on", "off", "y", "n", ""};
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
    });
    return std::find(words.begin(), words.end(), lower) != words.end();
}

bool is_plain(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    if (is_word_of_yaml(text) || !(is_letter(text[0]) || text[0] == '/' || text[0] == '.' || text[0] == '_')) return false;
    for (const char c : text)
        if (!is_letter(c) && c != '/' && c != '.' && c != '_' && c != '-') return false;
    Node node;
    node.text = std::string(text);
    return infer_type(node) == ScalarForm::fine && node.kind == Node::Kind::text;
}

std::string escape_dollars(std::string_view text) {
    std::string escaped;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') escaped += '$';
        escaped += text[i];
    }
    return escaped;
}

// Lines without a blank at their end, the first without one at its start, at most one line end behind the last.
bool is_block(std::string_view text) {
    if (text.find('\n') == std::string_view::npos || text[0] == ' ' || text[0] == '\n' || text.ends_with("\n\n")) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < ' ' && byte != '\n') || byte == 0x7F) return false;
        if (byte == '\n' && text[i - 1] == ' ') return false;
    }
    return text.back() != ' ';
}

std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            result += {'\\', c};
        else if (c == '\n')
            result += "\\n";
        else if (c == '\t')
            result += "\\t";
        else if (byte < ' ' || byte == 0x7F)
            result += fmt::format("\\x{:02x}", byte);
        else
            result += c;
    }
    return result + '"';
}

// Nothing is replaced in keys. YAML takes up to 1024 characters with a colon behind them for a key; a longer one is marked in
// front.
std::string key_text(std::string_view name) {
    constexpr std::size_t longest = 1000;
    const std::string text = is_plain(name) ? std::string(name) : in_quotes(name);
    return text.size() > longest ? "? " + text : text;
}

std::string flow(const Node& node) {
    std::string result;
    if (node.kind == Node::Kind::list) {
        for (const Node& element : node.list) result += (result.empty() ? "" : ", ") + flow(element);
        return "[" + result + "]";
    }
    if (node.kind == Node::Kind::map) {
        for (const NodeEntry& entry : node.map)
            result += fmt::format("{}{}: {}", result.empty() ? "" : ", ", key_text(entry.name), flow(entry.value));
        return result.empty() ? "{}" : "{ " + result + " }";
    }
    if (node.kind == Node::Kind::null) return "null";
    return node.kind == Node::Kind::text ? yaml_scalar(node.text) : node.text;
}

}  // namespace

std::string yaml_scalar(std::string_view text) {
    return is_plain(text) ? std::string(text) : in_quotes(escape_dollars(text));
}

void YamlWriter::begin_line(std::string_view name) {
    const std::string margin(depth_ * indent, ' '), key = key_text(name);
    out_ += margin + key + (key.starts_with("? ") ? "\n" + margin : "") + ":";
}

void YamlWriter::begin_map(std::string_view name) {
    begin_line(name);
    out_ += '\n';
    ++depth_;
}

void YamlWriter::raw(std::string_view name, std::string_view value) {
    begin_line(name);
    out_ += fmt::format(" {}\n", value);
}

void YamlWriter::text(std::string_view name, std::string_view value) {
    if (!is_block(value)) return raw(name, yaml_scalar(value));
    raw(name, value.ends_with('\n') ? "|" : "|-");
    if (value.ends_with('\n')) value.remove_suffix(1);
    while (true) {
        const std::size_t end = value.find('\n');
        const std::string_view line = value.substr(0, end);
        if (!line.empty()) out_ += std::string((depth_ + 1) * indent, ' ') + escape_dollars(line);
        out_ += '\n';
        if (end == std::string_view::npos) return;
        value.remove_prefix(end + 1);
    }
}

void YamlWriter::node(std::string_view name, const Node& node) {
    if (node.kind == Node::Kind::text) return text(name, node.text);
    if (node.kind != Node::Kind::map || node.map.empty()) return raw(name, flow(node));
    begin_map(name);
    for (const NodeEntry& entry : node.map) this->node(entry.name, entry.value);
    end_map();
}

}  // namespace sluice
