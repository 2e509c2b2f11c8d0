// Whether two paths lead to one file, under whatever names: links, other relative paths, redirected standard input and output.
//
// Threads  any.
// Limits   what does not exist yet is known by its folder and its name there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

// A regular file, or the folder in which it would be made and its name there.
struct FilePlace {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string name;
    bool operator==(const FilePlace&) const = default;
};

// "-" is standard input (`reads`) or output. Empty: a folder, a device, a socket.
std::optional<FilePlace> place_of(const std::string& path, bool reads);

}  // namespace sluice
