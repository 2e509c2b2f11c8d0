#include "observe/log_writer.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/limits.hpp"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds goodbye{1000};

bool has_room(int file, int wait_ms) {
    pollfd ready{file, POLLOUT, 0};
    return ::poll(&ready, 1, wait_ms) > 0;
}

}  // namespace

LogWriter::LogWriter(int file, std::function<std::string(std::uint64_t)> dropped)
    : dropped_line_(std::move(dropped)),
      file_(file) {
    struct stat status {};
    if (::fstat(file, &status) != 0 || S_ISREG(status.st_mode)) return;
    if (S_ISSOCK(status.st_mode)) {
        output_ = Output::socket;
        return;
    }
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    own_ = Descriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (own_)
        file_ = own_.get();
    else
        output_ = Output::polled;
}

LogWriter::~LogWriter() {
    flush(goodbye);
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    if (!thread_.joinable()) return;
    ring();
    thread_.join();
}

std::size_t LogWriter::put(std::string_view bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const std::string_view rest = bytes.substr(done);
        ssize_t size = 0;
        if (output_ == Output::socket) {
            size = ::send(file_, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        } else {
            if (output_ == Output::polled && !has_room(file_, 0)) return done;
            size = ::write(file_, rest.data(),
                           output_ == Output::polled ? std::min<std::size_t>(rest.size(), PIPE_BUF) : rest.size());
        }
        if (size > 0)
            done += static_cast<std::size_t>(size);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return done;
        else if (errno != EINTR)
            return bytes.size();
    }
    return done;
}

void LogWriter::write(std::string_view line) {
    const std::lock_guard lock(mutex_);
    std::size_t done = 0;
    if (kept_.empty()) done = put(line);
    if (done != line.size()) keep_locked(line.substr(done), done != 0);
}

void LogWriter::write_or_skip(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (!kept_.empty()) return;
    const std::size_t done = put(text);
    if (done != 0 && done != text.size()) keep_locked(text.substr(done), true);
}

// The rest of a line that was begun is kept in any case: nothing is ever appended to half a line.
void LogWriter::keep_locked(std::string_view rest, bool torn) {
    if (!torn && kept_.size() + rest.size() > limits::log_pending_bytes) {
        ++dropped_;
        return;
    }
    const bool was_empty = kept_.empty();
    kept_ += rest;
    if (thread_.joinable()) return was_empty ? ring() : void();
    if (!wake_) wake_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    try {
        if (wake_) thread_ = std::thread([this] { thread_main(); });
    } catch (const std::system_error&) {
        return;  // the next line that has to be kept tries again, and the end writes what it can
    }
}

// Fails only when the counter is full, and then the thread is woken anyway.
void LogWriter::ring() const {
    const std::uint64_t one = 1;
    if (::write(wake_.get(), &one, sizeof one) < 0) return;
}

bool LogWriter::drain_locked() {
    kept_.erase(0, put(kept_));
    if (!kept_.empty()) return false;
    if (dropped_ != 0) kept_ = dropped_line_(std::exchange(dropped_, 0));
    kept_.erase(0, put(kept_));
    return kept_.empty();
}

bool LogWriter::flush(std::chrono::milliseconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (drain_locked()) return true;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        has_room(file_, static_cast<int>(left.count()));
    }
}

void LogWriter::thread_main() {
    pthread_setname_np(pthread_self(), "log");
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
        bool waits_for_room = false;
        {
            const std::lock_guard lock(mutex_);
            if (ending_) return;
            waits_for_room = !drain_locked();
        }
        pollfd both[] = {{wake_.get(), POLLIN, 0}, {waits_for_room ? file_ : -1, POLLOUT, 0}};
        ::poll(both, 2, -1);
        std::uint64_t count = 0;
        if (both[0].revents != 0 && ::read(wake_.get(), &count, sizeof count) < 0) continue;
    }
}

}  // namespace sluice
