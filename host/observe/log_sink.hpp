// Where log lines end: a file descriptor, and on a terminal a status line below them that log lines never tear.
//
// Threads  any; base_sink's mutex guards the formatter and the status line. Nobody waits for a reader: see log_writer.hpp.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "observe/log_format.hpp"
#include "observe/log_writer.hpp"
#include "observe/logging.hpp"

namespace sluice {

class LogSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    LogSink(std::unique_ptr<spdlog::formatter> formatter, const Clock& clock, int file, bool terminal, bool json);

    void write(const LogChannel& channel, LogLevel level, std::string_view text, std::string_view fields);
    bool terminal() const { return terminal_; }
    void set_status(std::string_view line);
    bool drain(std::chrono::milliseconds at_most) { return writer_.flush(at_most); }

private:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}
    void append_status();
    std::string dropped_line(std::uint64_t count);

    // constant after construction
    const Clock& clock_;
    const int file_;
    const bool terminal_;
    // guarded by mutex_
    std::string status_;
    spdlog::memory_buf_t line_;
    spdlog::memory_buf_t buffer_;

    const LogChannel log_channel_;                             // of what the log says of itself
    const std::unique_ptr<spdlog::formatter> dropped_format_;  // guarded by the writer's lock
    LogWriter writer_;                                         // the last: its thread uses the others
};

}  // namespace sluice
