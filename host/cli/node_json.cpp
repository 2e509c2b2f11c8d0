#include "cli/node_json.hpp"

#include "text/json_text.hpp"

namespace sluice {
namespace {

void append(std::string& to, const Node& node) {
    switch (node.kind) {
        case Node::Kind::null: to += "null"; return;
        case Node::Kind::text: return append_json_string(to, node.text);
        case Node::Kind::integer:
        case Node::Kind::real:
        case Node::Kind::boolean: to += node.text; return;
        case Node::Kind::list:
            to += '[';
            for (const Node& entry : node.list) {
                if (&entry != &node.list.front()) to += ',';
                append(to, entry);
            }
            to += ']';
            return;
        case Node::Kind::map:
            to += '{';
            for (const NodeEntry& entry : node.map) {
                if (&entry != &node.map.front()) to += ',';
                append_json_string(to, entry.name);
                to += ':';
                append(to, entry.value);
            }
            to += '}';
            return;
    }
}

}  // namespace

std::string to_json(const Node& node) {
    std::string text;
    append(text, node);
    return text;
}

std::string to_json(const std::vector<std::string>& texts) {
    std::string list = "[";
    for (const std::string& text : texts) {
        if (list.size() > 1) list += ',';
        append_json_string(list, text);
    }
    return list + "]";
}

}  // namespace sluice
