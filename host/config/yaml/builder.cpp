#include "config/yaml/builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"
#include "text/units.hpp"

namespace sluice {

TreeBuilder::Weight TreeBuilder::weight_of(const Node& node) {
    Weight weight{1, node.text.size() + node.mark.where.size()};
    const auto add = [&](const Weight& part) {
        weight.nodes += part.nodes;
        weight.bytes += part.bytes;
    };
    for (const Node& child : node.list) add(weight_of(child));
    for (const NodeEntry& entry : node.map) {
        add({1, entry.name.size() + entry.mark.where.size()});
        add(weight_of(entry.value));
    }
    return weight;
}

Mark TreeBuilder::mark(const YAML::Mark& mark) const {
    const auto from_one = [](int number) { return static_cast<std::uint32_t>(std::max(number, 0)) + 1; };
    return mark_of_(from_one(mark.line), from_one(mark.column));
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& at) {
    if (document_seen_) {
        problems_.add(mark(at), "", "a second document begins here; write one document per file");
        throw Stop{};
    }
    document_seen_ = true;
}

void TreeBuilder::OnNull(const YAML::Mark& at, YAML::anchor_t anchor) {
    Node node;
    node.mark = mark(at);
    add(std::move(node), anchor);
}

void TreeBuilder::OnScalar(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor, const std::string& value) {
    Node node;
    node.kind = Node::Kind::text;
    node.text = value;
    node.mark = mark(at);
    node.plain = tag == "?";
    last_quoted_ = node.plain ? YAML::Mark::null_mark() : at;
    refuse_tag(node.mark, tag);
    add(std::move(node), anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& at, YAML::anchor_t anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
        problems_.add(mark(at), path(), "an alias cannot stand inside the value it names");
        throw Stop{};
    }
    spend(found->second.weight, mark(at));
    add(found->second.node, 0);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
    open(at, tag, anchor, Node::Kind::list);
}

void TreeBuilder::OnMapStart(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) {
    open(at, tag, anchor, Node::Kind::map);
}

void TreeBuilder::open(const YAML::Mark& at, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    Open opened;
    opened.node.kind = kind;
    opened.node.mark = mark(at);
    opened.anchor = anchor;
    happened(opened.node.mark);
    refuse_tag(opened.node.mark, tag);
    if (open_.size() == limits::config_depth) {
        problems_.add(opened.node.mark, path(), fmt::format("nested deeper than {} levels", limits::config_depth));
        throw Stop{};
    }
    open_.push_back(std::move(opened));
}

void TreeBuilder::close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    add(std::move(closed.node), closed.anchor);
}

void TreeBuilder::add(Node node, YAML::anchor_t anchor) {
    happened(node.mark);
    spend({1, node.text.size() + node.mark.where.size()}, node.mark);
    if (anchor != 0) keep(node, anchor);
    if (open_.empty()) {
        root_ = std::move(node);
        return;
    }
    if (key_expected()) return take_key(std::move(node));
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
        parent.node.list.push_back(std::move(node));
        return;
    }
    parent.has_key = false;
    if (parent.duplicate) return;
    parent.entry.value = std::move(node);
    parent.node.map.push_back(std::move(parent.entry));
}

bool TreeBuilder::key_expected() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::map && !open_.back().has_key;
}

void TreeBuilder::take_key(Node key) {
    if (key.kind != Node::Kind::text) {
        problems_.add(key.mark, path(), "a key must be text; put null between quotes if that is its name");
        throw Stop{};
    }
    if (key.text.size() > limits::config_key_bytes) {
        problems_.add(key.mark, path(),
                      fmt::format("a key of {} bytes; the longest has {}", key.text.size(), limits::config_key_bytes));
        throw Stop{};
    }
    Open& map = open_.back();
    map.entry = NodeEntry{key.text, key.mark, {}};
    map.has_key = true;
    const auto [first, fresh] = map.seen.emplace(key.text, key.mark.line);
    map.duplicate = !fresh || (key.plain && key.text == "<<");
    if (key.plain && key.text == "<<") {
        problems_.add(key.mark, path(), "merge keys are not read; write the keys out, or use *NAME for a whole value");
    } else if (!fresh) {
        const std::string line =
            first->second == Mark::no_line ? "" : fmt::format("; the first stands in line {}", first->second);
        problems_.add(key.mark, path(), fmt::format("duplicate key{}", line));
    }
}

// A copy counts like any other node: nested anchors cannot hold more than the limit.
void TreeBuilder::keep(const Node& node, YAML::anchor_t anchor) {
    const Weight weight = weight_of(node);
    spend(weight, node.mark);
    anchors_[anchor] = {node, weight};
}

void TreeBuilder::spend(Weight weight, const Mark& at) {
    spent_.nodes += weight.nodes;
    spent_.bytes += weight.bytes;
    if (spent_.nodes > limits::config_nodes)
        problems_.add(at, path(),
                      fmt::format("more than {} values, anchors and aliases counted in full", limits::config_nodes));
    else if (spent_.bytes > limits::config_text_bytes)
        problems_.add(
            at, path(),
            fmt::format("more than {} of text, anchors and aliases counted in full", format_size(limits::config_text_bytes)));
    else
        return;
    throw Stop{};
}

void TreeBuilder::happened(const Mark& at) {
    ++events_;
    last_mark_ = at;
}

// "?" and "!" are what the parser says of a scalar without and with quotes, "" of an alias.
void TreeBuilder::refuse_tag(const Mark& at, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    constexpr std::string_view core_schema = "tag:yaml.org,2002:";
    const std::string written = tag.starts_with(core_schema) ? "!!" + tag.substr(core_schema.size()) : tag;
    problems_.add(at, path(),
                  fmt::format("tags such as {} are not read; put a text that looks like a number between quotes", written));
}

std::string TreeBuilder::path() const {
    std::string path;
    for (const Open& level : open_) {
        std::string step;
        if (level.node.kind == Node::Kind::list) step = std::to_string(level.node.list.size());
        if (level.has_key) step = level.entry.name;
        if (!step.empty()) path += (path.empty() ? "" : ".") + step;
    }
    return path;
}

}  // namespace sluice
