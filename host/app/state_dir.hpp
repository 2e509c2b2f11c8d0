// The folder of a host's state, held by one process at a time. The folder is 0750 and its files 0640, whatever the umask.
//
// Threads      main.
// Ownership    the lock lasts as long as the object; the kernel ends it with the process, however that ends (flock(2)).
#pragma once

#include <filesystem>
#include <utility>

#include "core/error.hpp"

namespace sluice {

class StateDir {
public:
    // Creates the folder if it is missing. unavailable: it cannot be created or written, or another host holds it (named by its
    // pid).
    static Result<StateDir> open(const std::filesystem::path& path);
    // Has a process ever held it?
    static bool was_used(const std::filesystem::path& path);
    // Does a process hold it now?
    static bool is_locked(const std::filesystem::path& path);
    StateDir(StateDir&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
    StateDir& operator=(StateDir&&) = delete;
    ~StateDir();

    const std::filesystem::path& path() const { return path_; }
    // Whether it is still the folder that was opened. invalid: somebody has removed or replaced it, and with it the lock; what
    // this host writes there nobody would find.
    Result<void> check_in_place() const;

private:
    StateDir(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::filesystem::path path_;
    int lock_;
};

}  // namespace sluice
