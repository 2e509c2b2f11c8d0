// How much memory there is for this process: the machine's, or what its control group allows if that is less.
//
// Threads      any.
// Sources      proc(5) meminfo and cgroups(7); memory.max and memory.limit_in_bytes of the kernel's cgroup-v2 and cgroup-v1
//              documents.
#pragma once

#include <cstdint>
#include <filesystem>

namespace sluice {

// Bytes; 0 = unknown. `root`: where /proc and /sys are found.
std::uint64_t machine_memory(const std::filesystem::path& root = "/");

// What all messages in flight may take where nobody says otherwise: a share of it (limits::memory_share) in whole MiB. The same
// for as long as the process lives.
std::uint64_t default_memory_limit();
std::uint64_t memory_limit_of(std::uint64_t memory);

}  // namespace sluice
