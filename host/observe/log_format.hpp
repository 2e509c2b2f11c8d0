// How a line of the log looks, as text and as JSON.
//
// Threads  any; a formatter is used by one at a time.
#pragma once

#include <spdlog/formatter.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "observe/logging.hpp"

namespace sluice {

// One line on its way. LogSink receives nothing else, which is why a formatter may look at it as what it is.
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

// Text: "2026-01-31T12:00:00.000Z warn  pools.airports.handler[3]: message"
std::unique_ptr<spdlog::formatter> make_text_formatter(bool colour);
// JSON: {"time":"…","level":"warn","component":"…","pool":"airports","worker":3,"message":"…", fields}
std::unique_ptr<spdlog::formatter> make_json_formatter();

// Broken at spaces so that no row is wider than the terminal; what follows stands indented.
void append_wrapped(spdlog::memory_buf_t& to, std::string_view line, std::size_t columns);

// The part of a line that is the same for all lines of a channel.
std::string render_label(const LogChannel& channel);

}  // namespace sluice
