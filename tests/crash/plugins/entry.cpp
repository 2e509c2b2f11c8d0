// The entry: loads the real plugin, says hello to it, and offers its components with faulty tables.
#include <dlfcn.h>

#include <deque>
#include <string>

#include "tables.hpp"

asm(".pushsection .sluice.manifest,\"aR\",@progbits\n.incbin \"" FAULTY_MANIFEST "\"\n.popsection\n");

namespace {

using namespace faulty;

const sluice_module* real_module = nullptr;
std::deque<std::string> names;
std::deque<sluice_component> components;
sluice_module module_{};

const void* faulty_table(const sluice_component& real) {
    switch (real.kind) {
        case SLUICE_KIND_HANDLER: return faulty_handler(*static_cast<const sluice_handler*>(real.table));
        case SLUICE_KIND_QUEUE: return faulty_queue(*static_cast<const sluice_queue*>(real.table));
        default: return faulty_database(*static_cast<const sluice_database*>(real.table));
    }
}

const sluice_component* component(std::uint32_t index) {
    return index < components.size() ? &components[index] : nullptr;
}

sluice_status refuse(sluice_fault* fault, const char* why) {
    return sluice_fault_set(fault, SLUICE_FAILED, why, std::strlen(why));
}

}  // namespace

extern "C" SLUICE_EXPORT sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply,
                                                              sluice_fault* fault) {
    void* file = ::dlopen(FAULTY_REAL, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (file == nullptr) return refuse(fault, ::dlerror());
    void* symbol = ::dlsym(file, SLUICE_ENTRY_SYMBOL);
    if (symbol == nullptr) return refuse(fault, ::dlerror());
    if (const sluice_status status = reinterpret_cast<sluice_plugin_entry_fn>(symbol)(hello, reply, fault); status != SLUICE_OK)
        return status;
    if (real_module != nullptr) {
        reply->module = &module_;
        return SLUICE_OK;
    }
    real_module = reply->module;
    for (std::uint32_t i = 0; i < real_module->component_count; ++i) {
        const sluice_component& real = *real_module->component(i);
        const std::string& name = names.emplace_back("faulty_" + std::string(view(real.name)));
        components.push_back({sizeof(sluice_component), real.kind, {name.data(), name.size()}, faulty_table(real)});
    }
    module_ = copy_of(*real_module);
    module_.component = &component;
    reply->module = &module_;
    return SLUICE_OK;
}
