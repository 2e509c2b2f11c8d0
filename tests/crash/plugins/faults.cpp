#include "faults.hpp"

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <new>
#include <stdexcept>

namespace faulty {
namespace {

struct Fault {
    std::string point;
    std::uint64_t first = 1;
    std::uint64_t last = ~std::uint64_t{0};
    std::string text;  // of the body; empty = any
    std::string action;
    std::atomic<std::uint64_t> calls{0};
};

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string_view word(std::string_view& rest) {
    const auto end = std::min(rest.find(' '), rest.size());
    const std::string_view first = rest.substr(0, end);
    rest = trimmed(rest.substr(end));
    return first;
}

std::deque<Fault> from_environment() {
    std::deque<Fault> faults;
    const char* set = std::getenv("SLUICE_FAULTS");
    std::string_view rest = set == nullptr ? "" : set;
    while (!rest.empty()) {
        const auto end = std::min(rest.find(';'), rest.size());
        std::string_view one = trimmed(rest.substr(0, end));
        rest = rest.substr(std::min(end + 1, rest.size()));
        if (one.empty()) continue;
        Fault& fault = faults.emplace_back();
        fault.point = word(one);
        const std::string when(word(one));
        fault.action = one;
        if (when.starts_with('~')) {
            fault.text = when.substr(1);
        } else {
            char* behind = nullptr;
            fault.first = fault.last = std::strtoull(when.c_str(), &behind, 10);
            if (*behind == '+') fault.last = ~std::uint64_t{0};
            if (*behind == 'x') fault.last = fault.first + std::strtoull(behind + 1, nullptr, 10) - 1;
        }
    }
    return faults;
}

std::deque<Fault>& faults() {
    static std::deque<Fault> all = from_environment();
    return all;
}

int log_file() {
    static const int file = [] {
        const char* path = std::getenv("SLUICE_FAULTY_LOG");
        return path == nullptr ? -1 : ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }();
    return file;
}

void sleep_ms(std::int64_t milliseconds) {
    timespec left{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    while (::nanosleep(&left, &left) != 0) {
    }
}

// False: there are not so many. Memory that is really used, in a chain, so that no optimiser takes it for nothing.
bool leak(std::size_t bytes) {
    static std::atomic<void*> last;
    void* piece = std::malloc(bytes);
    if (piece == nullptr) return false;
    std::memset(piece, 1, bytes);
    void* before = last.exchange(piece);
    std::memcpy(piece, &before, sizeof before);
    return true;
}

// All there is, so that whoever asks next meets the end of it.
void drain() {
    for (std::size_t bytes = 1 << 20; bytes >= sizeof(void*); bytes /= 2)
        while (leak(bytes)) {
        }
    throw std::bad_alloc();
}

std::optional<std::uint32_t> act(const Fault& fault) {
    std::string line;
    append_line(line, "f " + fault.point + " " + fault.action);
    record(line);
    const auto colon = fault.action.find(':');
    const long number = colon == fault.action.npos ? 0 : std::strtol(fault.action.c_str() + colon + 1, nullptr, 10);
    if (fault.action == "kill") ::kill(::getpid(), SIGKILL);
    if (fault.action == "kill" || fault.action == "hang")
        for (;;) ::pause();
    if (fault.action == "throw") throw std::runtime_error("thrown by a fault at " + fault.point);
    if (fault.action.starts_with("delay:")) sleep_ms(number);
    if (fault.action.starts_with("leak:") && !leak(static_cast<std::size_t>(number))) throw std::bad_alloc();
    if (fault.action == "drain") drain();
    if (fault.action.starts_with("fail:")) return static_cast<std::uint32_t>(number);
    return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> at(std::string_view point, std::string_view body) {
    std::optional<std::uint32_t> answer;
    for (Fault& fault : faults()) {
        if (fault.point != point || (!fault.text.empty() && body.find(fault.text) == body.npos)) continue;
        const std::uint64_t call = fault.calls.fetch_add(1, std::memory_order_relaxed) + 1;
        if (call < fault.first || call > fault.last) continue;
        if (const auto number = act(fault)) answer = number;
    }
    return answer;
}

bool records() {
    return log_file() >= 0;
}

void append_line(std::string& lines, std::string_view text) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    lines += '\n' + std::to_string(now.tv_sec * 1'000'000'000 + now.tv_nsec) + ' ' + std::to_string(::getpid()) + ' ';
    lines.append(text).append(" .\n");
}

void record(std::string_view lines) {
    if (!lines.empty() && records()) [[maybe_unused]]
        const ssize_t written = ::write(log_file(), lines.data(), lines.size());
}

}  // namespace faulty
