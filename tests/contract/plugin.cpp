#include "plugin.hpp"

#include <dlfcn.h>

#include <stdexcept>

#include "answer.hpp"

namespace sluice::contract {

const void* load_table(const std::string& plugin, std::uint32_t kind, const std::string& component, const Sizes& sizes) {
    const std::string file = plugin.find('/') == std::string::npos ? SLUICE_PLUGINS "/" + plugin + ".so" : plugin;
    void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) throw std::runtime_error(::dlerror());
    const auto enter = reinterpret_cast<sluice_plugin_entry_fn>(::dlsym(library, SLUICE_ENTRY_SYMBOL));
    if (enter == nullptr) throw std::runtime_error(file + " has no " SLUICE_ENTRY_SYMBOL);

    sluice_hello greeting{};
    greeting.minor_newest = SLUICE_ABI_MINOR;
    greeting.host_name = bytes("contract-tests");
    greeting.host_version = bytes("1");
    const Sized<sluice_hello> hello(greeting, sizes);
    const Sized<sluice_reply> reply({}, sizes);
    const Answer entered = ask(sizes, [&](sluice_fault* fault) { return enter(hello.get(), reply.get(), fault); });
    if (!entered.ok()) throw std::runtime_error(file + ": " + entered.text);
    if (!reply.is_intact()) throw std::runtime_error(file + " has written past the reply's struct_size");

    const auto module = whole_table<sluice_module>(reply.value().module);
    if (module.init != nullptr) {
        const Answer begun = ask(sizes, [&](sluice_fault* fault) { return module.init(fault); });
        if (!begun.ok()) throw std::runtime_error(file + ": " + begun.text);
    }
    for (std::uint32_t i = 0; i < module.component_count; ++i) {
        const auto found = whole_table<sluice_component>(module.component(i));
        if (found.kind == kind && view(found.name) == component) return found.table;
    }
    throw std::runtime_error(file + " has no component " + component + " of this kind");
}

}  // namespace sluice::contract
