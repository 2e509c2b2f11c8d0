#include "new_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sluice/sdk/status.hpp"

namespace sluice::sqlite {
namespace {

constexpr mode_t folder_mode = 0750;
constexpr mode_t file_mode = 0640;

[[noreturn]] void fail(const char* doing, const std::string& path, int error) {
    std::string text = std::string("cannot ") + doing + " \"" + path + "\": " + std::strerror(error);
    if (error == EMFILE) text += " (raise the limit of open files, `ulimit -n`)";
    throw Failure(SLUICE_UNAVAILABLE, text);
}

// -1: it is there, or cannot be created, as errno says.
int create(const std::string& path) {
    int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, file_mode);
    if (descriptor < 0 && errno == EEXIST && ::access(path.c_str(), F_OK) != 0)  // a link to a file that is missing
        descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
    if (descriptor >= 0) (void)!::fchmod(descriptor, file_mode);  // what the umask took away
    return descriptor;
}

}  // namespace

void create_folders(const std::string& path) {
    const std::filesystem::path folder(path);
    std::error_code unknown;
    if (path.empty() || std::filesystem::is_directory(folder, unknown)) return;
    create_folders(folder.parent_path().string());
    const int error = ::mkdir(path.c_str(), folder_mode) == 0 ? 0 : errno;
    if (error == 0)
        (void)!::chmod(path.c_str(), folder_mode);
    else if (error != EEXIST || !std::filesystem::is_directory(folder, unknown))
        fail("create the folder", path, error);
}

int open_or_create(const std::string& path) {
    const int created = create(path);
    if (created >= 0) return created;
    const int opened = errno == EEXIST ? ::open(path.c_str(), O_RDWR | O_CLOEXEC) : -1;
    if (opened < 0) fail("open", path, errno);
    return opened;
}

void create_if_missing(const std::string& path) {
    const int created = create(path);
    if (created >= 0)
        ::close(created);
    else if (errno != EEXIST)
        fail("create", path, errno);
}

}  // namespace sluice::sqlite
