// Which call into a plugin each thread is in. Whoever has to name one reads it here: the note of a crash or of a call of exit()
// (crash_report.hpp), and the watch over calls that do not return (call_watch.hpp).
//
//   { const PluginCall call(part, "open"); table.open(self, fault); }
//
// These are the only global variables of the host: a signal handler has nothing but the thread that it runs on.
//
// Threads      a record is written by its own thread; read by any under the list's lock, and by that thread's signal handlers.
// Ownership    parts live as long as the process, since it may crash at any time.
// Cost         four plain stores when a call begins and one when it ends; no clock, no locked instruction. The first call of
//              a thread lists it and gives it a stack for signal handlers.
// Limits       a part for each component and worker of the configurations that were in use.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sluice/message.h"

namespace sluice {

// Whose functions are called.
struct PluginPart {
    std::string component;  // "pools.airports.handler[3]", or empty while its library is loaded
    std::string plugin;     // the file
};
const PluginPart& plugin_part(std::string_view component, std::string_view plugin);

struct CallRecord {
    // (W) release when a call begins, pairs with (R) acquire of who looks: who sees the part sees the name that belongs to it.
    // Between two looks the number says whether it is the same call.
    std::atomic<const PluginPart*> part{nullptr};  // NULL: in none
    std::atomic<const char*> function{nullptr};
    std::atomic<const sluice_message*> message{nullptr};  // of a handler's call; valid for its own thread only
    std::atomic<std::uint64_t> number{0};
    bool listed = false;  // its own thread
};

namespace calls {

inline constinit thread_local CallRecord mine;

// Lists this thread until it ends, with an alternate stack for signal handlers (sigaltstack(2)).
void list_thread();
// All records whose threads are alive, under the lock; `thread`: as in gettid(2).
void each(const std::function<void(const CallRecord&, pid_t thread)>& look);

}  // namespace calls

class PluginCall {
public:
    PluginCall(const PluginPart* part, const char* function, const sluice_message* message = nullptr) {
        CallRecord& record = calls::mine;
        if (!record.listed) [[unlikely]]
            calls::list_thread();
        part_before_ = record.part.load(std::memory_order_relaxed);
        if (part_before_ != nullptr) [[unlikely]] {
            function_before_ = record.function.load(std::memory_order_relaxed);
            message_before_ = record.message.load(std::memory_order_relaxed);
            if (message == nullptr) message = message_before_;  // a call within a handler's is for its message
        }
        record.number.store(record.number.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        record.function.store(function, std::memory_order_relaxed);
        record.message.store(message, std::memory_order_relaxed);
        record.part.store(part, std::memory_order_release);  // (W)
    }
    ~PluginCall() {
        CallRecord& record = calls::mine;
        record.part.store(part_before_, std::memory_order_release);
        if (part_before_ == nullptr) return;  // in none: what is left of this one says nothing
        record.function.store(function_before_, std::memory_order_relaxed);
        record.message.store(message_before_, std::memory_order_relaxed);
    }
    PluginCall(const PluginCall&) = delete;
    PluginCall& operator=(const PluginCall&) = delete;

private:
    const PluginPart* part_before_;  // a handler's call of a service may end in another plugin; NULL: there is none before
    const char* function_before_;    // only with part_before_, as the next
    const sluice_message* message_before_;
};

// Functions that hold a message: a call of theirs is looked after by the watchdog of its pool, which knows the message and its
// key.
inline constexpr char handle_call[] = "handle";
inline constexpr char resume_call[] = "resume";

}  // namespace sluice
