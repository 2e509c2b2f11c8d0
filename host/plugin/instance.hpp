// One created component of a plugin, from create to destroy, whatever its kind.
//
// Threads      [control]: construction, destruction.
// Ownership    owns the plugin's `self`; the table and the services outlive it.
// Errors       what the plugin said, behind the component's path in the configuration.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "plugin/fault.hpp"
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
        return *this;
    }
    ~Instance() {
        if (table_ == nullptr || table_->destroy == nullptr) return;
        fenced([&] { table_->destroy(self_); }, [](std::string_view) {});
    }

    static Result<Instance> create(const Table& table, const sluice_setup& setup) {
        Instance instance;
        instance.name_.assign(setup.name.data, setup.name.size);
        FaultBuffer fault;
        void* self = nullptr;
        const sluice_status status = fenced_status(fault, [&] { return table.create(&setup, &self, fault.get()); });
        if (status != SLUICE_OK) return fault.error(status).within(instance.name_);
        instance.self_ = self;
        instance.table_ = &table;
        return instance;
    }

    // A component that the host has made itself, to stand in front of a plugin's. `self` is destroyed through the table.
    static Instance adopt(const Table& table, void* self, std::string name) {
        Instance instance;
        instance.table_ = &table;
        instance.self_ = self;
        instance.name_ = std::move(name);
        return instance;
    }

    // Calls a function that answers a status; an error is told with the component's path. `call` gets the table, self and the fault.
    template <typename Call>
    Result<void> attempt(Call&& call) const {
        FaultBuffer fault;
        const sluice_status status = fenced_status(fault, [&] { return call(*table_, self_, fault.get()); });
        if (status != SLUICE_OK) return fault.error(status).within(name_);
        return {};
    }

    // What it says that it can do: queues and databases. An exception is told with the component's path.
    Result<std::uint32_t> capabilities() const {
        std::uint32_t said = 0;
        const auto asked = attempt([&](const Table& table, void* self, sluice_fault*) -> sluice_status {
            if (table.capabilities != nullptr) said = table.capabilities(self);
            return SLUICE_OK;
        });
        if (!asked) return asked.error();
        return said;
    }

    const Table& table() const { return *table_; }
    void* self() const { return self_; }
    const std::string& name() const { return name_; }
    explicit operator bool() const { return table_ != nullptr; }

private:
    const Table* table_ = nullptr;
    void* self_ = nullptr;
    std::string name_;
};

using HandlerInstance = Instance<sluice_handler>;
using QueueInstance = Instance<sluice_queue>;
using DatabaseInstance = Instance<sluice_database>;

}  // namespace sluice
