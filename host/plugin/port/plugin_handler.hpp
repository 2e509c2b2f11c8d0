// A handler that is a plugin in this process. The only caller of its function table: here are the guard that no exception
// crosses, the record of each call, and what holds where the table has no function.
//
// Threads      as handler_port.hpp says.
// Ownership    the table outlives what is made of it.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "plugin/library.hpp"
#include "plugin/port/handler_port.hpp"
#include "plugin/port/instance.hpp"

namespace sluice {

class PluginHandler final : public HandlerPort {
public:
    explicit PluginHandler(HandlerInstance instance) : instance_(std::move(instance)) {}

    Result<void> start() override;
    Result<void> stop() override;
    Answer handle(const sluice_message& message, sluice_ticket ticket, sluice_fault* fault) override;
    Answer resume(const sluice_message& message, sluice_ticket ticket, std::uint64_t cookie, sluice_fault* fault) override;
    bool handle_batch(const sluice_batch& batch, sluice_fault* fault) override;
    bool can_batch() const override { return instance_.table().handle_batch != nullptr; }
    Result<std::shared_ptr<void>> load_shared() override;
    void use_shared(std::shared_ptr<void> shared) override;
    bool can_resume() const override { return instance_.table().resume != nullptr; }
    void cancel(sluice_ticket ticket) override;
    bool can_cancel() const override { return instance_.table().cancel != nullptr; }
    HandlerFlags flags() const override { return HandlerFlags(instance_.table().flags); }
    const void* extension(std::string_view id) override { return instance_.extension(id); }

private:
    std::shared_ptr<void> shared_;  // goes after the instance
    HandlerInstance instance_;
};

class PluginHandlerFactory final : public HandlerFactory {
public:
    explicit PluginHandlerFactory(const sluice_handler& table) : table_(&table) {}
    // NULL if the plugin has no handler of that name.
    static std::unique_ptr<HandlerFactory> of(const Library& library, std::string_view component);

    HandlerFlags flags() const override { return HandlerFlags(table_->flags); }
    Result<std::unique_ptr<HandlerPort>> create(const sluice_setup& setup, const PluginPart* part) const override;

private:
    const sluice_handler* table_;
};

}  // namespace sluice
