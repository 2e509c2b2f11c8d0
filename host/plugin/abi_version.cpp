#include "plugin/abi_version.hpp"

#include <fmt/format.h>

namespace sluice {

std::string to_string(const AbiRange& range) {
    if (range.minor_oldest == range.minor_newest) return fmt::format("{}.{}", range.major, range.minor_newest);
    return fmt::format("{0}.{1} to {0}.{2}", range.major, range.minor_oldest, range.minor_newest);
}

std::string abi_mismatch(const AbiRange& plugin, const AbiRange& host) {
    const std::string both = fmt::format("plugin ABI {} and this host speaks {}", to_string(plugin), to_string(host));
    if (plugin.major != host.major)
        return fmt::format("it is built for {}; use a build of the plugin for ABI {}, or a host that speaks ABI {}", both,
                           host.major, plugin.major);
    if (plugin.minor_oldest > host.minor_newest)
        return fmt::format("it needs {}; update the host, or use an older build of the plugin", both);
    if (plugin.minor_newest < host.minor_oldest)
        return fmt::format("it speaks {}; build the plugin again with newer headers, or use an older host", both);
    return {};
}

}  // namespace sluice
