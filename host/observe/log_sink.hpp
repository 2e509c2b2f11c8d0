// Where log lines end: a file descriptor, and on a terminal a status line below them that log lines never tear.
//
// Threads  any; base_sink's mutex guards the formatter and the status line. Nobody waits for a reader: see log_writer.hpp.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "observe/log_writer.hpp"
#include "observe/logging.hpp"

namespace sluice {

// One line on its way. LogSink receives nothing else, which is why its formatter may look at it as what it is.
struct LogRecord : spdlog::details::log_msg {
    LogRecord(const LogChannel& channel_of, spdlog::level::level_enum level_of, std::string_view text,
              std::string_view fields_of)
        : log_msg(spdlog::string_view_t(channel_of.label.data(), channel_of.label.size()), level_of,
                  spdlog::string_view_t(text.data(), text.size())),
          channel(channel_of),
          fields(fields_of) {}

    const LogChannel& channel;
    std::string_view fields;
    std::int64_t wall_ms = 0;
};

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

// Text: "2026-01-31T12:00:00.000Z warn  pools.airports.handler[3]: message"
std::unique_ptr<spdlog::formatter> make_text_formatter(bool colour);
// JSON: {"time":"…","level":"warn","component":"…","pool":"airports","worker":3,"message":"…", fields}
std::unique_ptr<spdlog::formatter> make_json_formatter();

// Broken at spaces so that no row is wider than the terminal; what follows stands indented.
void append_wrapped(spdlog::memory_buf_t& to, std::string_view line, std::size_t columns);

// The part of a line that is the same for all lines of a channel.
std::string render_label(const LogChannel& channel);

}  // namespace sluice
