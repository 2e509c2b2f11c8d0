// SLUICE_PLUGIN: makes a shared library a plugin. Once a library, at namespace scope, in one source file:
//
//   SLUICE_PLUGIN("com.acme.orders", "1.2.0",
//                 sluice::handler<Orders>("orders", "Writes orders to a table.",
//                                         sluice::text("table", "Table that receives the orders.").otherwise("orders")))
//
// It writes the manifest into its section and defines the one exported function, with the negotiation of the version, the
// module's and the components' tables. A plugin works with every host of its major version; one that cannot do without
// something newer says SLUICE_PLUGIN_NEEDING(minor, id, version, components...).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>

#include "sluice/sdk/manifest.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {
namespace detail {

template <typename... Components>
constexpr Plugin<Components...> make_plugin(std::uint16_t minor_needed, std::string_view id, std::string_view version,
                                            const Components&... components) {
    static_assert(sizeof...(Components) != 0, "a plugin needs a component");
    if (id.empty() || version.empty()) throw std::logic_error("a plugin needs an id and a version");
    return {id, version, minor_needed, std::tuple<Components...>(components...)};
}

template <const auto& plugin>
struct Module {
    static constexpr auto components = std::apply(
        [](const auto&... each) {
            return std::array<sluice_component, sizeof...(each)>{
                sluice_component{sizeof(sluice_component), each.kind, bytes(each.name), each.table}...};
        },
        plugin.components);

    static const sluice_component* component(std::uint32_t index) noexcept {
        return index < components.size() ? &components[index] : nullptr;
    }

    static constexpr sluice_module table{
        sizeof(sluice_module), components.size(), bytes(plugin.id), bytes(plugin.version), nullptr, nullptr, &component};
};

inline sluice_status enter(const sluice_hello* hello, sluice_reply* reply, sluice_fault* fault, std::uint16_t needed,
                           const sluice_module* module) noexcept {
    if (hello == nullptr || reply == nullptr || !SLUICE_HAS(hello, minor_newest) || !SLUICE_HAS(reply, module))
        return say(fault, SLUICE_CONTRACT, "the host's greeting is incomplete");
    if (hello->minor_newest < needed || hello->minor_oldest > SLUICE_ABI_MINOR)
        return guarded(fault, [&]() -> Status {
            return {SLUICE_UNSUPPORTED, "the plugin speaks ABI " + std::to_string(SLUICE_ABI_MAJOR) + "." +
                                            std::to_string(needed) + " to " + std::to_string(SLUICE_ABI_MAJOR) + "." +
                                            std::to_string(SLUICE_ABI_MINOR) + " and the host " +
                                            std::to_string(SLUICE_ABI_MAJOR) + "." + std::to_string(hello->minor_oldest) +
                                            " to " + std::to_string(SLUICE_ABI_MAJOR) + "." +
                                            std::to_string(hello->minor_newest) + ": update the older one"};
        });
    reply->minor_needed = needed;
    reply->minor = std::min<std::uint16_t>(hello->minor_newest, SLUICE_ABI_MINOR);
    reply->module = module;
    return SLUICE_OK;
}

}  // namespace detail
}  // namespace sluice::inline sdk

// Keeps the manifest through --gc-sections, where the compiler knows how.
#if defined(__has_attribute) && __has_attribute(retain)
#define SLUICE_DETAIL_RETAIN , retain
#else
#define SLUICE_DETAIL_RETAIN
#endif

#define SLUICE_PLUGIN_NEEDING(minor_needed, id, version, ...)                                                          \
    namespace {                                                                                                        \
    constexpr auto sluice_this_plugin = ::sluice::detail::make_plugin(minor_needed, id, version, __VA_ARGS__);         \
    __attribute__((section(SLUICE_MANIFEST_SECTION), used SLUICE_DETAIL_RETAIN)) constexpr auto sluice_this_manifest = \
        ::sluice::detail::manifest_image<sluice_this_plugin>();                                                        \
    }                                                                                                                  \
    extern "C" SLUICE_EXPORT sluice_status sluice_plugin_entry_v1(const sluice_hello* hello, sluice_reply* reply,      \
                                                                  sluice_fault* fault) {                               \
        return ::sluice::detail::enter(hello, reply, fault, minor_needed,                                              \
                                       &::sluice::detail::Module<sluice_this_plugin>::table);                          \
    }

#define SLUICE_PLUGIN(id, version, ...) SLUICE_PLUGIN_NEEDING(0, id, version, __VA_ARGS__)
