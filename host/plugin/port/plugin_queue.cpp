#include "plugin/port/plugin_queue.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/bytes.hpp"
#include "plugin/library.hpp"
#include "plugin/tables.hpp"

namespace sluice {

Result<std::unique_ptr<QueuePort>> PluginQueue::create(const sluice_queue& table, const sluice_setup& setup,
                                                       const PluginPart* part) {
    auto instance = QueueInstance::create(table, setup, part);
    if (!instance) return std::move(instance).error();
    std::unique_ptr<PluginQueue> queue(new PluginQueue(std::move(instance).value()));
    if (auto asked = queue->ask_capabilities(); !asked) return std::move(asked).error();
    return std::unique_ptr<QueuePort>(std::move(queue));
}

Result<void> PluginQueue::ask_capabilities() {
    const auto said = instance_.capabilities();
    if (!said) return said.error();
    say_capabilities(*said);
    return {};
}

// One that cannot say what it can do can do nothing, but is open all the same. One that says what cannot be is not used.
Result<void> PluginQueue::ask_once_open() {
    if (table().capabilities == nullptr) return {};
    if (!ask_capabilities()) say_capabilities(0);
    const std::string why = broken_promise(table(), capabilities());
    if (why.empty()) return {};
    (void)close();
    return Error{ErrorKind::contract, "contract: once it is open, " + why}.within(name());
}

Result<void> PluginQueue::open_source(const sluice_queue_sink& sink) {
    if (table().open_source == nullptr) return QueuePort::open_source(sink);
    auto opened = instance_.attempt("open_source", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.open_source(self, &sink, fault);
    });
    return opened ? ask_once_open() : opened;
}

sluice_status PluginQueue::poll(const sluice_poll& poll, FaultBuffer& fault) {
    if (table().poll == nullptr) return QueuePort::poll(poll, fault);
    return guarded_status(call("poll"), fault, [&] { return table().poll(self(), &poll, fault.get()); });
}

sluice_status PluginQueue::settle(std::span<const sluice_settlement> items, FaultBuffer& fault) {
    if (table().settle == nullptr) return QueuePort::settle(items, fault);
    return guarded_status(call("settle"), fault,
                          [&] { return table().settle(self(), items.data(), items.size(), fault.get()); });
}

Result<void> PluginQueue::flush() {
    if (table().flush == nullptr) return QueuePort::flush();
    return instance_.attempt(
        "flush", [](const sluice_queue& table, void* self, sluice_fault* fault) { return table.flush(self, fault); });
}

void PluginQueue::revoked(std::uint64_t token) {
    if (has_lanes()) guarded(call("revoked"), [&] { table().revoked(self(), token); });
}

sluice_status PluginQueue::extend(std::span<const std::uint64_t> tags, std::uint32_t ms, FaultBuffer& fault) {
    if (!can_extend()) return QueuePort::extend(tags, ms, fault);
    return guarded_status(call("extend"), fault,
                          [&] { return table().extend(self(), tags.data(), tags.size(), ms, fault.get()); });
}

void PluginQueue::wake() {
    if (table().wake != nullptr) guarded(call("wake"), [this] { table().wake(self()); });
}

Result<void> PluginQueue::open_target(const sluice_target_sink& sink) {
    if (table().open_target == nullptr) return QueuePort::open_target(sink);
    auto opened = instance_.attempt("open_target", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.open_target(self, &sink, fault);
    });
    return opened ? ask_once_open() : opened;
}

sluice_status PluginQueue::publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token,
                                   FaultBuffer& fault) {
    if (table().publish == nullptr) return QueuePort::publish(messages, first_token, fault);
    return guarded_status(call("publish"), fault,
                          [&] { return table().publish(self(), messages.data(), messages.size(), first_token, fault.get()); });
}

sluice_status PluginQueue::reopen(FaultBuffer& fault) {
    if (table().reopen == nullptr) return QueuePort::reopen(fault);
    return guarded_status(call("reopen"), fault, [&] { return table().reopen(self(), fault.get()); });
}

Result<sluice_queue_limits> PluginQueue::limits() {
    sluice_queue_limits limits = QueuePort::limits().value();
    if (table().limits == nullptr) return limits;
    auto told = instance_.attempt("limits", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.limits(self, &limits, fault);
    });
    if (!told) return std::move(told).error();
    return limits;
}

sluice_status PluginQueue::service(std::uint32_t& next_ms, FaultBuffer& fault) {
    if (table().service == nullptr) return QueuePort::service(next_ms, fault);
    next_ms = 0;
    return guarded_status(call("service"), fault, [&] { return table().service(self(), &next_ms, fault.get()); });
}

Result<void> PluginQueue::close() {
    if (table().close == nullptr) return QueuePort::close();
    return guarded(
        call("close"),
        [this] {
            table().close(self());
            return Result<void>();
        },
        [](std::string_view text) -> Result<void> {
            return Error{ErrorKind::contract, "an exception left the plugin while it closed: " + clean_text(text)};
        });
}

void PluginQueue::interrupt() {
    if (table().interrupt != nullptr) guarded(call("interrupt"), [this] { table().interrupt(self()); });
}

std::string_view PluginQueue::resource() const {
    return table().resource_id == nullptr ? QueuePort::resource() : said("resource_id", table().resource_id);
}

std::string_view PluginQueue::name_in_unit() const {
    return table().name_in_unit == nullptr ? QueuePort::name_in_unit() : said("name_in_unit", table().name_in_unit);
}

std::string_view PluginQueue::said(const char* name, sluice_bytes (*function)(void*)) const {
    return view_of(guarded(
        call(name), [&] { return function(self()); }, [](std::string_view) { return sluice_bytes{}; }));
}

Result<sluice_queue_depths> PluginQueue::depths() {
    if (table().depths == nullptr) return QueuePort::depths();
    sluice_queue_depths depths{};
    depths.struct_size = sizeof depths;
    auto told = instance_.attempt("depths", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.depths(self, &depths, fault);
    });
    if (!told) return std::move(told).error();
    return depths;
}

Result<void> PluginQueue::list(std::string_view after, const sluice_stored_sink& sink) {
    if (table().list == nullptr) return QueuePort::list(after, sink);
    return instance_.attempt("list", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.list(self, {after.data(), after.size()}, &sink, fault);
    });
}

Result<void> PluginQueue::get(std::string_view place, const sluice_stored_sink& sink) {
    if (table().get == nullptr) return QueuePort::get(place, sink);
    return instance_.attempt("get", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.get(self, {place.data(), place.size()}, &sink, fault);
    });
}

Result<std::uint64_t> PluginQueue::remove(std::span<const sluice_bytes> places) {
    if (table().remove == nullptr) return QueuePort::remove(places);
    std::uint64_t removed = 0;
    auto done = instance_.attempt("remove", [&](const sluice_queue& table, void* self, sluice_fault* fault) {
        return table.remove(self, places.data(), places.size(), &removed, fault);
    });
    if (!done) return std::move(done).error();
    return removed;
}

Result<std::unique_ptr<QueuePort>> create_queue(const Library& library, std::string_view component, const sluice_setup& setup) {
    const sluice_queue& table = *library.queue(component);
    auto queue = PluginQueue::create(table, setup, &plugin_part(view_of(setup.name), library.manifest().file.string()));
    if (!queue) return queue;
    if (const std::string why = broken_promise(table, (*queue)->capabilities()); !why.empty())
        return library.broken(fmt::format("queue \"{}\": {}", component, why));
    return queue;
}

bool can_look_into(const Library& library, std::string_view component) {
    const sluice_queue& table = *library.queue(component);
    return table.depths != nullptr || table.list != nullptr;
}

bool may_have_resource(const Library& library, std::string_view component) {
    return library.queue(component)->resource_id != nullptr;
}

}  // namespace sluice
