#include "text/json_read.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>

#include "text/number.hpp"

namespace sluice {
namespace {

namespace ondemand = simdjson::ondemand;
using Code = simdjson::error_code;
using simdjson::SUCCESS;

// On-Demand leaves numbers as they are written. Its DOM converts them, some of them wrongly, and takes a document with a number
// beyond 64 bits for no JSON.
class Reader {
public:
    explicit Reader(std::size_t values_max) : values_max_(values_max) {}

    Result<Node> read(std::string_view text) {
        const simdjson::padded_string json(text);
        ondemand::parser parser;
        ondemand::document document;
        ondemand::value root;
        Node node;
        Code code = parser.iterate(json).get(document);
        if (code == SUCCESS) code = document.get_value().get(root);
        if (code == simdjson::SCALAR_DOCUMENT_AS_VALUE) complaint_ = "it is neither an object nor a list";
        if (code == SUCCESS) code = read(root, node, 1);
        if (code == SUCCESS && document.current_location().error() != simdjson::OUT_OF_BOUNDS)
            code = simdjson::TRAILING_CONTENT;
        if (code == SUCCESS) return node;
        return Error{ErrorKind::invalid, complaint_.empty() ? simdjson::error_message(code) : complaint_};
    }

private:
    Code refuse(std::string sentence) {
        complaint_ = std::move(sentence);
        return simdjson::CAPACITY;
    }

    Code read(ondemand::value value, Node& node, std::size_t depth) {
        if (++values_ > values_max_) return refuse(fmt::format("it has more than {} values", values_max_));
        ondemand::json_type type;
        if (const Code code = value.type().get(type); code != SUCCESS) return code;
        switch (type) {
            case ondemand::json_type::object:
            case ondemand::json_type::array:
                if (depth > limits::json_depth)
                    return refuse(fmt::format("it is nested deeper than {} levels", limits::json_depth));
                return type == ondemand::json_type::object ? read_map(value, node, depth) : read_list(value, node, depth);
            case ondemand::json_type::string: {
                std::string_view text;
                const Code code = value.get_string().get(text);
                node.kind = Node::Kind::text;
                node.text = text;
                return code;
            }
            case ondemand::json_type::number: return read_number(value.raw_json_token(), node);
            case ondemand::json_type::boolean: {
                bool truth = false;
                const Code code = value.get_bool().get(truth);
                node.kind = Node::Kind::boolean;
                node.integer = truth ? 1 : 0;
                node.text = truth ? "true" : "false";
                return code;
            }
            case ondemand::json_type::null: break;
        }
        bool is_null = false;
        const Code code = value.is_null().get(is_null);
        return code == SUCCESS && !is_null ? simdjson::N_ATOM_ERROR : code;
    }

    Code read_map(ondemand::value& value, Node& node, std::size_t depth) {
        node.kind = Node::Kind::map;
        ondemand::object object;
        if (const Code code = value.get_object().get(object); code != SUCCESS) return code;
        for (auto each : object) {
            ondemand::field field;
            std::string_view name;
            if (const Code code = std::move(each).get(field); code != SUCCESS) return code;
            if (const Code code = field.unescaped_key().get(name); code != SUCCESS) return code;
            NodeEntry& entry = node.map.emplace_back();
            entry.name = name;
            if (const Code code = read(field.value(), entry.value, depth + 1); code != SUCCESS) return code;
        }
        return SUCCESS;
    }

    Code read_list(ondemand::value& value, Node& node, std::size_t depth) {
        node.kind = Node::Kind::list;
        ondemand::array array;
        if (const Code code = value.get_array().get(array); code != SUCCESS) return code;
        for (auto each : array) {
            ondemand::value entry;
            if (const Code code = std::move(each).get(entry); code != SUCCESS) return code;
            if (const Code code = read(entry, node.list.emplace_back(), depth + 1); code != SUCCESS) return code;
        }
        return SUCCESS;
    }

    static Code read_number(std::string_view token, Node& node) {
        token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
        if (number_form(token) == NumberForm::none) return simdjson::NUMBER_ERROR;
        node.text = token;
        const char* const end = token.data() + token.size();
        const auto whole = std::from_chars(token.data(), end, node.integer);
        const bool fits = whole.ec == std::errc() && whole.ptr == end;
        node.kind = fits ? Node::Kind::integer : Node::Kind::real;
        node.real = fits ? static_cast<double>(node.integer) : real_of(token);
        if (!fits) node.integer = 0;
        return SUCCESS;
    }

    const std::size_t values_max_;
    std::size_t values_ = 0;
    std::string complaint_;
};

}  // namespace

Result<Node> read_json(std::string_view text, std::size_t values_max) {
    return Reader(values_max).read(text);
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
