#include "position.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "print.hpp"

namespace sluice::file {
namespace {

constexpr char file_name[] = "position";
constexpr char new_name[] = "position.new";
constexpr std::string_view title = "sluice file position 1\n";

void append_line(std::string& text, std::string_view word, std::initializer_list<std::uint64_t> numbers) {
    text += word;
    for (std::uint64_t number : numbers) text.append(1, ' ').append(std::to_string(number));
    text += '\n';
}

// Reads "word number number ..." lines; throws at the first that is otherwise.
class Lines {
public:
    explicit Lines(std::string_view text) : text_(text) {}

    bool at(std::string_view word) const { return text_.substr(0, word.size()) == word && text_.substr(word.size(), 1) == " "; }
    bool done() const { return text_.empty(); }
    void expect_title() {
        if (text_.substr(0, title.size()) != title) wrong("it is not a position of this version");
        text_.remove_prefix(title.size());
        ++line_;
    }
    template <typename... Number>
    void read(std::string_view word, Number&... numbers) {
        if (!at(word)) wrong("'" + std::string(word) + "' is missing");
        text_.remove_prefix(word.size());
        (number(numbers), ...);
        if (text_.empty() || text_.front() != '\n') wrong("the line does not end");
        text_.remove_prefix(1);
        ++line_;
    }
    [[noreturn]] void wrong(const std::string& why) const {
        throw Failure(SLUICE_CORRUPT, "line " + std::to_string(line_) + ": " + why);
    }

private:
    template <typename Number>
    void number(Number& value) {
        if (text_.empty() || text_.front() != ' ') wrong("a number is missing");
        text_.remove_prefix(1);
        const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
        if (error != std::errc{}) wrong("a number is damaged");
        text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    }

    std::string_view text_;
    int line_ = 1;
};

// Of the folder that is open; `path` = of the position file, for people.
Positions load_from(int folder, const std::string& path, std::string_view file, std::int64_t* stored_ns) {
    const FileDescriptor descriptor(::openat(folder, file_name, O_RDONLY | O_CLOEXEC));
    if (!descriptor) {
        if (errno == ENOENT) return {};
        throw Failure(SLUICE_UNAVAILABLE, "cannot open the position file " + path + ": " + reason(errno));
    }
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) {
        throw Failure(SLUICE_UNAVAILABLE, "cannot examine the position file " + path + ": " + reason(errno));
    }
    if (stored_ns != nullptr) *stored_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    try {
        if (static_cast<std::uint64_t>(status.st_size) > PositionStore::position_file_bytes)
            throw Failure(SLUICE_CORRUPT, "it is too large");
        std::string text(static_cast<std::size_t>(status.st_size), '\0');
        text.resize(read_at(descriptor.get(), text.data(), text.size(), 0));
        return decode(text);
    } catch (const Failure& failure) {
        if (failure.code() != SLUICE_CORRUPT) throw;
        throw Failure(SLUICE_CORRUPT, "the position file " + path + " is damaged (" + failure.what() +
                                          "): put back a copy of it, or delete it to read " + std::string(file) +
                                          " from its start again");
    }
}

}  // namespace

std::string Position::stream() const {
    char text[96];
    std::snprintf(text, sizeof text, "%" PRIu64 ":%" PRIu64 ":%016" PRIx64, device, inode, first.hash);
    return again == 0 ? text : text + ("-" + std::to_string(again));
}

std::string encode(const Positions& positions) {
    std::string text(title);
    for (const Position& position : positions) {
        append_line(text, position.done ? "done" : "file", {position.device, position.inode});
        if (position.copy != FileId()) append_line(text, "copy", {position.copy.device, position.copy.inode});
        append_line(text, "first", {position.first.hash, position.first.size});
        append_line(text, "again", {position.again});
        append_line(text, "before", {position.before.hash, position.before.size});
        append_line(text, "below", {position.below});
        for (const Range& range : position.settled) append_line(text, "settled", {range.begin, range.end});
    }
    append_line(text, "sum", {hash_of(text)});
    return text;
}

Positions decode(std::string_view text) {
    Lines lines(text);
    Positions positions;
    lines.expect_title();
    while (positions.empty() || lines.at("file") || lines.at("done")) {
        Position& position = positions.emplace_back();
        position.done = lines.at("done");
        lines.read(position.done ? "done" : "file", position.device, position.inode);
        if (lines.at("copy")) lines.read("copy", position.copy.device, position.copy.inode);
        lines.read("first", position.first.hash, position.first.size);
        lines.read("again", position.again);
        lines.read("before", position.before.hash, position.before.size);
        lines.read("below", position.below);
        while (lines.at("settled")) {
            Range range;
            lines.read("settled", range.begin, range.end);
            if (range.begin < position.highest() || range.end <= range.begin) lines.wrong("the ranges do not rise");
            position.settled.push_back(range);
        }
    }
    std::uint64_t sum = 0;
    lines.read("sum", sum);
    if (!lines.done()) lines.wrong("something follows the end");
    const auto sum_at = text.rfind("sum ");
    if (sum != hash_of(text.substr(0, sum_at))) lines.wrong("the checksum does not fit");
    return positions;
}

Positions read_positions(const std::string& folder, std::string_view file) {
    const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened && errno == ENOENT) return {};
    if (!opened) throw Failure(SLUICE_UNAVAILABLE, "cannot open the state folder " + folder + ": " + reason(errno));
    return load_from(opened.get(), folder + "/" + file_name, file, nullptr);
}

PositionStore::PositionStore(const std::string& folder) : folder_path_(folder), path_(folder + "/" + file_name) {
    folder_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) throw Failure(SLUICE_UNAVAILABLE, "cannot open the state folder " + folder + ": " + reason(errno));
    struct stat status {};
    if (::fstat(folder_, &status) == 0 && ::flock(folder_, LOCK_EX | LOCK_NB) == 0) {
        folder_id_ = {status.st_dev, status.st_ino};
        stored_ = stored_now();
        return;
    }
    const int error = errno;
    ::close(folder_);
    if (error == EWOULDBLOCK) {
        throw Failure(SLUICE_INVALID, "another process keeps its position in " + folder +
                                          ": stop it first, or give this host its own state_dir");
    }
    throw Failure(SLUICE_UNAVAILABLE, "cannot lock the state folder " + folder + ": " + reason(error));
}

PositionStore::~PositionStore() {
    ::close(folder_);
}

Positions PositionStore::load(std::string_view file, std::int64_t* stored_ns) const {
    return load_from(folder_, path_, file, stored_ns);
}

FileId PositionStore::stored_now() const {
    struct stat status {};
    return ::fstatat(folder_, file_name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? FileId{status.st_dev, status.st_ino} : FileId();
}

// What is stored where nobody looks for it would be forgotten at the next start, and the lock would keep nobody out.
void PositionStore::still_ours() const {
    struct stat status {};
    const bool there = ::stat(folder_path_.c_str(), &status) == 0;
    if (!there && errno != ENOENT) return;  // not reachable now; storing says so
    const char* what = nullptr;
    if (!there || FileId{status.st_dev, status.st_ino} != folder_id_)
        what = folder_path_.c_str();
    else if (stored_now() != stored_)
        what = path_.c_str();
    if (what == nullptr) return;
    throw Failure(SLUICE_FAILED, std::string(what) + " was removed or replaced while this host kept its position there: " +
                                     "put it back if it was moved by mistake, and start again");
}

void PositionStore::save(const Positions& positions) const {
    const auto fail = [this](const char* doing) {
        throw Failure(SLUICE_UNAVAILABLE,
                      std::string("cannot ") + doing + " the position file " + path_ + ": " + reason(errno));
    };
    still_ours();
    const FileDescriptor descriptor(::openat(folder_, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (!descriptor) fail("create");
    struct stat status {};
    if (::fchmod(descriptor.get(), 0640) != 0 || ::fstat(descriptor.get(), &status) != 0) fail("set up");
    if (!write_all(descriptor.get(), encode(positions))) fail("write");
    if (::fsync(descriptor.get()) != 0) fail("store");
    if (::renameat(folder_, new_name, folder_, file_name) != 0) fail("replace");
    stored_ = {status.st_dev, status.st_ino};
    if (::fsync(folder_) != 0) fail("store");
}

}  // namespace sluice::file
