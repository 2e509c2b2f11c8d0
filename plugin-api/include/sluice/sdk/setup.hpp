// What a component is created with: its options, its names, its log.
//
// Ownership  Setup and Node are small views; views of text live as long as the instance.
// Errors     what the constructor of a component throws is a configuration error with that text.
//            The options have been checked against the declared ones and defaults are filled in before, so an accessor seldom
//            fails; if it does, it throws a Failure that names file, line and key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/sdk/log.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

class Context;
class DatabaseRef;
namespace metric {
class Counter;
class Gauge;
class Histogram;
}  // namespace metric

// A configured target, to publish to.
struct TargetRef {
    std::uint32_t number = 0;
};

// One value of the configuration: a scalar, a list or a map.
class Node {
public:
    Node() = default;
    Node(const sluice_options_api* api, const sluice_node* node) : api_(api), node_(node) {}

    std::uint32_t kind() const {  // SLUICE_NODE_
        return has(api_ != nullptr && SLUICE_HAS(api_, kind) && api_->kind != nullptr) ? api_->kind(node_) : SLUICE_NODE_ABSENT;
    }
    bool absent() const { return kind() == SLUICE_NODE_ABSENT; }
    bool is_null() const { return kind() == SLUICE_NODE_NULL; }
    bool is_text() const { return kind() == SLUICE_NODE_TEXT; }
    bool is_list() const { return kind() == SLUICE_NODE_LIST; }
    bool is_map() const { return kind() == SLUICE_NODE_MAP; }
    explicit operator bool() const { return !absent(); }

    // The scalar as text, whatever its kind; empty for list and map.
    std::string_view text() const {
        return has(api_ != nullptr && SLUICE_HAS(api_, text) && api_->text != nullptr) ? view(api_->text(node_))
                                                                                       : std::string_view();
    }
    std::int64_t integer() const {
        return has(api_ != nullptr && SLUICE_HAS(api_, integer) && api_->integer != nullptr) ? api_->integer(node_) : 0;
    }
    double number() const {
        return has(api_ != nullptr && SLUICE_HAS(api_, real) && api_->real != nullptr) ? api_->real(node_) : 0;
    }
    bool boolean() const { return integer() != 0; }

    // Entries of a list or map, in file order.
    std::uint64_t size() const {
        return has(api_ != nullptr && SLUICE_HAS(api_, count) && api_->count != nullptr) ? api_->count(node_) : 0;
    }
    Node at(std::uint64_t index) const;
    Node find(std::string_view name) const {
        if (!has(api_ != nullptr && SLUICE_HAS(api_, find) && api_->find != nullptr)) return {};
        return {api_, api_->find(node_, bytes(name))};
    }

    struct Entry;
    Entry entry(std::uint64_t index) const;

    // for (const auto& [name, value] : node); the names of a list are empty.
    class Iterator;
    Iterator begin() const;
    Iterator end() const;

    // "file:line:column: key.path"
    std::string_view where() const {
        return has(api_ != nullptr && SLUICE_HAS(api_, where) && api_->where != nullptr) ? view(api_->where(node_))
                                                                                         : std::string_view();
    }

    // To be thrown: "flights.yaml:14:9: pools.airports.handler.params: names no field".
    Failure error(std::string_view what) const {
        std::string message(where());
        if (!message.empty()) message.append(": ");
        return {SLUICE_INVALID, message.append(what)};
    }

private:
    bool has(bool member) const { return node_ != nullptr && member; }

    const sluice_options_api* api_ = nullptr;
    const sluice_node* node_ = nullptr;
};

struct Node::Entry {
    std::string_view name;
    Node value;
};

class Node::Iterator {
public:
    Iterator(const Node& node, std::uint64_t index) : node_(node), index_(index) {}
    Entry operator*() const { return node_.entry(index_); }
    Iterator& operator++() {
        ++index_;
        return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

private:
    Node node_;
    std::uint64_t index_;
};

inline Node::Entry Node::entry(std::uint64_t index) const {
    if (!has(api_ != nullptr && SLUICE_HAS(api_, at) && api_->at != nullptr)) return {};
    sluice_bytes name{nullptr, 0};
    const sluice_node* node = api_->at(node_, index, &name);
    return {view(name), Node(api_, node)};
}
inline Node Node::at(std::uint64_t index) const {
    return entry(index).value;
}
inline Node::Iterator Node::begin() const {
    return {*this, 0};
}
inline Node::Iterator Node::end() const {
    return {*this, size()};
}

class Setup {
public:
    // `context` is there for handlers only.
    explicit Setup(const sluice_setup& setup, Context* context = nullptr) : setup_(detail::whole(setup)), context_(context) {}

    // Options by name. One that is absent answers `otherwise`; of the right type they are by the declaration.
    std::string text(std::string_view name, std::string_view otherwise = {}) const {
        const Node node = option(name);
        return std::string(given(node) ? node.text() : otherwise);
    }
    std::string path(std::string_view name, std::string_view otherwise = {}) const { return text(name, otherwise); }
    std::int64_t integer(std::string_view name, std::int64_t otherwise = 0) const {
        const Node node = option(name);
        return given(node) ? node.integer() : otherwise;
    }
    double number(std::string_view name, double otherwise = 0) const {
        const Node node = option(name);
        return given(node) ? node.number() : otherwise;
    }
    bool boolean(std::string_view name, bool otherwise = false) const {
        const Node node = option(name);
        return given(node) ? node.boolean() : otherwise;
    }
    std::chrono::milliseconds duration(std::string_view name, std::chrono::milliseconds otherwise = {}) const {
        return std::chrono::milliseconds(integer(name, otherwise.count()));
    }
    std::uint64_t size(std::string_view name, std::uint64_t otherwise = 0) const {
        return static_cast<std::uint64_t>(integer(name, static_cast<std::int64_t>(otherwise)));
    }
    // A list of scalars. One scalar is a list of one.
    std::vector<std::string> list(std::string_view name) const {
        std::vector<std::string> texts;
        const Node node = option(name);
        if (node.is_map()) throw node.error("is a map where a list belongs");
        if (given(node) && !node.is_list()) texts.emplace_back(node.text());
        for (const auto& [unused, value] : node) texts.emplace_back(value.text());
        return texts;
    }
    // Any option as it stands, for lists and maps of more than scalars: for (const auto& [key, value] : setup.option("params"))
    Node option(std::string_view name) const { return options().find(name); }
    Node options() const { return {setup_.options_api, setup_.options}; }
    bool has(std::string_view name) const { return given(option(name)); }

    // The component's path in the configuration: "sources.flights", "pools.airports.handler".
    std::string_view name() const { return view(setup_.name); }
    // Sources: what positions and deduplication are filed under.
    std::string_view identity() const { return view(setup_.identity); }
    std::uint32_t role() const { return setup_.role; }        // SLUICE_ROLE_
    std::uint32_t worker() const { return setup_.worker; }    // handlers: 0 .. workers() - 1
    std::uint32_t workers() const { return setup_.workers; }  // handlers: workers of the pool

    // Absolute path of a folder of this component's own; it exists. The workers of a pool share one: a file of one instance
    // carries worker() in its name. Empty if the host offers none.
    std::string state_dir() const {
        const sluice_host_api* api = setup_.api;
        if (api == nullptr || !SLUICE_HAS(api, state_dir) || api->state_dir == nullptr) return {};
        return std::string(view(api->state_dir(setup_.host)));
    }
    // A name that no other running host has, and no earlier run of this one: for names of consumers and owners of leases. 1 to
    // 64 letters, digits, '-' and '_'. Empty if the host is too old to have one.
    std::string_view instance() const {
        const sluice_host_api* api = setup_.api;
        if (api == nullptr || !SLUICE_HAS(api, instance) || api->instance == nullptr) return {};
        return view(api->instance(setup_.host));
    }
    Log log() const { return {setup_.api, setup_.host}; }

    // Handlers: a configured database, to be kept and used in handle(). Asking here rather than there lets `sluice check` find
    // a wrong name. Throws a Failure that lists the names there are.
    DatabaseRef& database(std::string_view name) const;
    // The same for a configured target.
    TargetRef target(std::string_view name) const;

    // Handlers: a metric of their own, to be kept and used in handle(): metric.hpp.
    metric::Counter counter(std::string_view name, std::string_view help, std::string_view unit = {}) const;
    metric::Gauge gauge(std::string_view name, std::string_view help, std::string_view unit = {}) const;
    metric::Histogram histogram(std::string_view name, std::string_view help, std::string_view unit = {}) const;

    const sluice_setup& raw() const { return setup_; }

private:
    static bool given(const Node& node) { return !node.absent() && !node.is_null(); }
    template <typename Kind>
    Kind measured(std::uint32_t kind, std::string_view name, std::string_view help, std::string_view unit) const;

    sluice_setup setup_;
    Context* context_;
};

}  // namespace sluice::inline sdk
