#include "crash/suspects.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tuple>

#include "core/limits.hpp"
#include "core/private_files.hpp"
#include "core/saturating.hpp"

namespace sluice {
namespace {

constexpr std::string_view head =
    "# Messages inside whose handler the process has ended: how often, since when (Unix ms), source, id.\n";
constexpr std::size_t few = 64;  // written anew for each that is forgotten; a longer list for every 64th

// As URLs do it: what is not a plain letter of ASCII becomes %XX.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte < 0x7f && c != '%') {
            out.push_back(c);
            continue;
        }
        out.push_back('%');
        for (const int shift : {4, 0}) out.push_back("0123456789ABCDEF"[(byte >> shift) & 15]);
    }
    return out;
}

bool unescape(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        unsigned value = 0;
        if (i + 2 >= text.size() ||
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr != text.data() + i + 3)
            return false;
        out.push_back(static_cast<char>(value));
        i += 2;
    }
    return true;
}

// Writes the whole file and brings it to the disk before it takes the place of the old one.
Result<void> replace(const std::filesystem::path& file, std::string_view content) {
    const std::filesystem::path fresh = file.string() + ".new";
    const auto failed = [&](const char* what) {
        return Error{ErrorKind::unavailable,
                     "cannot " + std::string(what) + " " + fresh.string() + ": " + std::strerror(errno)};
    };
    const int to = open_private(fresh, O_WRONLY | O_TRUNC);
    if (to < 0) return failed("make");
    bool good = true;
    for (std::size_t at = 0; good && at < content.size();) {
        const ssize_t written = ::write(to, content.data() + at, content.size() - at);
        good = written > 0 || (written < 0 && errno == EINTR);
        if (written > 0) at += static_cast<std::size_t>(written);
    }
    good = good && ::fsync(to) == 0;
    if (!good) {
        auto error = failed("write");
        ::close(to);
        return error;
    }
    ::close(to);
    if (::rename(fresh.c_str(), file.c_str()) != 0) return failed("rename");
    const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        good = ::fsync(folder) == 0;
        ::close(folder);
    }
    if (folder < 0 || !good) return failed("keep");
    return {};
}

}  // namespace

Result<void> Suspects::load(std::int64_t now_ms) {
    std::ifstream in(file_, std::ios::binary);
    if (!in) return {};
    const std::lock_guard lock(mutex_);
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream fields(line);
        Suspect suspect;
        std::string source, id;
        Name name;
        if (!(fields >> suspect.crashes >> suspect.since_ms >> source >> id) || !unescape(source, name.first) ||
            !unescape(id, name.second))
            return Error{ErrorKind::invalid,
                         file_.string() + ":" + std::to_string(number) +
                             ": is damaged; delete the file, then the messages in it are tried like any other"};
        if (saturating_subtract(now_ms, suspect.since_ms) < limits::suspect_age_ms) suspects_[std::move(name)] = suspect;
    }
    bound();
    any_.store(!suspects_.empty(), std::memory_order_relaxed);
    return {};
}

Result<void> Suspects::add(const std::vector<HandlerMarks::Marked>& marked, std::int64_t now_ms) {
    if (marked.empty()) return {};
    const std::lock_guard lock(mutex_);
    for (const HandlerMarks::Marked& note : marked) {
        Suspect& suspect = suspects_[{note.source, note.id}];
        ++suspect.crashes;
        suspect.since_ms = now_ms;
    }
    bound();
    any_.store(true, std::memory_order_relaxed);
    return write();
}

void Suspects::bound() {
    while (suspects_.size() > limits::suspects_max) {
        const auto least = std::min_element(suspects_.begin(), suspects_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.second.crashes, a.second.since_ms) < std::tie(b.second.crashes, b.second.since_ms);
        });
        suspects_.erase(least);
    }
}

std::uint32_t Suspects::crashes(std::string_view source, std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto found = suspects_.find({std::string(source), std::string(id)});
    return found == suspects_.end() ? 0 : found->second.crashes;
}

void Suspects::forget(std::string_view source, std::string_view id) {
    const std::lock_guard lock(mutex_);
    if (suspects_.erase({std::string(source), std::string(id)}) == 0) return;
    any_.store(!suspects_.empty(), std::memory_order_relaxed);
    if (suspects_.size() >= few && ++forgotten_ % few != 0) return;
    if (auto written = write(); !written) logger_.warn("{}", written.error().message);
}

Result<void> Suspects::write() const {
    if (suspects_.empty()) {
        if (::unlink(file_.c_str()) != 0 && errno != ENOENT)
            return Error{ErrorKind::unavailable, "cannot remove " + file_.string() + ": " + std::strerror(errno)};
        return {};
    }
    std::string content(head);
    for (const auto& [name, suspect] : suspects_)
        content += std::to_string(suspect.crashes) + " " + std::to_string(suspect.since_ms) + " " + escaped(name.first) + " " +
                   escaped(name.second) + "\n";
    return replace(file_, content);
}

}  // namespace sluice
