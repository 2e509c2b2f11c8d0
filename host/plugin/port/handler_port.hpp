// A handler as the host uses it: the one way to it, whoever stands behind it (plugin_handler.hpp: a plugin in this process).
//
// What a handler may leave out has one answer here, given with its function: no caller looks whether something is there.
//
// Threads      the tag at each function: [control] not at the same time as any other call but [any]; [worker] whoever runs the
//              handler's worker, one at a time; [any].
// Ownership    what a function is given lives until it returns; the views of a message that is deferred until its ticket has
//              ended.
// Errors       of create and start: one sentence behind the handler's path. No exception of a handler's leaves a function: it
//              is the handler's own misbehaviour, and said as that.
// Cost         handle and resume: one virtual call, and nothing is allocated.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "plugin/plugin_call.hpp"
#include "sluice/handler.h"

namespace sluice {

// What a handler says of itself, the same for all its instances.
class HandlerFlags {
public:
    explicit HandlerFlags(std::uint32_t said) : said_(said) {}

    // An instance always runs on the same thread.
    bool is_thread_affine() const { return (said_ & SLUICE_HANDLER_THREAD_AFFINE) != 0; }
    // All that it does goes through the host, and is undone with the unit of work.
    bool has_no_outside_effects() const { return (said_ & SLUICE_HANDLER_NO_OUTSIDE_EFFECTS) != 0; }
    // It copies what it needs of a message that it defers.
    bool keeps_no_views() const { return (said_ & SLUICE_HANDLER_KEEPS_NO_VIEWS) != 0; }

private:
    std::uint32_t said_;
};

// One worker's instance. Its end is that of the object: [control].
class HandlerPort {
public:
    // What came of a call with a message.
    struct Answer {
        sluice_verdict verdict;
        bool threw = false;  // then it is SLUICE_RETRY, with SLUICE_CONTRACT and a text in the fault
    };

    virtual ~HandlerPort() = default;
    HandlerPort(const HandlerPort&) = delete;
    HandlerPort& operator=(const HandlerPort&) = delete;

    // [control] May be called again after it failed.
    virtual Result<void> start() = 0;
    // [control] Before start: what all instances of a pool are to share; NULL: they share nothing. It is freed with the last
    // that refers to it: each instance that was given it does, until its own end.
    virtual Result<std::shared_ptr<void>> load_shared() { return std::shared_ptr<void>(); }
    // [control] Before start.
    virtual void use_shared(std::shared_ptr<void>) {}
    // [control] After the last message. It has stopped whatever is answered: an error is only to be logged.
    virtual Result<void> stop() = 0;

    // [worker] The verdict as the handler gave it: it may be none that there is.
    virtual Answer handle(const sluice_message& message, sluice_ticket ticket, sluice_fault* fault) = 0;
    // [worker] Only if can_resume().
    virtual Answer resume(const sluice_message& message, sluice_ticket ticket, std::uint64_t cookie, sluice_fault* fault) = 0;
    // [any]
    virtual bool can_resume() const = 0;
    // [worker] Only if can_batch(). The verdicts are in the batch, as the handler gave them: they may be none that there are.
    // False: it threw, and the fault says what; then the verdicts are those from before.
    virtual bool handle_batch(const sluice_batch&, sluice_fault*) { return false; }
    // [any]
    virtual bool can_batch() const { return false; }

    // [any] The time of a ticket is over. Nothing where it cannot be told.
    virtual void cancel(sluice_ticket ticket) = 0;
    // [any]
    virtual bool can_cancel() const = 0;

    // [any]
    virtual HandlerFlags flags() const = 0;

    // [control] What it offers under this id beyond the functions here; NULL: nothing.
    virtual const void* extension(std::string_view) { return nullptr; }

protected:
    HandlerPort() = default;
};

// A handler of which there is no instance yet: a pool makes one for each of its workers.
class HandlerFactory {
public:
    virtual ~HandlerFactory() = default;

    // [any]
    virtual HandlerFlags flags() const = 0;
    // [control] `part`: whose calls these are, as a crash or a hang names it; NULL: by the component's path alone.
    virtual Result<std::unique_ptr<HandlerPort>> create(const sluice_setup& setup, const PluginPart* part) const = 0;
};

}  // namespace sluice
