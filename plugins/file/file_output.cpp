#include "file_output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <filesystem>
#include <utility>

namespace sluice::file {
namespace {

constexpr mode_t new_file_mode = 0640;  // messages are nobody's business but the owner's and the group's
constexpr int tries_max = 3;            // to write into a file that is removed again and again

}  // namespace

FileOutput::FileOutput(OutputOptions options, const Log& log) : options_(std::move(options)), log_(log) {
    open();
}

FileOutput::FileOutput(int descriptor, bool sync, const Log& log)
    : options_{"standard output", sync},
      log_(log),
      borrowed_(true),
      descriptor_(descriptor) {
    end_torn_line();
}

void FileOutput::append(std::string_view lines) {
    for (int i = 0; i < tries_max; ++i) {
        reopen();
        write(lines);
        if (!is_removed()) return;
    }
    throw Failure(SLUICE_UNAVAILABLE, options_.path + " is removed again and again while it is written");
}

void FileOutput::reopen() {
    if (borrowed_ || (own_ && has_its_name())) return;
    if (own_)
        log_.write(Level::info, options_.path + " is not the file any more that was written to; opening what has the name");
    own_ = FileDescriptor();
    descriptor_ = -1;
    open();
}

bool FileOutput::has_its_name() const {
    struct stat named {
    }, written{};
    return ::stat(options_.path.c_str(), &named) == 0 && ::fstat(descriptor_, &written) == 0 &&
           named.st_ino == written.st_ino && named.st_dev == written.st_dev;
}

bool FileOutput::is_removed() const {
    struct stat status {};
    return own_ && ::fstat(descriptor_, &status) == 0 && status.st_nlink == 0;
}

void FileOutput::open() {
    constexpr int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // a FIFO in its place must not block
    const char* path = options_.path.c_str();
    FileDescriptor file(::open(path, flags));
    const bool created = !file && errno == ENOENT;
    if (created) file = FileDescriptor(::open(path, flags | O_CREAT, new_file_mode));
    if (!file) fail(errno == ENOENT ? "open (its folder is missing: create it)" : "open", errno);

    struct stat status {};
    if (::fstat(file.get(), &status) != 0) fail("examine", errno);
    if (!S_ISREG(status.st_mode)) throw Failure(SLUICE_INVALID, options_.path + " is not a regular file any more: start again");
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) fail("lock", errno);
        throw Failure(SLUICE_INVALID,
                      "another target or process writes to " + options_.path + ": give each target a file of its own");
    }
    if (created) {
        if (::fchmod(file.get(), new_file_mode) != 0) fail("set the permissions of", errno);  // whatever the umask
        const std::string folder = std::filesystem::path(options_.path).parent_path().string();
        const FileDescriptor parent(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!parent || ::fsync(parent.get()) != 0) fail("store the name of", errno);
    }
    own_ = std::move(file);
    descriptor_ = own_.get();
    torn_ = false;
    end_torn_line();
}

void FileOutput::end_torn_line() {
    const std::uint64_t size = end_ = end();
    if (size == 0) return;
    // It may be open for writing only.
    const FileDescriptor reading(
        !borrowed_ ? -1 : ::open(("/proc/self/fd/" + std::to_string(descriptor_)).c_str(), O_RDONLY | O_CLOEXEC));
    if (borrowed_ && !reading) return;
    char last = '\n';
    read_at(borrowed_ ? reading.get() : descriptor_, &last, 1, size - 1);
    if (last == '\n') return;
    if (!write_all(descriptor_, "\n")) fail("end the torn last line of", errno);
    end_ = size + 1;
    log_.write(Level::warn, options_.path + " ended inside a line, as after a crash; the line was ended there");
}

// Where the next byte goes.
std::uint64_t FileOutput::end() const {
    struct stat status {};
    if ((::fcntl(descriptor_, F_GETFL) & O_APPEND) == 0) {
        const off_t at = ::lseek(descriptor_, 0, SEEK_CUR);
        if (at < 0) fail("examine", errno);
        return static_cast<std::uint64_t>(at);
    }
    if (::fstat(descriptor_, &status) != 0) fail("examine", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

void FileOutput::write(std::string_view lines) {
    if (torn_) {
        if (!write_all(descriptor_, "\n")) fail("write to", errno);
        torn_ = false;
    }
    std::uint64_t whole = end();
    if (whole != end_) {
        end_torn_line();
        whole = end_;
    }
    const std::size_t written = write_some(descriptor_, lines);
    end_ = whole + written;
    if (written == lines.size() && (!options_.sync || ::fdatasync(descriptor_) == 0)) return;
    const int error = errno;
    cut_back(whole, written, lines);
    fail("write to", error);
}

void FileOutput::cut_back(std::uint64_t whole, std::size_t written, std::string_view lines) {
    struct stat status {};
    const bool last = ::fstat(descriptor_, &status) == 0 && static_cast<std::uint64_t>(status.st_size) == whole + written;
    const auto size = static_cast<off_t>(whole);
    if (last && ::ftruncate(descriptor_, size) == 0) {
        end_ = whole;
        if (borrowed_) ::lseek(descriptor_, size, SEEK_SET);  // without O_APPEND it would go on behind a gap
        return;
    }
    torn_ = written != 0 && lines[written - 1] != '\n';
}

void FileOutput::fail(const std::string& doing, int error) const {
    throw Failure(may_pass(error) ? SLUICE_UNAVAILABLE : SLUICE_INVALID,
                  "cannot " + doing + " " + options_.path + ": " + reason(error));
}

}  // namespace sluice::file
