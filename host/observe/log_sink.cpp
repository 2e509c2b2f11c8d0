#include "observe/log_sink.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice {
namespace {

constexpr std::string_view erase_line = "\r\x1b[2K";
constexpr int patience_ms = 1000;  // for a reader that has stopped; then the line is lost rather than the host stuck

void write_all(int file, const char* data, std::size_t size) {
    while (size != 0) {
        const ssize_t written = ::write(file, data, size);
        if (written > 0) {
            data += written;
            size -= static_cast<std::size_t>(written);
        } else if (errno == EAGAIN) {
            pollfd ready{file, POLLOUT, 0};
            if (::poll(&ready, 1, patience_ms) <= 0) return;
        } else if (errno != EINTR) {
            return;  // there is nobody to tell
        }
    }
}

std::size_t columns_of(int file) {
    winsize size{};
    return ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void append(spdlog::memory_buf_t& to, std::string_view text) {
    to.append(text.data(), text.data() + text.size());
}

}  // namespace

LogSink::LogSink(std::unique_ptr<spdlog::formatter> formatter, const Clock& clock, int file, bool terminal)
    : base_sink(std::move(formatter)), clock_(clock), file_(file), terminal_(terminal) {}

void LogSink::write(const LogChannel& channel, LogLevel level, std::string_view text, std::string_view fields) {
    // LogLevel and spdlog count the levels alike, from trace = 0 to error = 4.
    LogRecord record(channel, static_cast<spdlog::level::level_enum>(level), text, fields);
    record.wall_ms = clock_.wall_ms();
    log(record);
}

// One write a line, so that lines of several processes on one terminal stay whole too.
void LogSink::sink_it_(const spdlog::details::log_msg& message) {
    buffer_.clear();
    if (!status_.empty()) append(buffer_, erase_line);
    formatter_->format(message, buffer_);
    append_status();
    write_all(file_, buffer_.data(), buffer_.size());
}

void LogSink::set_status(std::string_view line) {
    if (!terminal_) return;
    const std::lock_guard lock(mutex_);
    if (status_.empty() && line.empty()) return;
    buffer_.clear();
    append(buffer_, erase_line);
    status_ = line;
    append_status();
    write_all(file_, buffer_.data(), buffer_.size());
}

// A line that wraps could not be erased again: it is cut to the window.
void LogSink::append_status() {
    if (!status_.empty()) append(buffer_, std::string_view(status_).substr(0, columns_of(file_) - 1));
}

}  // namespace sluice
