#include "plugin/crash_report.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "core/bytes.hpp"
#include "plugin/plugin_call.hpp"

namespace sluice {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

constexpr int status_failed = 5;  // exit_status::failed, which stands above this folder
constexpr std::array signals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

std::atomic<bool> installed{false};
std::atomic<bool> json_lines{false};
std::atomic<bool> own_end{false};
std::atomic<bool> somebody_spoke{false};  // whoever is first speaks

// A line of text or JSON. Only what is async-signal-safe.
class Line {
public:
    void add(std::string_view text) {
        const std::size_t size = std::min(text.size(), bytes_.size() - size_);
        std::memcpy(bytes_.data() + size_, text.data(), size);
        size_ += size;
    }
    // Somebody else's bytes: nothing that could end a string or reach a terminal.
    void add_foreign(std::string_view text) {
        for (const char c : text.substr(0, 1024)) {
            const auto byte = static_cast<unsigned char>(c);
            const char shown = byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\' || byte >= 0x80 ? '?' : c;
            add({&shown, 1});
        }
    }
    void add_number(std::uint64_t number, std::size_t digits = 1) {
        char text[20];
        std::size_t at = sizeof text;
        do {
            text[--at] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0 || sizeof text - at < digits);
        add({text + at, sizeof text - at});
    }
    // As the log writes it; gmtime(3) is not async-signal-safe. Days to a date: H. Hinnant, "chrono-Compatible Low-Level Date
    // Algorithms".
    void add_time() {
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        const std::uint64_t seconds = static_cast<std::uint64_t>(now.tv_sec), day = seconds / 86'400 + 719'468;
        const std::uint64_t era = day / 146'097, of_era = day - era * 146'097;
        const std::uint64_t year_of_era = (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
        const std::uint64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        const std::uint64_t month_from_march = (5 * of_year + 2) / 153;
        const std::uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
        add_number(year_of_era + era * 400 + (month <= 2), 4), add("-"), add_number(month, 2), add("-");
        add_number(of_year - (153 * month_from_march + 2) / 5 + 1, 2), add("T"), add_number(seconds / 3'600 % 24, 2), add(":");
        add_number(seconds / 60 % 60, 2), add(":"), add_number(seconds % 60, 2), add(".");
        add_number(static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000, 3), add("Z");
    }
    // In pieces of PIPE_BUF, each only if there is room: who does not read his log does not hold up the end.
    void write() const {
        for (std::size_t done = 0; done < size_;) {
            pollfd ready{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&ready, 1, 0) <= 0) return;
            const ssize_t size = ::write(STDERR_FILENO, bytes_.data() + done, std::min<std::size_t>(size_ - done, 4096));
            if (size <= 0) return;
            done += static_cast<std::size_t>(size);
        }
    }

private:
    std::array<char, 4096> bytes_;
    std::size_t size_ = 0;
};

// "… error COMPONENT: WHAT in FUNCTION of COMPONENT, plugin FILE, with message ID".
void say(std::string_view event, std::string_view what, std::string_view after) {
    const CallRecord& call = calls::mine;
    const PluginPart* part = call.part.load(std::memory_order_relaxed);
    const char* function = call.function.load(std::memory_order_relaxed);
    const sluice_message* message = call.message.load(std::memory_order_relaxed);
    const std::string_view component = part != nullptr && !part->component.empty() ? std::string_view(part->component) : "host";
    const bool json = json_lines.load(std::memory_order_relaxed);

    Line line;
    if (json) line.add(R"({"time":")");
    line.add_time();
    line.add(json ? R"(","level":"error","component":")" : " error ");
    line.add_foreign(component);
    line.add(json ? R"(","message":")" : ": ");
    line.add(what);
    if (part != nullptr) {
        line.add(" in ");
        line.add(function);
        if (!part->component.empty()) {
            line.add(" of ");
            line.add_foreign(part->component);
        }
        if (!part->plugin.empty()) {
            line.add(", plugin ");
            line.add_foreign(part->plugin);
        }
        if (message != nullptr && message->id.size != 0) {
            line.add(", with message ");
            line.add_foreign(view_of(message->id));
        }
    } else {
        char name[16] = {};
        ::prctl(PR_GET_NAME, name);
        line.add(" in no call into a plugin, on the thread ");
        line.add_foreign(name);
    }
    line.add(after);
    if (json) line.add(R"(","event":")"), line.add(event), line.add("\"}");
    line.add("\n");
    line.write();
}

std::string_view name_of(int signal) {
    switch (signal) {
        case SIGSEGV: return "the process crashed (SIGSEGV)";
        case SIGBUS: return "the process crashed (SIGBUS)";
        case SIGILL: return "the process crashed (SIGILL)";
        case SIGFPE: return "the process crashed (SIGFPE)";
        case SIGABRT: return "the process was aborted (SIGABRT)";
        default: return "the process crashed";
    }
}

// All five are blocked in here: another fault in it ends the process at once, by the kernel's rule for a signal that is forced.
void on_crash(int signal, siginfo_t* info, void*) {
    if (somebody_spoke.exchange(true)) {
        for (;;) ::pause();  // another thread is speaking, and the process ends when it has
    }
    say("crash", name_of(signal), "");
    struct sigaction by_default {};
    by_default.sa_handler = SIG_DFL;
    ::sigaction(signal, &by_default, nullptr);
    // A fault happens again when this returns, with the registers and the address that it had. A signal that was sent does not.
    if (info->si_code <= 0) ::raise(signal);
}

void on_exit() {
    if (own_end.load(std::memory_order_relaxed) || somebody_spoke.exchange(true)) return;
    say("exit", "exit() was called", "; plugins must not end the process, which ends now with status 5");
    ::_exit(status_failed);
}

}  // namespace

void crash_report::install() {
    calls::list_thread();
    installed.store(true, std::memory_order_relaxed);
    guard_exit();
    if (sanitized) return;
    for (const int signal : signals) {
        struct sigaction action {};
        action.sa_sigaction = on_crash;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        for (const int one : signals) sigaddset(&action.sa_mask, one);
        ::sigaction(signal, &action, nullptr);
    }
}

void crash_report::guard_exit() {
    if (!installed.load(std::memory_order_relaxed)) return;
    std::atexit(on_exit);
    std::at_quick_exit(on_exit);
}

void crash_report::as_json(bool json) {
    json_lines.store(json, std::memory_order_relaxed);
}

void crash_report::may_exit() {
    own_end.store(true, std::memory_order_relaxed);
}

}  // namespace sluice
