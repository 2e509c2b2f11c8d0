#include "app/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/descriptor.hpp"
#include "core/private_files.hpp"

namespace sluice {

Result<StateDir> StateDir::open(const std::filesystem::path& path) {
    if (!make_private_folders(path))
        return Error{ErrorKind::unavailable, "state_dir " + path.string() + ": cannot be created: " + std::strerror(errno) +
                                                 "; name a folder that this user may write"};
    const std::filesystem::path file = path / "lock";
    const int lock = open_private(file, O_RDWR);
    if (lock < 0)
        return Error{ErrorKind::unavailable, "state_dir " + path.string() + ": cannot be written: " + std::strerror(errno) +
                                                 "; name a folder that this user may write"};
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        std::array<char, 32> holder{};
        const ssize_t size = ::pread(lock, holder.data(), holder.size() - 1, 0);
        ::close(lock);
        const std::string pid = size > 0 ? std::string(holder.data(), std::strcspn(holder.data(), "\n")) : "unknown";
        return Error{ErrorKind::unavailable, "state_dir " + path.string() + ": another host holds it (process " + pid +
                                                 "); stop that one or give this one a state_dir of its own"};
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // For people only: the lock itself is the kernel's, so a failure to note the pid changes nothing.
    if (::ftruncate(lock, 0) == 0 && ::pwrite(lock, pid.data(), pid.size(), 0) < 0) errno = 0;
    return StateDir(path, lock);
}

bool StateDir::was_used(const std::filesystem::path& path) {
    std::error_code failed;
    return std::filesystem::exists(path / "lock", failed);
}

bool StateDir::is_locked(const std::filesystem::path& path) {
    const Descriptor lock(::open((path / "lock").c_str(), O_RDWR | O_CLOEXEC));
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

Result<void> StateDir::check_in_place() const {
    const std::filesystem::path file = path_ / "lock";
    struct stat ours {
    }, there{};
    if (::fstat(lock_, &ours) != 0) return {};
    const bool is_there = ::stat(file.c_str(), &there) == 0;
    if (is_there && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino) return {};
    if (!is_there && errno != ENOENT && errno != ENOTDIR) return {};  // a look that fails proves nothing
    return Error{ErrorKind::invalid,
                 "state_dir " + path_.string() + ": its file lock was " + (is_there ? "replaced" : "removed") +
                     " while this host runs, so another one could start on it: leave the folder alone, and start again"};
}

StateDir::~StateDir() {
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace sluice
