#include "core/private_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace sluice {
namespace {

constexpr mode_t folder_mode = 0750;
constexpr mode_t file_mode = 0640;

}  // namespace

bool make_private_folders(const std::filesystem::path& folder) {
    std::error_code unknown;
    if (folder.empty() || std::filesystem::is_directory(folder, unknown)) return true;
    if (folder.has_parent_path() && folder.parent_path() != folder && !make_private_folders(folder.parent_path())) return false;
    if (::mkdir(folder.c_str(), folder_mode) == 0)
        return ::chmod(folder.c_str(), folder_mode) == 0;  // what the umask took away
    const int failed = errno;
    if (failed == EEXIST && std::filesystem::is_directory(folder, unknown)) return true;
    errno = failed == EEXIST ? ENOTDIR : failed;  // it is there, and something else
    return false;
}

int open_private(const std::filesystem::path& file, int flags) {
    const int made = ::open(file.c_str(), flags | O_CREAT | O_EXCL | O_CLOEXEC, file_mode);
    if (made >= 0) {
        // What the umask took away. A file system without modes is no reason to fail.
        if (::fchmod(made, file_mode) != 0) errno = 0;
        return made;
    }
    if (errno != EEXIST || (flags & O_EXCL) != 0) return -1;
    return ::open(file.c_str(), flags | O_CREAT | O_CLOEXEC, file_mode);
}

}  // namespace sluice
