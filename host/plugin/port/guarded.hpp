// How the host calls a plugin: the call on record while it runs, and a guard that no exception crosses. The ABI forbids
// exceptions, yet a plugin may leak one.
//
// Threads      those of the function that is called.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "plugin/fault.hpp"
#include "plugin/plugin_call.hpp"

namespace sluice {

// An exception ends here, and `on_exception` gets its text.
template <typename Call, typename OnException>
auto guarded(Call&& call, OnException&& on_exception) -> decltype(call()) {
    try {
        return call();
    } catch (const std::exception& thrown) {
        return on_exception(std::string_view(thrown.what()));
    } catch (...) {
        return on_exception(std::string_view("an exception that is not a std::exception"));
    }
}

// As guarded(), for functions that answer a status: an exception becomes SLUICE_CONTRACT with its text in the fault.
template <typename Call>
sluice_status guarded_status(FaultBuffer& fault, Call&& call) {
    return guarded(call, [&](std::string_view text) {
        const std::string said = "an exception left the plugin: " + std::string(text);
        return sluice_fault_set(fault.get(), SLUICE_CONTRACT, said.data(), said.size());
    });
}

// As the two above, with the call on record while it runs: guarded_status({part, "poll"}, fault, [&] { … }).
struct CallOf {
    const PluginPart* part;
    const char* function;
};

template <typename Call, typename OnException>
auto guarded(CallOf what, Call&& call, OnException&& on_exception) -> decltype(call()) {
    const PluginCall on_record(what.part, what.function);
    return guarded(call, on_exception);
}

// For functions that answer nothing and whose exceptions nobody can do anything about.
template <typename Call>
void guarded(CallOf what, Call&& call) {
    const PluginCall on_record(what.part, what.function);
    guarded(call, [](std::string_view) {});
}

template <typename Call>
sluice_status guarded_status(CallOf what, FaultBuffer& fault, Call&& call) {
    const PluginCall on_record(what.part, what.function);
    return guarded_status(fault, call);
}

}  // namespace sluice
