#include "plugin/options.hpp"

#include <string_view>

#include "core/bytes.hpp"

namespace sluice {
namespace {

const Node* from_abi(const sluice_node* node) {
    return reinterpret_cast<const Node*>(node);
}

sluice_bytes view(std::string_view text) {
    return {text.data(), text.size()};
}

uint32_t kind(const sluice_node* handle) {
    if (handle == nullptr) return SLUICE_NODE_ABSENT;
    switch (from_abi(handle)->kind) {
        case Node::Kind::null: return SLUICE_NODE_NULL;
        case Node::Kind::text: return SLUICE_NODE_TEXT;
        case Node::Kind::integer: return SLUICE_NODE_INTEGER;
        case Node::Kind::real: return SLUICE_NODE_REAL;
        case Node::Kind::boolean: return SLUICE_NODE_BOOLEAN;
        case Node::Kind::list: return SLUICE_NODE_LIST;
        case Node::Kind::map: return SLUICE_NODE_MAP;
    }
    return SLUICE_NODE_ABSENT;
}

sluice_bytes text(const sluice_node* handle) {
    return handle == nullptr ? view({}) : view(from_abi(handle)->text);
}

int64_t integer(const sluice_node* handle) {
    return handle == nullptr ? 0 : from_abi(handle)->integer;
}

double real(const sluice_node* handle) {
    return handle == nullptr ? 0 : from_abi(handle)->real;
}

uint64_t count(const sluice_node* handle) {
    if (handle == nullptr) return 0;
    const Node& node = *from_abi(handle);
    return node.kind == Node::Kind::map ? node.map.size() : node.list.size();
}

const sluice_node* at(const sluice_node* handle, uint64_t index, sluice_bytes* name) {
    if (index >= count(handle)) return nullptr;
    const Node& node = *from_abi(handle);
    if (node.kind != Node::Kind::map) return to_abi(node.list[index]);
    if (name != nullptr) *name = view(node.map[index].name);
    return to_abi(node.map[index].value);
}

const sluice_node* find(const sluice_node* handle, sluice_bytes name) {
    if (handle == nullptr || name.data == nullptr) return nullptr;
    const Node* found = from_abi(handle)->find(view_of(name));
    return found == nullptr ? nullptr : to_abi(*found);
}

sluice_bytes where(const sluice_node* handle) {
    return handle == nullptr ? view({}) : view(from_abi(handle)->place);
}

constexpr sluice_options_api functions{sizeof(sluice_options_api), 0, kind, text, integer, real, count, at, find, where};

}  // namespace

const sluice_options_api& options_api() {
    return functions;
}

const sluice_node* to_abi(const Node& node) {
    return reinterpret_cast<const sluice_node*>(&node);
}

}  // namespace sluice
