#include "lock_file.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "new_file.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::sqlite {
namespace {

bool is_network(const struct statfs& system) {
    constexpr std::array<unsigned, 4> network{NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC};
    for (const unsigned magic : network)
        if (static_cast<unsigned>(system.f_type) == magic) return true;
    return false;
}

bool is_on_network(int descriptor) {
    struct statfs system {};
    return ::fstatfs(descriptor, &system) == 0 && is_network(system);
}

// Of whoever has an flock on the file, as the kernel lists them: "1: FLOCK  ADVISORY  WRITE 1234 08:01:131074 0 EOF".
std::string holder_of(int descriptor) {
    struct stat file {};
    if (::fstat(descriptor, &file) != 0) return {};
    const std::string inode = ":" + std::to_string(file.st_ino);
    std::ifstream locks("/proc/locks");
    std::string number, kind, mode, access, pid, place, rest;
    while (locks >> number >> kind && (kind == "->" ? bool(locks >> kind) : true) && locks >> mode >> access >> pid >> place &&
           std::getline(locks, rest))
        if (kind == "FLOCK" && place.ends_with(inode)) return pid;
    return {};
}

// A conflict, not unavailable: the host refuses to start rather than wait for another one to end.
[[noreturn]] void refuse(const std::string& path, const std::string& pid, const char* how) {
    throw Failure(SLUICE_CONFLICT, "\"" + path + "\" is in use by the process " + (pid.empty() ? "unknown" : pid) + how +
                                       ": stop that one first, or configure another path");
}

// False: somebody else has it.
bool lock(int descriptor, const std::string& path) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    throw Failure(SLUICE_UNAVAILABLE, "cannot lock \"" + path + "\": " + std::strerror(errno));
}

}  // namespace

bool is_on_network(const std::string& path) {
    struct statfs system {};
    return ::statfs(path.c_str(), &system) == 0 && is_network(system);
}

void LockFile::acquire(const std::string& database_path) {
    try {
        const std::string path = database_path + ".sluice-lock";
        note_ = open_or_create(path);
        if (!lock(note_, path)) {
            std::array<char, 24> holder{};
            const ssize_t size = ::pread(note_, holder.data(), holder.size() - 1, 0);
            std::string pid(holder.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
            pid.resize(std::min(pid.find('\n'), pid.size()));
            refuse(database_path, pid, "");
        }
        database_ = ::open(database_path.c_str(), O_RDONLY | O_CLOEXEC);
        if (database_ < 0) throw Failure(SLUICE_UNAVAILABLE, "cannot open \"" + database_path + "\": " + std::strerror(errno));
        if (!is_on_network(database_) && !lock(database_, database_path))
            refuse(database_path, holder_of(database_), " under another name (a link or a mount)");
    } catch (...) {
        release();
        throw;
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    // The pid only serves the message above; the lock holds without it.
    if (::ftruncate(note_, 0) == 0) (void)!::pwrite(note_, pid.data(), pid.size(), 0);
}

void LockFile::release() noexcept {
    for (int* descriptor : {&database_, &note_})
        if (const int open = std::exchange(*descriptor, -1); open >= 0) ::close(open);
}

}  // namespace sluice::sqlite
