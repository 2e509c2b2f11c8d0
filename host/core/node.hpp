// A configuration as a tree that remembers where each part stands in the file.
//
// Immutable once read; safe to read from any thread then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice {

// Where a node was written: "flights.yaml:14:9", or "--set pools.airports.workers" for an override.
struct Mark {
    std::string where;
};

struct NodeEntry;

struct Node {
    enum class Kind : std::uint8_t { null, text, integer, real, boolean, list, map };

    Kind kind = Kind::null;
    std::string text;          // a scalar as written, after interpolation
    std::int64_t integer = 0;  // integer; boolean as 0 or 1; a checked duration in ms, a checked size in bytes
    double real = 0;           // real, and integer as real
    std::vector<Node> list;
    std::vector<NodeEntry> map;  // in file order, names unique
    Mark mark;
    std::string path;  // "pools.airports.workers"
    bool secret = false;

    const Node* find(std::string_view name) const;
};

struct NodeEntry {
    std::string name;
    Mark mark;  // of the name
    Node value;
};

inline const Node* Node::find(std::string_view name) const {
    for (const NodeEntry& entry : map)
        if (entry.name == name) return &entry.value;
    return nullptr;
}

}  // namespace sluice
