// A database that is a plugin in this process. The only caller of its function table: here are the guard that no exception
// crosses, the record of each call, what holds where the table has no function, and what it said last that it can do.
//
// Threads      as database_port.hpp says.
// Ownership    the table outlives it; owns the plugin's instance, and each connection the plugin's connection.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "plugin/library.hpp"
#include "plugin/port/database_port.hpp"
#include "plugin/port/instance.hpp"

namespace sluice {

class PluginDatabase final : public DatabasePort {
public:
    // Errors: as Instance::create; and what it answers when it is asked what it can do.
    static Result<std::unique_ptr<PluginDatabase>> create(const sluice_database& table, const sluice_setup& setup,
                                                          const PluginPart* part = nullptr);
    // The same for a component that the library has. One that says it can do what it has no function for is refused, as a
    // mistake of the plugin's.
    static Result<std::unique_ptr<DatabasePort>> create(const Library& library, std::string_view component,
                                                        const sluice_setup& setup, const PluginPart& part);

    Result<Facts> probe() override { return instance_.probe(); }
    const void* extension(std::string_view id) override { return instance_.extension(id); }
    // contract: it says, once it is open, that it can do what it has no function for, or cannot say; it is closed then.
    Result<void> open() override;
    void close() override;
    Result<std::unique_ptr<ConnectionPort>> connect(ConnectionPort::Ended& ended) override;
    bool can_ping() const override { return instance_.table().ping != nullptr; }
    sluice_status ping(sluice_fault* fault) override;
    Result<void> recorded(std::string_view source, const RecordedRange& range) override;
    void interrupt() override;
    bool deduplicates() const override { return can(SLUICE_DATABASE_DEDUPLICATES); }
    bool settles() const override { return can(SLUICE_DATABASE_SETTLES); }
    std::string_view resource() const override;

private:
    bool can(std::uint64_t capability) const { return (capabilities_.load(std::memory_order_relaxed) & capability) != 0; }
    PluginDatabase(DatabaseInstance instance, std::uint64_t capabilities)
        : instance_(std::move(instance)),
          capabilities_(capabilities) {}

    DatabaseInstance instance_;
    std::atomic<std::uint64_t> capabilities_;  // written by [control]; nothing else is read with it
};

}  // namespace sluice
