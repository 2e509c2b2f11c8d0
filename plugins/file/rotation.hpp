// Which file is which, after files have been renamed, copied and cut by a program that rotates them.
//
// A file is known again by device and inode together with its fingerprints; a copy of it by the fingerprints alone.
//
// Threads  any.
// Errors   Failure(unavailable): the disk, or a folder or file that may not be read.
// Limits   looks at no more than folder_entries_max names of the folder.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file_descriptor.hpp"
#include "position.hpp"

namespace sluice::file {

inline constexpr std::size_t folder_entries_max = 100'000;

inline FileId id_of(const struct stat& status) {
    return {status.st_dev, status.st_ino};
}
inline std::int64_t modified_ns(const struct stat& status) {
    return status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
}

struct stat status_of(int descriptor);
// What has a path: a regular file, open, or why there is none.
struct Named {
    FileDescriptor file{};
    int error = 0;               // errno of opening it
    const char* kind = nullptr;  // not a regular file, but "a folder" or the like

    bool missing() const { return error == ENOENT; }
};
Named open_named(const std::string& path);
// The sentence for one without a file.
std::string cannot_open(const std::string& path, const Named& named);

// Whether all that the position says has been read is there, unchanged.
bool fits(int descriptor, const Position& position);

class Rotation {
public:
    explicit Rotation(std::string path);

    const std::string& path() const { return path_; }
    const std::string& folder() const { return folder_; }
    const std::string& name() const { return name_; }
    // A name that an earlier file of this path may have now: path.1, path-20240131, name.2.ext for name.ext. What was
    // compressed is not.
    bool may_be_earlier(std::string_view name) const;

    // Why the folder cannot be looked through now; empty: it can.
    std::string obstacle() const;
    // The file that the position is of, under the path or any name of the folder; else the latest earlier file that is a copy
    // of it, made at `since_ns` or later if nothing of it was settled. Failure(unavailable): the file may not be read.
    std::optional<FileDescriptor> find(const Position& position, std::int64_t since_ns) const;
    // Earlier files last modified at `since_ns` or later, and not among `known`; the oldest first. Files are stamped by a clock
    // that stands still for up to 10 ms, so names decide between equal times: .2 is older than .1, -20240130 than -20240131.
    // Failure(unavailable): one of them may not be read, and what comes behind it has to wait.
    std::vector<FileDescriptor> earlier_files(std::int64_t since_ns, const std::vector<FileId>& known) const;

private:
    // 2 for path.2 and name.2.ext, which count up with each rotation; 0 for a date or another word.
    int generation(std::string_view name) const;
    template <typename Use>
    void each_file(const Use& use) const;

    const std::string path_;
    std::string folder_;
    std::string name_;
};

}  // namespace sluice::file
