// Reads one map of the configuration, key by key.
//
// Every key that is asked for is thereby known; finish() refuses the others and suggests the nearest, so that there is no
// second list of keys to keep. An absent or broken value gives its fallback. A map that is absent is read like an empty one.
//
// Threads      one.
// Errors       go to Reading::problems, in full sentences.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/node.hpp"
#include "text/node_values.hpp"
#include "text/problems.hpp"

namespace sluice {

// What the readers of one configuration share.
struct Reading {
    Problems problems;
    std::filesystem::path folder;  // absolute; relative paths of the configuration start here
    std::set<std::string> keys;    // all that were asked for, in general: "pools.NAME.workers"

    // Absolute; "-" stays.
    std::string absolute(const std::string& path) const;
};

template <typename Value>
struct Choice {
    std::string_view name;
    Value value;
};

class MapReader {
public:
    // `node` may be NULL for an absent map; `at` is where a problem of the whole map is shown. `general` is `path` with
    // names replaced by NAME.
    MapReader(Reading& reading, const Node* node, Mark at, std::string path, std::string general);

    const std::string& path() const { return path_; }
    const Mark& mark() const { return at_; }
    Reading& reading() { return reading_; }

    // Is there a value, broken or not?
    bool has(std::string_view name) const { return node_ != nullptr && node_->find(name) != nullptr; }
    // The value, or NULL if it is absent or broken. The key is known from here on.
    const Node* find(std::string_view name);

    std::string text(std::string_view name, std::string_view fallback);
    std::string required_text(std::string_view name, std::string_view remedy);
    std::int64_t integer(std::string_view name, std::int64_t fallback, Range range);
    std::chrono::milliseconds duration(std::string_view name, std::chrono::milliseconds fallback, Range range_ms);
    std::uint64_t size(std::string_view name, std::uint64_t fallback, Range range);

    template <typename Value, std::size_t Count>
    Value choice(std::string_view name, Value fallback, const Choice<Value> (&choices)[Count]) {
        const Node* node = find(name);
        if (node == nullptr) return fallback;
        std::vector<std::string> names;
        for (const Choice<Value>& choice : choices) {
            if (node->is_scalar() && node->text == choice.name) return choice.value;
            names.emplace_back(choice.name);
        }
        problem(*node, not_one_of(*node, names).message);
        return fallback;
    }

    MapReader map(std::string_view name);

    // The entries of a map whose keys are names the user chose: components, levels. Of more than `most` the first ones; that
    // there are too many `things` is a problem then. `entry_of()` reads one of them.
    std::vector<const NodeEntry*> entries(std::size_t most, std::string_view things);
    MapReader entry_of(const NodeEntry& entry);

    // A known key that this version cannot do anything with yet.
    void not_yet(std::string_view name, std::string_view sentence);
    // Everything not asked for so far.
    std::vector<const NodeEntry*> rest();
    // Refuses everything not asked for so far. `kind` as in "unknown key".
    void finish();

    void problem(const Node& node, std::string_view sentence) { reading_.problems.add(node.mark, node.path, sentence); }
    void missing(std::string_view name, std::string_view remedy);

private:
    std::string path_of(std::string_view name) const {
        return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
    }
    std::string unknown_key_hint(const std::string& name) const;

    Reading& reading_;
    const Node* node_;     // NULL, or a map
    bool broken_ = false;  // there is something, but it is not a map
    Mark at_;
    std::string path_;
    std::string general_;
    std::set<std::string, std::less<>> asked_;
    std::vector<std::string> suggested_;  // of asked_, those that do something
};

}  // namespace sluice
