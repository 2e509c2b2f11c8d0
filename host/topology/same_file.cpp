#include "topology/same_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr int links_max = 40;  // as many as the kernel follows

}  // namespace

std::optional<FilePlace> place_of(const std::string& path, bool reads) {
    struct stat status {};
    const bool there =
        path == "-" ? ::fstat(reads ? STDIN_FILENO : STDOUT_FILENO, &status) == 0 : ::stat(path.c_str(), &status) == 0;
    if (there) {
        if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) return std::nullopt;
        return FilePlace{status.st_dev, status.st_ino, {}};
    }
    if (path == "-") return std::nullopt;
    // A link to what is not there yet is what it leads to.
    fs::path to = path;
    std::error_code failed;
    for (int i = 0; i < links_max && fs::is_symlink(to, failed); ++i) {
        const fs::path next = fs::read_symlink(to, failed);
        to = next.is_absolute() ? next : to.parent_path() / next;
    }
    const std::string folder = to.has_parent_path() ? to.parent_path().string() : ".";
    if (::stat(folder.c_str(), &status) != 0) return FilePlace{0, 0, to.lexically_normal().string()};
    return FilePlace{status.st_dev, status.st_ino, to.filename().string()};
}

}  // namespace sluice
