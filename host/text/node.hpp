// A configuration as a tree that remembers where each part stands in the file.
//
// Immutable once the configuration is checked; safe to read from any thread then.
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
    static constexpr std::uint32_t no_line = 0xffff'ffff;  // an override's: sorted behind all lines

    std::string where;
    std::uint32_t line = 0;  // from 1, to sort by
    std::uint32_t column = 0;
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
    std::string path;       // "pools.airports.workers"
    std::string place;      // "flights.yaml:14:9: pools.airports.workers", for whoever wants to complain
    std::string read_from;  // the secret's file, if `NAME_file` gave it
    bool plain = false;     // a scalar without quotes: its type is inferred
    bool broken = false;    // a problem is reported already: no second one follows from it
    bool secret = false;    // masked wherever the configuration is shown

    const Node* find(std::string_view name) const;
    Node* find(std::string_view name);
    void set_path(std::string new_path);
    bool is_scalar() const { return kind != Kind::null && kind != Kind::list && kind != Kind::map; }
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

inline void Node::set_path(std::string new_path) {
    path = std::move(new_path);
    place = mark.where + ": " + path;
}

inline Node* Node::find(std::string_view name) {
    return const_cast<Node*>(std::as_const(*this).find(name));
}

}  // namespace sluice
