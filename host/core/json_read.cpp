#include "core/json_read.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "core/limits.hpp"

namespace sluice {
namespace {

Node read(const simdjson::dom::element& element) {
    using simdjson::dom::element_type;
    Node node;
    switch (element.type()) {
        case element_type::OBJECT:
            node.kind = Node::Kind::map;
            for (const auto member : simdjson::dom::object(element))
                node.map.push_back({std::string(member.key), {}, read(member.value)});
            break;
        case element_type::ARRAY:
            node.kind = Node::Kind::list;
            for (const auto entry : simdjson::dom::array(element)) node.list.push_back(read(entry));
            break;
        case element_type::STRING:
            node.kind = Node::Kind::text;
            node.text = std::string(std::string_view(element));
            break;
        case element_type::INT64:
            node.kind = Node::Kind::integer;
            node.integer = std::int64_t(element);
            node.real = static_cast<double>(node.integer);
            node.text = fmt::format("{}", node.integer);
            break;
        case element_type::UINT64:
            node.kind = Node::Kind::real;
            node.real = static_cast<double>(std::uint64_t(element));
            node.text = fmt::format("{}", std::uint64_t(element));
            break;
        case element_type::DOUBLE:
            node.kind = Node::Kind::real;
            node.real = double(element);
            node.text = fmt::format("{}", node.real);
            break;
        case element_type::BOOL:
            node.kind = Node::Kind::boolean;
            node.integer = bool(element) ? 1 : 0;
            node.text = node.integer != 0 ? "true" : "false";
            break;
        case element_type::NULL_VALUE:
            break;
    }
    return node;
}

}  // namespace

Result<Node> read_json(std::string_view text) {
    simdjson::dom::parser parser;
    if (const auto error = parser.allocate(std::max<std::size_t>(text.size(), 64), limits::json_depth))
        return Error{ErrorKind::invalid, simdjson::error_message(error)};
    simdjson::dom::element root;
    if (const auto error = parser.parse(text.data(), text.size()).get(root))
        return Error{ErrorKind::invalid, simdjson::error_message(error)};
    return read(root);
}

std::string_view text_of(const Node& map, std::string_view name) {
    const Node* node = map.find(name);
    return node != nullptr && node->kind == Node::Kind::text ? std::string_view(node->text) : std::string_view();
}

std::int64_t integer_of(const Node& map, std::string_view name) {
    const Node* node = map.find(name);
    return node != nullptr && node->kind == Node::Kind::integer ? node->integer : 0;
}

bool flag_of(const Node& map, std::string_view name) {
    const Node* node = map.find(name);
    return node != nullptr && node->kind == Node::Kind::boolean && node->integer != 0;
}

}  // namespace sluice
