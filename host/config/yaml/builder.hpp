// Builds a tree of nodes from the events of yaml-cpp's parser.
//
// Events are used instead of YAML::Node because only they show duplicate keys, and because the limits then hold while the
// tree grows and not after.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/yaml/text.hpp"
#include "text/node.hpp"
#include "text/problems.hpp"

namespace sluice {

class TreeBuilder final : public YAML::EventHandler {
public:
    struct Stop {};  // thrown after a problem that leaves nothing to go on with

    TreeBuilder(const MarkMaker& mark_of, Problems& problems) : mark_of_(mark_of), problems_(problems) {}

    Mark mark(const YAML::Mark& mark) const;
    // Where the last scalar begins, if it is not a plain one; else the null mark.
    const YAML::Mark& last_quoted() const { return last_quoted_; }
    Node take_root() { return std::move(root_); }  // null if there was no document
    // Grows with every event: what the parser has read since it last grew, it has not told of yet.
    std::size_t events() const { return events_; }
    const Mark& last_mark() const { return last_mark_; }

    void OnDocumentStart(const YAML::Mark& mark) override;
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override;
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override;
    void OnMapEnd() override { close(); }

private:
    // A list or map that has begun and not ended.
    struct Open {
        Node node;
        YAML::anchor_t anchor = 0;
        bool has_key = false;
        NodeEntry entry;                                      // map: the key that waits for its value
        std::unordered_map<std::string, std::uint32_t> seen;  // map: name -> line
        bool duplicate = false;                               // map: the value to come belongs to a duplicate key
    };
    // What a value takes: nodes, and bytes of texts, keys and places.
    struct Weight {
        std::size_t nodes = 0;
        std::size_t bytes = 0;
    };
    struct Anchored {
        Node node;
        Weight weight;
    };

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind);
    void close();
    void add(Node node, YAML::anchor_t anchor);
    bool key_expected() const;
    void take_key(Node key);
    void keep(const Node& node, YAML::anchor_t anchor);
    void spend(Weight weight, const Mark& mark);
    void happened(const Mark& mark);
    static Weight weight_of(const Node& node);
    void refuse_tag(const Mark& mark, const std::string& tag);
    std::string path() const;

    const MarkMaker& mark_of_;
    Problems& problems_;
    Node root_;
    YAML::Mark last_quoted_ = YAML::Mark::null_mark();
    bool document_seen_ = false;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    Weight spent_;
    std::size_t events_ = 0;
    Mark last_mark_;
};

}  // namespace sluice
