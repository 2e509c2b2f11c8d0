#include "observe/log_format.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "core/limits.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

std::string_view within_limit(spdlog::string_view_t text) {
    return std::string_view(text.data(), text.size()).substr(0, limits::log_text_bytes);
}

void append_time(std::string& to, std::int64_t wall_ms) {
    const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
    fmt::format_to(std::back_inserter(to), "{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), wall_ms % 1000);
}

// Control characters, C1 (U+0080 to U+009F) included, since terminals obey them.
void append_for_terminal(std::string& to, std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const unsigned byte = static_cast<unsigned char>(text[at]);
        const std::size_t length = utf8_sequence(text, at);
        if (length == 0) {
            to += "\ufffd";
        } else if (byte == '\n') {
            to += "\\n";
        } else if (byte == '\t') {
            to += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            fmt::format_to(std::back_inserter(to), "\\x{:02x}", byte);
        } else if (byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0) {
            fmt::format_to(std::back_inserter(to), "\\x{:02x}",
                           static_cast<unsigned>(static_cast<unsigned char>(text[at + 1])));
        } else {
            to.append(text, at, length);
        }
        at += length == 0 ? 1 : length;
    }
}

std::string_view colour_of(LogLevel level) {
    switch (level) {
        case LogLevel::trace:
        case LogLevel::debug: return "\x1b[2m";
        case LogLevel::info: return "\x1b[32m";
        case LogLevel::warn: return "\x1b[33m";
        case LogLevel::error: return "\x1b[31m";
    }
    return "";
}

class TextFormatter final : public spdlog::formatter {
public:
    explicit TextFormatter(bool colour) : colour_(colour) {}

    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
        const auto& record = static_cast<const LogRecord&>(message);
        const auto level = static_cast<LogLevel>(record.level);
        line_.clear();
        append_time(line_, record.wall_ms);
        line_ += ' ';
        if (colour_) line_ += colour_of(level);
        fmt::format_to(std::back_inserter(line_), "{:5}", to_string(level));
        if (colour_) line_ += "\x1b[0m";
        line_ += ' ';
        line_ += record.channel.label;
        line_ += ": ";
        append_for_terminal(line_, within_limit(record.payload));
        if (record.payload.size() > limits::log_text_bytes) line_ += "… (cut)";
        line_ += '\n';
        to.append(line_.data(), line_.data() + line_.size());
    }

    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<TextFormatter>(colour_); }

private:
    const bool colour_;
    std::string line_;  // kept for its capacity
};

class JsonFormatter final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
        const auto& record = static_cast<const LogRecord&>(message);
        line_.clear();
        line_ += R"({"time":")";
        append_time(line_, record.wall_ms);
        line_ += R"(","level":")";
        line_ += to_string(static_cast<LogLevel>(record.level));
        line_ += R"(",)";
        line_ += record.channel.label;
        line_ += R"(,"message":)";
        append_json_string(line_, within_limit(record.payload));
        if (record.payload.size() > limits::log_text_bytes) line_ += R"(,"cut":true)";
        if (!record.fields.empty()) {
            line_ += ',';
            line_ += record.fields;
        }
        line_ += "}\n";
        to.append(line_.data(), line_.data() + line_.size());
    }

    std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }

private:
    std::string line_;  // kept for its capacity
};

}  // namespace

// Counts what a terminal shows: no continuation bytes of UTF-8, no colour. A word that is wider than a row is left to the
// terminal.
void append_wrapped(spdlog::memory_buf_t& to, std::string_view line, std::size_t columns) {
    constexpr std::string_view indent = "\n    ";
    std::size_t row = 0, space = std::string_view::npos, begin = 0, row_at_space = 0;
    bool escape = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const auto byte = static_cast<unsigned char>(line[at]);
        if (byte == 0x1b) escape = true;
        if (escape) {
            escape = byte != 'm';
            continue;
        }
        if (byte == '\n' || (byte & 0xc0) == 0x80) continue;
        if (byte == ' ') space = at, row_at_space = row;
        if (++row <= columns || space == std::string_view::npos) continue;
        to.append(line.data() + begin, line.data() + space);
        to.append(indent.data(), indent.data() + indent.size());
        begin = space + 1;
        row = row - row_at_space - 1 + indent.size() - 1;
        space = std::string_view::npos;
    }
    to.append(line.data() + begin, line.data() + line.size());
}

std::string render_label(const LogChannel& channel) {
    if (channel.json) {
        JsonFields fields;
        fields.add("component", channel.component);
        if (!channel.pool.empty()) fields.add("pool", channel.pool);
        if (channel.worker >= 0) fields.add("worker", channel.worker);
        if (!channel.plugin.empty()) fields.add("plugin", channel.plugin);
        return std::string(fields.view());
    }
    std::string label;
    append_for_terminal(label, channel.component);
    if (channel.worker >= 0) fmt::format_to(std::back_inserter(label), "[{}]", channel.worker);
    if (!channel.plugin.empty()) {
        label += " (";
        append_for_terminal(label, channel.plugin);
        label += ')';
    }
    return label;
}

std::unique_ptr<spdlog::formatter> make_text_formatter(bool colour) {
    return std::make_unique<TextFormatter>(colour);
}

std::unique_ptr<spdlog::formatter> make_json_formatter() {
    return std::make_unique<JsonFormatter>();
}

}  // namespace sluice
