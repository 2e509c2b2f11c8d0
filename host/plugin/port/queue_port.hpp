// A queue as the host knows it: one component of a configuration, created to be received from or to be published to. It has
// the role that it was created in, and only the functions of that role are called.
//
// What a function does here is the default: it holds wherever an implementation has nothing better, and for whatever a
// plugin's table lacks. Implementations: PluginQueue (a plugin in this process), the rehearsed ones (rehearsed_queue.hpp).
//
// Life         create -> open_source or open_target [-> close -> open again] -> close -> destroy
// Threads      by the tag of each function: [control] one at a time, and none of the others but [any] meanwhile; [source],
//              [target]: the thread of that source or target; [any]: any, also while another runs.
// Ownership    the port owns what is behind it. Sinks outlive close(). Views that are answered hold until close().
// Errors       a Result names the component, says what the plugin said, and has the kind that its status has. Where the caller
//              goes by the number, it gets the status and the text in its FaultBuffer. No exception comes out: of one that
//              leaves a plugin the text is told as SLUICE_CONTRACT (ErrorKind::contract). unsupported: the function is
//              missing, and is none that may be.
// Cost         a call per batch, never per message; nothing is allocated unless it fails.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "plugin/fault.hpp"
#include "plugin/port/probe.hpp"
#include "sluice/queue.h"

namespace sluice {

class QueuePort {
public:
    virtual ~QueuePort() = default;
    QueuePort(const QueuePort&) = delete;
    QueuePort& operator=(const QueuePort&) = delete;

    const std::string& name() const { return name_; }  // [any] the component's path: "sources.orders"

    // ---- what it can do: [any]; as it said when it was created, and again when it was opened ----
    std::uint64_t capabilities() const { return capabilities_.load(std::memory_order_relaxed); }  // SLUICE_QUEUE_
    bool takes_back() const { return can(SLUICE_QUEUE_TAKES_BACK); }
    bool release_keeps_order() const { return can(SLUICE_QUEUE_RELEASE_KEEPS_ORDER); }
    bool has_stable_ids() const { return can(SLUICE_QUEUE_STABLE_IDS); }
    bool keeps_attempts() const { return can(SLUICE_QUEUE_KEEPS_ATTEMPTS); }
    bool is_finite() const { return can(SLUICE_QUEUE_FINITE); }

    // ---- consuming; the statuses stand in sluice/queue.h ----
    virtual Result<void> open_source(const sluice_queue_sink& sink);                             // [control]
    virtual sluice_status poll(const sluice_poll& poll, FaultBuffer& fault);                     // [source]
    virtual sluice_status settle(std::span<const sluice_settlement> items, FaultBuffer& fault);  // [source]
    // Confirms all that was settled. Default: settle has.
    virtual Result<void> flush() { return {}; }  // [source]
    // Whether wake() ends a poll that waits; if not, polls are to wait a moment only.
    virtual bool can_wake() const { return false; }  // [any]
    virtual void wake() {}                           // [any]

    // Whether it has lanes, or deliveries that others may get: then revoked() and extend() do something.
    virtual bool has_lanes() const { return false; }                                                          // [any]
    virtual bool can_extend() const { return false; }                                                         // [any]
    virtual void revoked(std::uint64_t /*token*/) {}                                                          // [source]
    virtual sluice_status extend(std::span<const std::uint64_t> tags, std::uint32_t ms, FaultBuffer& fault);  // [source]

    // ---- producing ----
    virtual Result<void> open_target(const sluice_target_sink& sink);  // [control]
    virtual sluice_status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token,
                                  FaultBuffer& fault);  // [target]
    // Opens again what is another file by now. Default: there is nothing to open again.
    virtual sluice_status reopen(FaultBuffer&) { return SLUICE_OK; }  // [target]

    // ---- both ----
    // After open. Default: no limits.
    virtual Result<sluice_queue_limits> limits();  // [control]
    // What it has to do while it is neither polled nor published to, and when it is to be called again; see ServiceCalls.
    // Default: nothing, never again.
    virtual sluice_status service(std::uint32_t& next_ms, FaultBuffer& fault);  // [source] or [target]
    // [control] Before it is opened: what is there where it would connect. Creates and changes nothing. Default: unsupported.
    virtual Result<Facts> probe();
    // [control] What it offers under this id beyond the functions here. Default: NULL, nothing.
    virtual const void* extension(std::string_view) { return nullptr; }
    // The error has no name in front: it is told by who knows whose it is.
    virtual Result<void> close() { return {}; }  // [control]
    // What runs or waits in it ends soon. Default: it cannot be interrupted.
    virtual void interrupt() {}  // [any]
    // From open to close: what it lives in, and what a database there calls it, to ack deliveries in its units. Empty: none.
    virtual std::string_view resource() const { return {}; }      // [any]
    virtual std::string_view name_in_unit() const { return {}; }  // [any]

    // ---- looking into it: [any], from open to close ----
    virtual bool can_count() const { return false; }
    virtual Result<sluice_queue_depths> depths();
    // list, get and remove: all of them or none.
    virtual bool can_list() const { return false; }
    virtual Result<void> list(std::string_view after, const sluice_stored_sink& sink);
    virtual Result<void> get(std::string_view place, const sluice_stored_sink& sink);  // invalid: nothing is there
    virtual Result<std::uint64_t> remove(std::span<const sluice_bytes> places);        // how many there were

protected:
    explicit QueuePort(std::string name) : name_(std::move(name)) {}
    void say_capabilities(std::uint64_t capabilities) { capabilities_.store(capabilities, std::memory_order_relaxed); }

private:
    bool can(std::uint64_t capability) const { return (capabilities() & capability) != 0; }

    const std::string name_;
    std::atomic<std::uint64_t> capabilities_{0};  // written by [control]; nothing else is read with it
};

}  // namespace sluice
