#include "admin/request.hpp"

#include <fmt/format.h>

#include "text/scalar.hpp"

namespace sluice {

const Node* Request::find(std::string_view name) {
    asked_.emplace(name);
    return request_.find(name);
}

void Request::complain(std::string_view name, std::string_view must_be, const Node& node) {
    if (complaint_.empty()) complaint_ = fmt::format("\"{}\" must be {}, not {}", name, must_be, shown(node));
}

std::optional<std::string> Request::text(std::string_view name) {
    const Node* node = find(name);
    if (node == nullptr) return std::nullopt;
    if (node->kind == Node::Kind::text) return node->text;
    complain(name, "a string", *node);
    return std::nullopt;
}

std::optional<std::int64_t> Request::whole(std::string_view name, std::int64_t minimum, std::int64_t maximum) {
    const Node* node = find(name);
    if (node == nullptr) return std::nullopt;
    if (node->kind == Node::Kind::integer && node->integer >= minimum && node->integer <= maximum) return node->integer;
    complain(name, fmt::format("a whole number from {} to {}", minimum, maximum), *node);
    return std::nullopt;
}

bool Request::flag(std::string_view name) {
    const Node* node = find(name);
    if (node == nullptr) return false;
    if (node->kind != Node::Kind::boolean) complain(name, "true or false", *node);
    return node->kind == Node::Kind::boolean && node->integer != 0;
}

std::vector<std::string> Request::texts(std::string_view name) {
    std::vector<std::string> texts;
    const Node* node = find(name);
    if (node == nullptr) return texts;
    if (node->kind != Node::Kind::list) complain(name, "a list of strings", *node);
    for (const Node& entry : node->list) {
        if (entry.kind != Node::Kind::text) complain(name, "a list of strings only", entry);
        texts.push_back(entry.text);
    }
    return texts;
}

Result<void> Request::finish() {
    std::set<std::string_view> seen;
    for (const NodeEntry& member : request_.map) {
        if (!complaint_.empty()) break;
        if (!asked_.contains(member.name))
            complaint_ = fmt::format("this host knows no \"{}\" here; is it of another version?", member.name.substr(0, 60));
        else if (!seen.insert(member.name).second)
            complaint_ = fmt::format("\"{}\" is given twice", member.name);
    }
    if (complaint_.empty()) return {};
    return Error{ErrorKind::invalid, "the request is refused: " + complaint_};
}

}  // namespace sluice
