#include "config/map_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text/scalar.hpp"
#include "text/suggest.hpp"

namespace sluice {

std::string Reading::absolute(const std::string& path) const {
    return path == "-" ? path : (folder / path).lexically_normal().string();
}

MapReader::MapReader(Reading& reading, const Node* node, Mark at, std::string path, std::string general)
    : reading_(reading),
      node_(node),
      at_(std::move(at)),
      path_(std::move(path)),
      general_(std::move(general)) {
    if (node_ == nullptr || node_->kind == Node::Kind::map) return;
    // `databases:` with nothing behind it is an empty map.
    broken_ = node_->kind != Node::Kind::null;
    if (broken_ && !node_->broken) problem(*node_, fmt::format("must be a map of keys, not {}", shown(*node_)));
    node_ = nullptr;
}

const Node* MapReader::find(std::string_view name) {
    asked_.emplace(name);
    suggested_.emplace_back(name);
    reading_.keys.insert(general_.empty() ? std::string(name) : fmt::format("{}.{}", general_, name));
    const Node* node = node_ == nullptr ? nullptr : node_->find(name);
    return node != nullptr && node->broken ? nullptr : node;
}

std::string MapReader::text(std::string_view name, std::string_view fallback) {
    const Node* node = find(name);
    if (node == nullptr) return std::string(fallback);
    const Result<std::string> text = as_text(*node);
    if (text && !text->empty()) return *text;
    problem(*node, text ? "must not be empty" : text.error().message);
    return std::string(fallback);
}

std::string MapReader::required_text(std::string_view name, std::string_view remedy) {
    const bool absent = node_ == nullptr || node_->find(name) == nullptr;
    if (absent) missing(name, remedy);
    return text(name, "");
}

std::int64_t MapReader::integer(std::string_view name, std::int64_t fallback, Range range) {
    const Node* node = find(name);
    if (node == nullptr) return fallback;
    const Result<std::int64_t> number = as_integer(*node, range);
    if (number) return *number;
    problem(*node, number.error().message);
    return fallback;
}

std::chrono::milliseconds MapReader::duration(std::string_view name, std::chrono::milliseconds fallback, Range range_ms) {
    const Node* node = find(name);
    if (node == nullptr) return fallback;
    const Result<std::int64_t> ms = as_duration_ms(*node, range_ms);
    if (ms) return std::chrono::milliseconds(*ms);
    problem(*node, ms.error().message);
    return fallback;
}

std::uint64_t MapReader::size(std::string_view name, std::uint64_t fallback, Range range) {
    const Node* node = find(name);
    if (node == nullptr) return fallback;
    const Result<std::int64_t> bytes = as_size_bytes(*node, range);
    if (bytes) return static_cast<std::uint64_t>(*bytes);
    problem(*node, bytes.error().message);
    return fallback;
}

MapReader MapReader::map(std::string_view name) {
    const Node* node = find(name);
    Mark at = at_;
    if (node_ != nullptr)
        for (const NodeEntry& entry : node_->map)
            if (entry.name == name) at = entry.mark;
    MapReader map(reading_, node, at, path_of(name),
                  general_.empty() ? std::string(name) : fmt::format("{}.{}", general_, name));
    // Nothing is missing from a map that could not be read.
    map.broken_ = map.broken_ || broken_ || (node == nullptr && has(name));
    return map;
}

std::vector<const NodeEntry*> MapReader::entries(std::size_t most, std::string_view things) {
    std::vector<const NodeEntry*> entries = rest();
    if (entries.size() <= most) return entries;
    reading_.problems.add(at_, path_, fmt::format("at most {} {}, not {}", most, things, entries.size()));
    entries.resize(most);
    return entries;
}

MapReader MapReader::entry_of(const NodeEntry& entry) {
    return {reading_, &entry.value, entry.mark, path_of(entry.name), general_ + ".NAME"};
}

void MapReader::not_yet(std::string_view name, std::string_view sentence) {
    asked_.emplace(name);
    const Node* node = node_ == nullptr ? nullptr : node_->find(name);
    if (node != nullptr) problem(*node, fmt::format("this version of Sluice {}", sentence));
}

std::vector<const NodeEntry*> MapReader::rest() {
    std::vector<const NodeEntry*> rest;
    if (node_ == nullptr) return rest;
    for (const NodeEntry& entry : node_->map)
        if (asked_.insert(entry.name).second) rest.push_back(&entry);
    return rest;
}

void MapReader::finish() {
    for (const NodeEntry* entry : rest())
        reading_.problems.add(entry->mark, path_of(entry->name), "unknown key" + unknown_key_hint(entry->name));
}

void MapReader::missing(std::string_view name, std::string_view remedy) {
    if (!broken_) reading_.problems.add(at_, path_of(name), fmt::format("missing; {}", remedy));
}

// A key that is right but stands one level too high is told where it belongs.
std::string MapReader::unknown_key_hint(const std::string& name) const {
    if (reading_.problems.are_many()) return "";
    const std::string prefix = general_.empty() ? "" : general_ + ".";
    for (const std::string& key : reading_.keys) {
        if (!key.starts_with(prefix) || !key.ends_with("." + name)) continue;
        const std::string below = key.substr(prefix.size());
        if (below.find("NAME") == std::string::npos) return fmt::format("; did you mean \"{}\"?", below);
    }
    return did_you_mean(name, suggested_);
}

}  // namespace sluice
