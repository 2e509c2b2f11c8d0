#include "app/yaml_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"

namespace sluice {
namespace {

std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const Node& child : node.list) count += count_nodes(child);
    for (const NodeEntry& entry : node.map) count += count_nodes(entry.value);
    return count;
}

}  // namespace

Mark TreeBuilder::mark(const YAML::Mark& mark) const {
    const auto from_one = [](int number) { return static_cast<std::uint32_t>(std::max(number, 0)) + 1; };
    return mark_of_(from_one(mark.line), from_one(mark.column));
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& at) {
    if (document_seen_) {
        problems_.add(mark(at), "", "a second document begins here; write one document a file");
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
    spend(found->second.nodes, mark(at));
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
    spend(1, node.mark);
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
    const std::size_t nodes = count_nodes(node);
    spend(nodes, node.mark);
    anchors_[anchor] = {node, nodes};
}

void TreeBuilder::spend(std::size_t nodes, const Mark& at) {
    nodes_ += nodes;
    if (nodes_ <= limits::config_nodes) return;
    problems_.add(at, path(), fmt::format("more than {} values, anchors and aliases counted in full", limits::config_nodes));
    throw Stop{};
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
