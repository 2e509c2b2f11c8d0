#include "flow/machine_memory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/limits.hpp"

namespace sluice {
namespace {

using limits::mib;
constexpr std::uint64_t unknown = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t limit_min = mib, limit_max = std::uint64_t{1} << 40;  // what memory_limit may be
constexpr std::uint64_t limit_unknown = 1024 * mib;                           // a fourth of a small server

std::optional<std::uint64_t> leading_number(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::optional(number) : std::nullopt;
}

std::uint64_t total(const std::filesystem::path& meminfo) {
    constexpr std::string_view name = "MemTotal:";
    std::ifstream file(meminfo);
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name))
            if (const auto kib = leading_number(std::string_view(line).substr(name.size()))) return *kib * 1024;
    return unknown;
}

// The least that a group or one above it allows. "max" is no number; what a container's group is called outside may not exist
// inside, where the limit stands at the top.
std::uint64_t least(const std::filesystem::path& top, std::string_view group, const char* file_name) {
    std::uint64_t found = unknown;
    for (;;) {
        std::string text;
        std::ifstream file(top / group.substr(std::min(group.find_first_not_of('/'), group.size())) / file_name);
        if (std::getline(file, text))
            if (const auto bytes = leading_number(text)) found = std::min(found, *bytes);
        if (group.empty()) return found;
        group = group.substr(0, std::min(group.find_last_of('/'), group.size() - 1));
    }
}

std::uint64_t group_limit(const std::filesystem::path& root) {
    std::uint64_t found = unknown;
    std::ifstream groups(root / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {  // "0::/a/b", or "4:memory,cpu:/a/b"
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string_view group = std::string_view(line).substr(second + 1);
        if (controllers == ",,")
            found = std::min(found, least(root / "sys/fs/cgroup", group, "memory.max"));
        else if (controllers.find(",memory,") != std::string::npos)
            found = std::min(found, least(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
    return found;
}

}  // namespace

std::uint64_t machine_memory(const std::filesystem::path& root) {
    const std::uint64_t memory = std::min(total(root / "proc/meminfo"), group_limit(root));
    return memory == unknown ? 0 : memory;
}

std::uint64_t memory_limit_of(std::uint64_t memory) {
    if (memory == 0) return limit_unknown;
    return std::clamp(memory / limits::memory_share / mib * mib, limit_min, limit_max);
}

std::uint64_t default_memory_limit() {
    static const std::uint64_t limit = memory_limit_of(machine_memory());
    return limit;
}

}  // namespace sluice
