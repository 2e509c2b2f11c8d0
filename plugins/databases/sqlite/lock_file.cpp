#include "lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "sluice/sdk/status.hpp"

namespace sluice::sqlite {

void LockFile::acquire(const std::string& database_path) {
    const std::string path = database_path + ".sluice-lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0)
        throw Failure(SLUICE_UNAVAILABLE, "cannot open the lock file \"" + path + "\": " + std::strerror(errno));
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        std::array<char, 24> holder{};
        const ssize_t size = ::pread(descriptor, holder.data(), holder.size() - 1, 0);
        ::close(descriptor);
        if (error != EWOULDBLOCK) throw Failure(SLUICE_UNAVAILABLE, "cannot lock \"" + path + "\": " + std::strerror(error));
        std::string pid(holder.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        pid.resize(std::min(pid.find('\n'), pid.size()));
        throw Failure(SLUICE_UNAVAILABLE, "\"" + database_path + "\" is in use by the process " +
                                              (pid.empty() ? "unknown" : pid) +
                                              ": stop that one first, or configure another path");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // The pid only serves the message above; the lock holds without it.
    if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, pid.data(), pid.size(), 0);
    descriptor_ = descriptor;
}

void LockFile::release() noexcept {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    descriptor_ = -1;
}

}  // namespace sluice::sqlite
