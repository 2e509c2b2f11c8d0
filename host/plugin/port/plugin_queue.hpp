// A queue that a plugin in this process provides. Nothing else calls its function table.
//
// Each call is on record while it runs (plugin_call.hpp), and an exception ends here.
//
// Threads, Errors  as QueuePort says.
// Ownership        the table, and the services in the setup, outlive it.
#pragma once

#include <memory>
#include <string_view>

#include "plugin/port/instance.hpp"
#include "plugin/port/queue_port.hpp"

namespace sluice {

class Library;

class PluginQueue final : public QueuePort {
public:
    // [control] In the role that `setup` says; it is asked what it can do, as after each open. `part`: see Instance::create.
    static Result<std::unique_ptr<QueuePort>> create(const sluice_queue& table, const sluice_setup& setup,
                                                     const PluginPart* part = nullptr);

    Result<void> open_source(const sluice_queue_sink& sink) override;
    sluice_status poll(const sluice_poll& poll, FaultBuffer& fault) override;
    sluice_status settle(std::span<const sluice_settlement> items, FaultBuffer& fault) override;
    Result<void> flush() override;
    bool can_wake() const override { return table().wake != nullptr; }
    void wake() override;
    bool has_lanes() const override { return table().revoked != nullptr; }
    bool can_extend() const override { return table().extend != nullptr; }
    void revoked(std::uint64_t token) override;
    sluice_status extend(std::span<const std::uint64_t> tags, std::uint32_t ms, FaultBuffer& fault) override;

    Result<void> open_target(const sluice_target_sink& sink) override;
    sluice_status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token,
                          FaultBuffer& fault) override;
    sluice_status reopen(FaultBuffer& fault) override;

    Result<sluice_queue_limits> limits() override;
    sluice_status service(std::uint32_t& next_ms, FaultBuffer& fault) override;
    Result<Facts> probe() override { return instance_.probe(); }
    const void* extension(std::string_view id) override { return instance_.extension(id); }
    Result<void> close() override;
    void interrupt() override;
    std::string_view resource() const override;
    std::string_view name_in_unit() const override;

    bool can_count() const override { return table().depths != nullptr; }
    Result<sluice_queue_depths> depths() override;
    bool can_list() const override { return table().list != nullptr && table().get != nullptr && table().remove != nullptr; }
    Result<void> list(std::string_view after, const sluice_stored_sink& sink) override;
    Result<void> get(std::string_view place, const sluice_stored_sink& sink) override;
    Result<std::uint64_t> remove(std::span<const sluice_bytes> places) override;

private:
    explicit PluginQueue(QueueInstance instance) : QueuePort(instance.name()), instance_(std::move(instance)) {}

    Result<void> ask_capabilities();
    Result<void> ask_once_open();
    std::string_view said(const char* name, sluice_bytes (*function)(void*)) const;
    const sluice_queue& table() const { return instance_.table(); }
    void* self() const { return instance_.self(); }
    CallOf call(const char* function) const { return {instance_.part(), function}; }

    QueueInstance instance_;
};

// [control] The queue that the component of this name of `library` provides. contract: it breaks a rule of the ABI.
Result<std::unique_ptr<QueuePort>> create_queue(const Library& library, std::string_view component, const sluice_setup& setup);

// ---- of a component of which there need not be a queue yet: [control] ----
// Whether its queues can be looked into: count or list what they hold.
bool can_look_into(const Library& library, std::string_view component);
// Whether its queues may have a resource().
bool may_have_resource(const Library& library, std::string_view component);

}  // namespace sluice
