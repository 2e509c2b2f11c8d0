#include "plugin/library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "core/bytes.hpp"
#include "plugin/abi_version.hpp"
#include "plugin/crash_report.hpp"
#include "plugin/port/guarded.hpp"
#include "plugin/refusal.hpp"
#include "plugin/tables.hpp"

namespace sluice {
namespace {

// What a module says may have no bytes.
std::string_view text_said(const sluice_bytes& bytes) {
    return bytes.data == nullptr ? std::string_view{} : view_of(bytes);
}

sluice_bytes bytes(std::string_view text) {
    return {text.data(), text.size()};
}

std::string kind_name(std::uint32_t kind) {
    if (kind >= SLUICE_KIND_HANDLER && kind <= SLUICE_KIND_DATABASE) return to_string(static_cast<ComponentKind>(kind));
    return fmt::format("kind {}", kind);
}

// RTLD_NODELETE: when Boost.DLL closes its handle, at the end of load(), the code stays for the rest of the process.
constexpr auto load_mode = static_cast<boost::dll::load_mode::type>(RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

struct EntryPoint {
    sluice_plugin_entry_fn call;
};

Result<EntryPoint> find_entry(const Manifest& manifest) {
    boost::dll::shared_library library;
    boost::dll::fs::error_code failed;
    ::dlerror();
    // Boost.DLL answers "bad file descriptor" whatever happened; the loader's own words wait in dlerror().
    {
        const PluginCall call(&plugin_part({}, manifest.file.string()),
                              "load");  // constructors of its static objects run in there
        library.load(manifest.file.c_str(), failed, load_mode);
    }
    if (failed) {
        const char* reason = ::dlerror();
        return refused(manifest.file,
                       fmt::format("it cannot be loaded ({}); build it for this machine, or install what it needs",
                                   reason != nullptr ? reason : failed.message()));
    }
    if (!library.has(SLUICE_ENTRY_SYMBOL))
        return refused(manifest.file,
                       "it does not export " SLUICE_ENTRY_SYMBOL "; define it and build the plugin with sluice_add_plugin()",
                       ErrorKind::contract);
    return EntryPoint{&library.get<std::remove_pointer_t<sluice_plugin_entry_fn>>(SLUICE_ENTRY_SYMBOL)};
}

}  // namespace

Error Library::broken(std::string_view why) const {
    return refused(
        manifest_.file,
        fmt::format("{}; this is a mistake in the plugin {}, ask its author for a build that corrects it", why, manifest_.id),
        ErrorKind::contract);
}

Error Library::disagrees(std::string_view what, std::string_view in_manifest, std::string_view in_module) const {
    return broken(fmt::format("its manifest and its module disagree: {} is {} in the manifest and {} in the module", what,
                              in_manifest, in_module));
}

Result<std::unique_ptr<Library>> Library::load(Manifest manifest) {
    const Result<EntryPoint> entry = find_entry(manifest);
    if (!entry) return entry.error();
    std::unique_ptr<Library> library(new Library(std::move(manifest)));
    Result<void> step = library->introduce(entry->call);
    if (step) step = library->check_module();
    if (step) step = library->initialise();
    if (step) step = library->take_components();
    if (!step) return std::move(step).error();
    crash_report::guard_exit();
    return library;
}

Library::~Library() {
    if (initialised_ && module_.fini != nullptr) guarded({part_, "fini"}, [this] { module_.fini(); });
}

// Host says hello, the plugin replies: the minor to speak, and its module.
Result<void> Library::introduce(sluice_plugin_entry_fn entry) {
    sluice_hello hello{};
    hello.struct_size = sizeof hello;
    hello.minor_oldest = host_abi.minor_oldest;
    hello.minor_newest = host_abi.minor_newest;
    hello.host_name = bytes("sluice");
    hello.host_version = bytes(SLUICE_VERSION);
    sluice_reply reply{};
    reply.struct_size = sizeof reply;
    FaultBuffer fault;
    const sluice_status status =
        guarded_status({part_, SLUICE_ENTRY_SYMBOL}, fault, [&] { return entry(&hello, &reply, fault.get()); });
    if (status != SLUICE_OK)
        return refused(manifest_.file,
                       fmt::format("it refused this host ({}); correct what it complains about", fault.error(status).message),
                       error_kind(status));

    if (reply.minor_needed != manifest_.abi_minor_needed)
        return disagrees("the minor needed", std::to_string(manifest_.abi_minor_needed), std::to_string(reply.minor_needed));
    const std::uint16_t minor = std::min(host_abi.minor_newest, manifest_.abi_minor);
    if (reply.minor != minor)
        return broken(fmt::format("it chose to speak ABI minor {} where the lower of both sides is {}", reply.minor, minor));
    minor_ = minor;

    if (reply.module == nullptr) return broken("its module is NULL");
    constexpr std::size_t mandatory = offsetof(sluice_module, component) + sizeof module_.component;
    if (reply.module->struct_size < mandatory)
        return broken(fmt::format("its sluice_module says struct_size {}, but the mandatory members alone take {}",
                                  reply.module->struct_size, mandatory));
    std::memcpy(&module_, reply.module, std::min<std::size_t>(reply.module->struct_size, sizeof module_));
    return {};
}

Result<void> Library::check_module() const {
    if (text_said(module_.id) != manifest_.id) return disagrees("the id", manifest_.id, clean_text(text_said(module_.id)));
    if (text_said(module_.version) != manifest_.version)
        return disagrees("the version", manifest_.version, clean_text(text_said(module_.version)));
    if (module_.component_count != manifest_.components.size())
        return disagrees("the number of components", std::to_string(manifest_.components.size()),
                         std::to_string(module_.component_count));
    if (module_.component == nullptr) return broken("its sluice_module has no component, which is mandatory");
    return {};
}

Result<void> Library::initialise() {
    if (module_.init != nullptr) {
        FaultBuffer fault;
        const sluice_status status = guarded_status({part_, "init"}, fault, [&] { return module_.init(fault.get()); });
        if (status != SLUICE_OK)
            return refused(manifest_.file,
                           fmt::format("its init failed ({}); correct what it complains about", fault.error(status).message),
                           error_kind(status));
    }
    initialised_ = true;
    return {};
}

Result<void> Library::take_components() {
    for (std::uint32_t index = 0; index < module_.component_count; ++index) {
        const ComponentSpec& spec = manifest_.components[index];
        if (!spec.needs_newer.empty()) {  // whatever it is, nobody here asks for it
            tables_.emplace_back();
            continue;
        }
        const std::string which = fmt::format("component {}", index);
        std::string thrown;
        const sluice_component* component = guarded(
            {part_, "component"}, [&] { return module_.component(index); },
            [&](std::string_view text) {
                thrown = fmt::format("; an exception left the plugin: {}", clean_text(text));
                return static_cast<const sluice_component*>(nullptr);
            });
        if (component == nullptr) return broken(fmt::format("its {} is NULL{}", which, thrown));
        // The plugin's own size: it may be built against headers in which the struct ended earlier, or ends later.
        constexpr std::size_t mandatory = offsetof(sluice_component, table) + sizeof component->table;
        if (component->struct_size < mandatory)
            return broken(fmt::format("its sluice_component {} says struct_size {}, but the mandatory members alone take {}",
                                      index, component->struct_size, mandatory));
        if (component->kind != static_cast<std::uint32_t>(spec.kind) || text_said(component->name) != spec.name)
            return disagrees(which, fmt::format("the {} \"{}\"", to_string(spec.kind), spec.name),
                             fmt::format("the {} \"{}\"", kind_name(component->kind), clean_text(text_said(component->name))));

        const auto take = [&](auto table) -> std::string {
            std::string why = take_table(component->table, spec, table);
            tables_.emplace_back(table);
            return why;
        };
        std::string why;
        switch (spec.kind) {
            case ComponentKind::handler: why = take(sluice_handler{}); break;
            case ComponentKind::queue: why = take(sluice_queue{}); break;
            case ComponentKind::database: why = take(sluice_database{}); break;
            case ComponentKind::unknown: break;  // needs_newer
        }
        if (!why.empty()) return broken(fmt::format("{} \"{}\": {}", to_string(spec.kind), spec.name, why));
    }
    return {};
}

}  // namespace sluice
