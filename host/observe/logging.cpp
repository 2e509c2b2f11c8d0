#include "observe/logging.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <deque>
#include <mutex>

#include "observe/log_sink.hpp"

namespace sluice {
namespace {

constexpr std::array level_names = {"trace", "debug", "info", "warn", "error"};

// "sources" covers "sources.flights" but not "sourcesX".
bool covers(std::string_view path, std::string_view component) {
    return component.starts_with(path) && (component.size() == path.size() || component[path.size()] == '.');
}

LogLevel level_for(const LogOptions& options, std::string_view component) {
    LogLevel level = options.level;
    std::size_t longest = 0;
    for (const auto& [path, its_level] : options.levels) {
        if (path.empty() || path.size() <= longest || !covers(path, component)) continue;
        longest = path.size();
        level = its_level;
    }
    return level;
}

bool colour_wanted() {
    const char* no_colour = std::getenv("NO_COLOR");  // https://no-color.org
    return no_colour == nullptr || *no_colour == '\0';
}

}  // namespace

const char* to_string(LogLevel level) {
    return level_names[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view text) {
    for (std::size_t index = 0; index < level_names.size(); ++index)
        if (text == level_names[index]) return static_cast<LogLevel>(index);
    return std::nullopt;
}

void Logger::write(LogLevel level, std::string_view text, std::string_view fields) const {
    if (enabled(level)) channel_->sink->write(*channel_, level, text, fields);
}

void Logger::write_formatted(LogLevel level, fmt::string_view format, fmt::format_args args) const {
    fmt::memory_buffer text;  // on the stack up to 500 bytes
    fmt::vformat_to(std::back_inserter(text), format, args);
    channel_->sink->write(*channel_, level, std::string_view(text.data(), text.size()), {});
}

struct Logging::Parts {
    Parts(LogOptions options_of, const Clock& clock, int file, bool terminal)
        : options(std::move(options_of)),
          sink(options.json ? make_json_formatter() : make_text_formatter(terminal && colour_wanted()), clock, file, terminal,
               options.json) {}

    LogOptions options;  // levels: guarded by mutex
    LogSink sink;
    std::mutex mutex;
    std::deque<LogChannel> channels;  // guarded by mutex; entries never move
};

Logging::Logging(LogOptions options, const Clock& clock, int file) {
    const bool terminal = !options.json && ::isatty(file) == 1;
    parts_ = std::make_unique<Parts>(std::move(options), clock, file, terminal);
}

Logging::~Logging() {
    set_status({});
}

Logger Logging::logger(std::string_view component, std::string_view pool, std::int64_t worker, std::string_view plugin) {
    const std::lock_guard lock(parts_->mutex);
    // Asking twice gives the same channel, so that their number is bounded by the configuration.
    for (const LogChannel& channel : parts_->channels)
        if (channel.component == component && channel.pool == pool && channel.worker == worker && channel.plugin == plugin)
            return Logger(&channel);
    LogChannel& channel =
        parts_->channels.emplace_back(level_for(parts_->options, component), parts_->options.json, std::string(component),
                                      std::string(pool), worker, std::string(plugin), std::string(), &parts_->sink);
    channel.label = render_label(channel);
    return Logger(&channel);
}

void Logging::set_levels(LogLevel level, std::vector<std::pair<std::string, LogLevel>> levels) {
    const std::lock_guard lock(parts_->mutex);
    parts_->options.level = level;
    parts_->options.levels = std::move(levels);
    for (LogChannel& channel : parts_->channels)
        channel.threshold.store(level_for(parts_->options, channel.component), std::memory_order_relaxed);
}

bool Logging::terminal() const {
    return parts_->sink.terminal();
}

void Logging::set_status(std::string_view line) {
    parts_->sink.set_status(line);
}

bool Logging::flush(std::chrono::milliseconds at_most) {
    return parts_->sink.drain(at_most);
}

}  // namespace sluice
