// How the host calls a plugin and hears what went wrong in it: the record of the call, the buffer the plugin writes into, and the fence
// no exception crosses.
//
// Threads      an instance belongs to the thread that makes the call.
// Limits       limits::fault_text_bytes; the plugin's own writes cannot pass it.
#pragma once

#include <array>
#include <exception>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/limits.hpp"
#include "plugin/plugin_call.hpp"
#include "sluice/fault.h"

namespace sluice {

// What the caller can do next after a plugin answered this status.
ErrorKind error_kind(sluice_status status);

// "unavailable"; "status 77" for a number this host does not know.
std::string status_name(sluice_status status);

// One line of UTF-8, whatever a plugin wrote: control characters become spaces, bytes that are not UTF-8 question marks.
std::string clean_text(std::string_view text);

class FaultBuffer {
public:
    FaultBuffer() { clear(); }
    FaultBuffer(const FaultBuffer&) = delete;
    FaultBuffer& operator=(const FaultBuffer&) = delete;

    // To hand to the plugin.
    sluice_fault* get() { return &fault_; }
    void clear();

    const sluice_fault& fault() const { return fault_; }
    std::string text() const;

    // "unavailable: the server is away"; what the plugin did not say is left out.
    Error error(sluice_status status) const;

private:
    std::array<char, limits::fault_text_bytes> bytes_;
    sluice_fault fault_;
};

// Calls into a plugin. The ABI forbids exceptions, yet a plugin may leak one: it ends here and `on_exception` gets its text.
template <typename Call, typename OnException>
auto fenced(Call&& call, OnException&& on_exception) -> decltype(call()) {
    try {
        return call();
    } catch (const std::exception& thrown) {
        return on_exception(std::string_view(thrown.what()));
    } catch (...) {
        return on_exception(std::string_view("an exception that is not a std::exception"));
    }
}

// As fenced(), for functions that answer a status: an exception becomes SLUICE_CONTRACT with its text in the fault.
template <typename Call>
sluice_status fenced_status(FaultBuffer& fault, Call&& call) {
    return fenced(call, [&](std::string_view text) {
        const std::string said = "an exception left the plugin: " + std::string(text);
        return sluice_fault_set(fault.get(), SLUICE_CONTRACT, said.data(), said.size());
    });
}

// As the two above, with the call on record while it runs: fenced_status({part, "poll"}, fault, [&] { … }).
struct CallOf {
    const PluginPart* part;
    const char* function;
};

template <typename Call, typename OnException>
auto fenced(CallOf what, Call&& call, OnException&& on_exception) -> decltype(call()) {
    const PluginCall on_record(what.part, what.function);
    return fenced(call, on_exception);
}

// For functions that answer nothing and whose exceptions nobody can do anything about.
template <typename Call>
void fenced(CallOf what, Call&& call) {
    const PluginCall on_record(what.part, what.function);
    fenced(call, [](std::string_view) {});
}

template <typename Call>
sluice_status fenced_status(CallOf what, FaultBuffer& fault, Call&& call) {
    const PluginCall on_record(what.part, what.function);
    return fenced_status(fault, call);
}

}  // namespace sluice
