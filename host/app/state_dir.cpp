#include "app/state_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "core/descriptor.hpp"

namespace sluice {

Result<StateDir> StateDir::open(const std::filesystem::path& path) {
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    if (failed)
        return Error{ErrorKind::unavailable, "state_dir " + path.string() + ": cannot be created: " + failed.message() +
                                                 "; name a folder that this user may write"};
    const std::filesystem::path file = path / "lock";
    const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
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

bool StateDir::held(const std::filesystem::path& path) {
    const Descriptor lock(::open((path / "lock").c_str(), O_RDWR | O_CLOEXEC));
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

StateDir::~StateDir() {
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace sluice
