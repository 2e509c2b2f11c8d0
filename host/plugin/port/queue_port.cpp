#include "plugin/port/queue_port.hpp"

namespace sluice {
namespace {

// Plugins are checked for what their roles need when they are loaded: whoever meets one of these has asked for something in
// the wrong role, or without asking whether it can be done.
constexpr std::string_view no_such_function = "this queue has no such function";

Error lacks(const QueuePort& queue) {
    return Error{ErrorKind::unsupported, "unsupported: " + std::string(no_such_function)}.within(queue.name());
}

sluice_status lacks(FaultBuffer& fault) {
    return sluice_fault_set(fault.get(), SLUICE_UNSUPPORTED, no_such_function.data(), no_such_function.size());
}

}  // namespace

Result<void> QueuePort::open_source(const sluice_queue_sink&) {
    return lacks(*this);
}
sluice_status QueuePort::poll(const sluice_poll&, FaultBuffer& fault) {
    return lacks(fault);
}
sluice_status QueuePort::settle(std::span<const sluice_settlement>, FaultBuffer& fault) {
    return lacks(fault);
}
sluice_status QueuePort::extend(std::span<const std::uint64_t>, std::uint32_t, FaultBuffer& fault) {
    return lacks(fault);
}
Result<void> QueuePort::open_target(const sluice_target_sink&) {
    return lacks(*this);
}
sluice_status QueuePort::publish(std::span<const sluice_outgoing* const>, std::uint64_t, FaultBuffer& fault) {
    return lacks(fault);
}
Result<sluice_queue_limits> QueuePort::limits() {
    sluice_queue_limits none{};
    none.struct_size = sizeof none;
    return none;
}
sluice_status QueuePort::service(std::uint32_t& next_ms, FaultBuffer&) {
    next_ms = 0;
    return SLUICE_OK;
}
Result<Facts> QueuePort::probe() {
    return lacks(*this);
}
Result<sluice_queue_depths> QueuePort::depths() {
    return lacks(*this);
}
Result<void> QueuePort::list(std::string_view, const sluice_stored_sink&) {
    return lacks(*this);
}
Result<void> QueuePort::get(std::string_view, const sluice_stored_sink&) {
    return lacks(*this);
}
Result<std::uint64_t> QueuePort::remove(std::span<const sluice_bytes>) {
    return lacks(*this);
}

}  // namespace sluice
