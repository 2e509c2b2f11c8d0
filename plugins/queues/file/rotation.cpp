#include "rotation.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <memory>

#include "failure.hpp"
#include "print.hpp"

namespace sluice::file {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

bool has_only(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == text.npos;
}

}  // namespace

struct stat status_of(int descriptor) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) throw Failure(SLUICE_UNAVAILABLE, "cannot examine a file: " + reason(errno));
    return status;
}

std::optional<FileDescriptor> open_if_there(const std::string& path) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // O_NONBLOCK: a FIFO without a writer
    if (!file) {
        if (errno == ENOENT) return std::nullopt;
        throw Failure(SLUICE_INVALID, "cannot open " + path + ": " + reason(errno) + "; let this user read it");
    }
    if (!S_ISREG(status_of(file.get()).st_mode)) {
        throw Failure(SLUICE_INVALID,
                      path + " is not a regular file: for a pipe use `path: \"-\"` and redirect standard input");
    }
    return file;
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

// Calls use(name, descriptor, status) for regular files that can be opened, until it answers false.
template <typename Use>
void Rotation::each_file(const Use& use) const {
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(folder_.c_str()));
    if (folder == nullptr) throw Failure(SLUICE_UNAVAILABLE, "cannot list the folder " + folder_ + ": " + reason(errno));
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

std::optional<FileDescriptor> Rotation::find(const Position& position, std::int64_t since_ns) const {
    const auto is_it = [&](const FileDescriptor& file) {
        return file && position.is_of(id_of(status_of(file.get()))) && fits(file.get(), position);
    };
    if (auto named = open_if_there(path_); named && is_it(*named)) return named;
    std::optional<FileDescriptor> found, copy;
    std::int64_t copied_ns = 0;
    each_file([&](std::string_view name, const struct stat& status, const auto& open) {
        const std::int64_t modified = modified_ns(status);
        // Where nothing was settled yet, only the first line tells: an older file may begin with the same one.
        const bool may_be_copy =
            position.first.size != 0 && (position.below != 0 || modified >= since_ns) && may_be_earlier(name);
        if (position.is_of(id_of(status))) {
            if (auto file = open(); is_it(file)) found = std::move(file);
        } else if (may_be_copy && (!copy || modified > copied_ns)) {
            if (auto file = open(); file && fits(file.get(), position)) {
                copy = std::move(file);
                copied_ns = modified;
            }
        }
        return !found;
    });
    return found ? std::move(found) : std::move(copy);
}

std::vector<FileDescriptor> Rotation::earlier_files(std::int64_t since_ns, const std::vector<FileId>& known) const {
    struct Candidate {
        std::int64_t modified_ns;
        FileDescriptor file;
    };
    std::vector<Candidate> found;
    each_file([&](std::string_view name, const struct stat& status, const auto& open) {
        if (may_be_earlier(name) && modified_ns(status) >= since_ns && status.st_size != 0 &&
            std::ranges::find(known, id_of(status)) == known.end())
            if (auto file = open(); file && id_of(status_of(file.get())) == id_of(status))
                found.push_back({modified_ns(status), std::move(file)});
        return true;
    });
    std::ranges::stable_sort(found, {}, &Candidate::modified_ns);
    std::vector<FileDescriptor> files;
    for (Candidate& candidate : found) files.push_back(std::move(candidate.file));
    return files;
}

}  // namespace sluice::file
