// The log: one line per event to standard error, as text for people or as JSON for programs, with a level for each component.
//
//   Logging log(options, clock);
//   Logger logger = log.logger("pools.airports.handler", "airports", 3);
//   logger.info("read {} messages", count);
//
// Threads    Logging::logger and every function of Logger: any thread. Lines of different threads never mix.
// Ownership  A Logger points into its Logging and must not outlive it. One pointer: copy it freely; a default one says nothing.
// Waiting    A line never waits for its reader: what is not read is kept, then dropped and counted (log_writer.hpp).
// Cost       enabled() is one load and one comparison. A line that is not enabled is not formatted and allocates nothing.
// Limits     The text of a line is cut at limits::log_text_bytes.
// Safety     Control characters and bytes that are not UTF-8 are escaped in both formats: a message's bytes can neither forge a
//            line nor reach the terminal.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.hpp"

namespace sluice {

// The numbers are those of SLUICE_LOG_ in the plugin ABI.
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

const char* to_string(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view text);

struct LogOptions {
    LogLevel level = LogLevel::info;
    bool json = false;
    std::vector<std::pair<std::string, LogLevel>> levels;  // component path -> level; the most specific path wins
};

class LogSink;

// What all lines of one component and worker share. Constant once made, but for the threshold.
struct LogChannel {
    std::atomic<LogLevel> threshold;
    bool json;
    std::string component;
    std::string pool;
    std::int64_t worker;
    std::string plugin;  // the component's name in its manifest; empty for the host's own parts
    std::string label;   // as it stands in the line: rendered once
    LogSink* sink;
};

class Logger {
public:
    Logger() = default;
    explicit Logger(const LogChannel* channel) : channel_(channel) {}

    bool enabled(LogLevel level) const {
        return channel_ != nullptr && level >= channel_->threshold.load(std::memory_order_relaxed);
    }
    bool json() const { return channel_ != nullptr && channel_->json; }

    template <typename... Args>
    void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
        if (enabled(level)) write_formatted(level, format, fmt::make_format_args(args...));
    }
    template <typename... Args>
    void trace(fmt::format_string<Args...> format, Args&&... args) const {
        log(LogLevel::trace, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void debug(fmt::format_string<Args...> format, Args&&... args) const {
        log(LogLevel::debug, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void info(fmt::format_string<Args...> format, Args&&... args) const {
        log(LogLevel::info, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void warn(fmt::format_string<Args...> format, Args&&... args) const {
        log(LogLevel::warn, format, std::forward<Args>(args)...);
    }
    template <typename... Args>
    void error(fmt::format_string<Args...> format, Args&&... args) const {
        log(LogLevel::error, format, std::forward<Args>(args)...);
    }

    // A text that is ready. `fields` are members of a JSON object without the braces (JsonFields); the text format leaves them
    // out.
    void write(LogLevel level, std::string_view text, std::string_view fields = {}) const;

private:
    void write_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) const;

    const LogChannel* channel_ = nullptr;
};

class Logging {
public:
    // Writes to `file`, by default standard error, which stays the caller's. Colour and the status line need a terminal.
    Logging(LogOptions options, const Clock& clock, int file = 2);
    ~Logging();
    Logging(const Logging&) = delete;
    Logging& operator=(const Logging&) = delete;

    // `component` is the path in the configuration ("sources.flights"); `worker` is -1 for what is not a worker's.
    Logger logger(std::string_view component, std::string_view pool = {}, std::int64_t worker = -1,
                  std::string_view plugin = {});

    // From now on, for loggers that exist too. The format stays.
    void set_levels(LogLevel level, std::vector<std::pair<std::string, LogLevel>> levels);

    // True if lines go as text to a terminal: then there is somebody to show progress to.
    bool terminal() const;
    // The one line below the log that is overwritten in place; empty takes it away. Does nothing without a terminal.
    void set_status(std::string_view line);
    // Waits until what was said is written, at most so long: before an end without destructors. False: it is not, since nobody
    // reads.
    bool flush(std::chrono::milliseconds at_most = std::chrono::seconds(1));

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
