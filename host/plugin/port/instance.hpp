// One created component of a plugin, from create to destroy, whatever its kind.
//
// Threads      [control]: construction, destruction, extension.
// Ownership    owns the plugin's `self`; the table and the services outlive it.
// Errors       what the plugin said, behind the component's path in the configuration; and that the process is out of
//              descriptors, if it is.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/descriptor.hpp"
#include "core/error.hpp"
#include "plugin/port/guarded.hpp"
#include "plugin/port/probe.hpp"
#include "sluice/entry.h"

namespace sluice {

template <typename Table>
class Instance {
public:
    Instance() = default;
    Instance(Instance&& other) noexcept { *this = std::move(other); }
    Instance& operator=(Instance&& other) noexcept {
        std::swap(table_, other.table_);
        std::swap(self_, other.self_);
        std::swap(name_, other.name_);
        std::swap(part_, other.part_);
        std::swap(extensions_, other.extensions_);
        return *this;
    }
    ~Instance() {
        if (table_ == nullptr || table_->destroy == nullptr) return;
        guarded({part_, "destroy"}, [&] { table_->destroy(self_); });
    }

    // `part`: whose calls these are, as a crash or a hang names it; NULL: by the component's path alone.
    static Result<Instance> create(const Table& table, const sluice_setup& setup, const PluginPart* part = nullptr) {
        Instance instance;
        instance.name_.assign(setup.name.data, setup.name.size);
        instance.part_ = part != nullptr ? part : &plugin_part(instance.name_, {});
        FaultBuffer fault;
        void* self = nullptr;
        const sluice_status status =
            guarded_status({instance.part_, "create"}, fault, [&] { return table.create(&setup, &self, fault.get()); });
        if (status != SLUICE_OK) return failed(fault, status, instance.name_);
        instance.self_ = self;
        instance.table_ = &table;
        return instance;
    }

    // Calls a function that answers a status; an error is told with the component's path. `call` gets the table, self and the
    // fault.
    template <typename Call>
    Result<void> attempt(const char* function, Call&& call) const {
        FaultBuffer fault;
        const sluice_status status =
            guarded_status({part_, function}, fault, [&] { return call(*table_, self_, fault.get()); });
        if (status != SLUICE_OK) return failed(fault, status, name_);
        return {};
    }

    // What it says that it can do: queues and databases. An exception is told with the component's path.
    Result<std::uint64_t> capabilities() const {
        std::uint64_t said = 0;
        const auto asked = attempt("capabilities", [&](const Table& table, void* self, sluice_fault*) -> sluice_status {
            if (table.capabilities != nullptr) said = table.capabilities(self);
            return SLUICE_OK;
        });
        if (!asked) return asked.error();
        return said;
    }

    // What it finds where it would connect: queues and databases. unsupported: its table has no function for it, or it says so.
    Result<Facts> probe() const {
        if (table_->probe == nullptr)
            return Error{ErrorKind::unsupported, "unsupported: its plugin has no probe"}.within(name_);
        FactSink facts;
        auto probed = attempt("probe", [&](const Table& table, void* self, sluice_fault* fault) {
            return table.probe(self, facts.get(), fault);
        });
        if (!probed) return std::move(probed).error();
        return facts.take();
    }

    // What it offers beyond its table under this id; NULL: nothing, also where it throws. The plugin is asked once for an id.
    const void* extension(std::string_view id) {
        const auto known = extensions_.find(id);
        if (known != extensions_.end()) return known->second;
        const void* offered = nullptr;
        if (table_->extension != nullptr)
            guarded({part_, "extension"}, [&] { offered = table_->extension(self_, {id.data(), id.size()}); });
        extensions_.emplace(id, offered);
        return offered;
    }

    const Table& table() const { return *table_; }
    void* self() const { return self_; }
    const std::string& name() const { return name_; }
    const PluginPart* part() const { return part_; }
    explicit operator bool() const { return table_ != nullptr; }

private:
    static Error failed(const FaultBuffer& fault, sluice_status status, const std::string& name) {
        Error error = fault.error(status).within(name);
        error.message += descriptors_hint();
        return error;
    }

    const Table* table_ = nullptr;
    void* self_ = nullptr;
    std::string name_;
    const PluginPart* part_ = nullptr;
    std::map<std::string, const void*, std::less<>> extensions_;  // that were asked for
};

using HandlerInstance = Instance<sluice_handler>;
using QueueInstance = Instance<sluice_queue>;
using DatabaseInstance = Instance<sluice_database>;

}  // namespace sluice
