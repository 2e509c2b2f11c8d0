#include "observe/log_sink.hpp"

#include <sys/ioctl.h>

#include <algorithm>

namespace sluice {
namespace {

constexpr std::string_view erase_line = "\r\x1b[2K";

std::size_t columns_of(int file) {
    winsize size{};
    return ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

void append(spdlog::memory_buf_t& to, std::string_view text) {
    to.append(text.data(), text.data() + text.size());
}

}  // namespace

LogSink::LogSink(std::unique_ptr<spdlog::formatter> formatter, const Clock& clock, int file, bool terminal, bool json)
    : base_sink(std::move(formatter)),
      clock_(clock),
      file_(file),
      terminal_(terminal),
      log_channel_{.threshold = LogLevel::warn,
                   .json = json,
                   .component = "log",
                   .pool = {},
                   .worker = -1,
                   .plugin = {},
                   .label = json ? R"("component":"log")" : "log",
                   .sink = this},
      dropped_format_(formatter_->clone()),
      writer_(file, [this](std::uint64_t count) { return dropped_line(count); }) {}

// Under the writer's lock and not under ours: whoever logs holds ours while waiting for the writer's.
std::string LogSink::dropped_line(std::uint64_t count) {
    const std::string text = std::to_string(count) + (count == 1 ? " line" : " lines") + " of the log " +
                             (count == 1 ? "was" : "were") + " dropped: they were not read as fast as they came";
    LogRecord record(log_channel_, spdlog::level::warn, text, {});
    record.wall_ms = clock_.wall_ms();
    spdlog::memory_buf_t line;
    dropped_format_->format(record, line);
    return {line.data(), line.size()};
}

void LogSink::write(const LogChannel& channel, LogLevel level, std::string_view text, std::string_view fields) {
    // LogLevel and spdlog count the levels alike, from trace = 0 to error = 4.
    LogRecord record(channel, static_cast<spdlog::level::level_enum>(level), text, fields);
    record.wall_ms = clock_.wall_ms();
    log(record);
}

// One write per line, so that lines of several processes on one terminal stay whole too.
void LogSink::sink_it_(const spdlog::details::log_msg& message) {
    buffer_.clear();
    if (!status_.empty()) append(buffer_, erase_line);
    // Columns of numbers can be read only if they are broken between words. What else is long is left to the terminal, which
    // copies better.
    if (terminal_ && static_cast<const LogRecord&>(message).channel.component == "statistics") {
        line_.clear();
        formatter_->format(message, line_);
        append_wrapped(buffer_, {line_.data(), line_.size()}, columns_of(file_));
    } else {
        formatter_->format(message, buffer_);
    }
    append_status();
    writer_.write({buffer_.data(), buffer_.size()});
}

void LogSink::set_status(std::string_view line) {
    if (!terminal_) return;
    const std::lock_guard lock(mutex_);
    if (status_.empty() && line.empty()) return;
    buffer_.clear();
    append(buffer_, erase_line);
    status_ = line;
    append_status();
    writer_.write_or_skip({buffer_.data(), buffer_.size()});
}

// A line that wraps could not be erased again: it is cut to the window.
void LogSink::append_status() {
    if (!status_.empty()) append(buffer_, std::string_view(status_).substr(0, columns_of(file_) - 1));
}

}  // namespace sluice
