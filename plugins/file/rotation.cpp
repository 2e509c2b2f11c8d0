#include "rotation.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <tuple>

#include "failure.hpp"
#include "print.hpp"

namespace sluice::file {
namespace {

constexpr std::int64_t fresh_copy_ns = 60'000'000'000;  // so long after a cut, a copy that may not be read yet is waited for

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);  // the one that files are stamped with
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

std::string cannot_list(const std::string& folder, int error) {
    return "cannot list the folder " + folder + ": " + reason(error);
}

bool has_only(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == text.npos;
}

}  // namespace

struct stat status_of(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) throw Failure(SLUICE_UNAVAILABLE, "cannot examine a file: " + reason(errno));
    return status;
}

Named open_named(const std::string& path) {
    // Looked at before it is opened: opening a FIFO would wake its writers.
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {{}, errno};
    if (S_ISREG(status.st_mode)) {
        FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        if (!file) return {{}, errno};
        status = status_of(file.get());
        if (S_ISREG(status.st_mode)) return {std::move(file)};
    }
    return {{}, 0, S_ISDIR(status.st_mode) ? "a folder" : S_ISFIFO(status.st_mode) ? "a FIFO" : "a device or socket"};
}

std::string cannot_open(const std::string& path, const Named& named) {
    if (named.kind != nullptr) {
        return path + " is " + named.kind + ", not a regular file: " +
               (named.kind == std::string_view("a folder") ? "name a file in it"
                                                           : "for a pipe use `path: \"-\"` and redirect standard input");
    }
    const std::string text = "cannot open " + path + ": " + reason(named.error);
    if (named.missing()) return text + "; create it first, or correct `path`";
    return named.error == EACCES || named.error == EPERM ? text + "; let this user read it" : text;
}

bool fits(int descriptor, const Position& position) {
    return static_cast<std::uint64_t>(status_of(descriptor).st_size) >= position.highest() &&
           print_of_first(descriptor, position.first.size) == position.first &&
           print_before(descriptor, position.below) == position.before;
}

Rotation::Rotation(std::string path) : path_(std::move(path)) {
    const auto slash = path_.rfind('/');
    folder_ = slash == path_.npos ? "." : path_.substr(0, std::max<std::size_t>(slash, 1));
    name_ = slash == path_.npos ? path_ : path_.substr(slash + 1);
}

bool Rotation::may_be_earlier(std::string_view name) const {
    constexpr std::array compressed{".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip"};
    if (std::ranges::any_of(compressed, [&](std::string_view end) { return name.ends_with(end); })) return false;
    constexpr std::string_view joints = ".-_";
    if (name.size() > name_.size() && name.starts_with(name_)) return joints.find(name[name_.size()]) != joints.npos;
    const auto dot = name_.rfind('.');
    if (dot == name_.npos || dot == 0) return false;
    const std::string_view stem(name_.data(), dot), extension(name_.data() + dot, name_.size() - dot);
    if (name.size() <= name_.size() || !name.starts_with(stem) || !name.ends_with(extension)) return false;
    const std::string_view between = name.substr(stem.size(), name.size() - name_.size());
    return joints.find(between.front()) != joints.npos && has_only(between.substr(1), "0123456789.-_:T");
}

int Rotation::generation(std::string_view name) const {
    constexpr std::size_t digits_max = 3;  // more of them are a date
    const bool behind = name.starts_with(name_);
    const std::size_t start = behind ? name_.size() : name_.rfind('.'), end = name.size() - (behind ? 0 : name_.size() - start);
    const std::string_view digits = name.substr(start + 1, end - start - 1);
    int number = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return digits.size() <= digits_max && error == std::errc{} && rest == digits.data() + digits.size() ? number : 0;
}

// Calls use(name, descriptor, status) for regular files that can be opened, until it answers false.
template <typename Use>
void Rotation::each_file(const Use& use) const {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(folder_.c_str()));
    if (folder == nullptr && errno == ENOENT) return;
    if (folder == nullptr) throw Failure(SLUICE_UNAVAILABLE, cannot_list(folder_, errno));
    std::size_t entries = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
        if (++entries > folder_entries_max) return;
        if (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN) continue;
        struct stat status {};
        const int at = ::dirfd(folder.get());
        if (::fstatat(at, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
        if (!use(std::string_view(entry->d_name), status,
                 [&] { return FileDescriptor(::openat(at, entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)); }))
            return;
    }
}

std::string Rotation::obstacle() const {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(folder_.c_str()));
    return folder == nullptr ? cannot_list(folder_, errno) : std::string();
}

std::optional<FileDescriptor> Rotation::find(const Position& position, std::int64_t since_ns) const {
    const auto is_it = [&](const FileDescriptor& file) {
        return file && position.is_of(id_of(status_of(file.get()))) && fits(file.get(), position);
    };
    if (Named named = open_named(path_); is_it(named.file)) return std::move(named.file);
    std::optional<FileDescriptor> found, copy;
    std::int64_t copied_ns = 0;
    std::string obstacle;  // a copy that may not be read yet
    const std::int64_t fresh_ns = since_ns != 0 ? since_ns : now_ns() - fresh_copy_ns;
    each_file([&](std::string_view name, const struct stat& status, const auto& open) {
        const std::int64_t modified = modified_ns(status);
        // Where nothing was settled yet, only the first line tells: an older file may begin with the same one.
        const bool may_be_copy =
            position.first.size != 0 && (position.below != 0 || modified >= since_ns) && may_be_earlier(name);
        if (position.is_of(id_of(status))) {
            auto file = open();
            if (!file && errno != ENOENT)
                throw Failure(SLUICE_UNAVAILABLE, cannot_open(folder_ + "/" + std::string(name), {{}, errno}));
            if (is_it(file)) found = std::move(file);
        } else if (may_be_copy && (!copy || modified > copied_ns)) {
            auto file = open();
            if (!file && errno == EACCES && modified >= fresh_ns &&
                static_cast<std::uint64_t>(status.st_size) >= position.highest())
                obstacle = cannot_open(folder_ + "/" + std::string(name), {{}, EACCES});
            if (file && fits(file.get(), position)) {
                copy = std::move(file);
                copied_ns = modified;
            }
        }
        return !found;
    });
    if (!found && !copy && !obstacle.empty()) throw Failure(SLUICE_UNAVAILABLE, obstacle);
    return found ? std::move(found) : std::move(copy);
}

std::vector<FileDescriptor> Rotation::earlier_files(std::int64_t since_ns, const std::vector<FileId>& known) const {
    struct Candidate {
        std::int64_t modified_ns;
        int generation;
        std::string name;
        FileDescriptor file;

        auto age() const { return std::tuple(modified_ns, -generation, std::string_view(name)); }
    };
    std::vector<Candidate> found;
    each_file([&](std::string_view name, const struct stat& status, const auto& open) {
        if (may_be_earlier(name) && modified_ns(status) >= since_ns && status.st_size != 0 &&
            std::ranges::find(known, id_of(status)) == known.end()) {
            auto file = open();
            if (!file && errno != ENOENT)
                throw Failure(SLUICE_UNAVAILABLE, cannot_open(folder_ + "/" + std::string(name), {{}, errno}));
            if (file && id_of(status_of(file.get())) == id_of(status))
                found.push_back({modified_ns(status), generation(name), std::string(name), std::move(file)});
        }
        return true;
    });
    std::ranges::sort(found, {}, &Candidate::age);
    std::vector<FileDescriptor> files;
    for (Candidate& candidate : found) files.push_back(std::move(candidate.file));
    return files;
}

}  // namespace sluice::file
