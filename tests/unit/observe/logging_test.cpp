#include "observe/logging.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <thread>

#include "core/limits.hpp"
#include "observe/log_sink.hpp"
#include "observe/memory_log.hpp"

// Formatting one of these is counted: a line that is not said must not do it.
struct Formatted {
    int* times;
};
template <>
struct fmt::formatter<Formatted> : fmt::formatter<int> {
    auto format(const Formatted& value, fmt::format_context& context) const {
        return fmt::formatter<int>::format(++*value.times, context);
    }
};

namespace sluice {
namespace {

LogOptions json_options() {
    LogOptions options;
    options.json = true;
    return options;
}

const FakeClock noon(0, 1'700'000'000'123);

TEST(Logging, WritesALineOfTextForEachEvent) {
    MemoryFile file;
    Logging log({}, noon, file.file());
    log.logger("sources.flights").info("read {} messages", 3);
    log.logger("pools.airports.handler", "airports", 7).warn("slow");
    EXPECT_EQ(file.text(),
              "2023-11-14T22:13:20.123Z info  sources.flights: read 3 messages\n"
              "2023-11-14T22:13:20.123Z warn  pools.airports.handler[7]: slow\n");
}

TEST(Logging, NamesThePluginOfAComponent) {
    MemoryFile text;
    Logging(LogOptions{}, noon, text.file()).logger("pools.airports.handler", "airports", 7, "sql").warn("slow");
    EXPECT_EQ(text.text(), "2023-11-14T22:13:20.123Z warn  pools.airports.handler[7] (sql): slow\n");
    MemoryFile json;
    Logging(json_options(), noon, json.file()).logger("sources.in", {}, -1, "file").warn("slow");
    EXPECT_EQ(json.text(),
              R"({"time":"2023-11-14T22:13:20.123Z","level":"warn","component":"sources.in","plugin":"file","message":"slow"})"
              "\n");
}

TEST(Logging, WritesJsonWithComponentPoolAndWorker) {
    MemoryFile file;
    Logging log(json_options(), noon, file.file());
    log.logger("pools.airports.handler", "airports", 7).warn("slow");
    log.logger("host").write(LogLevel::info, "statistics", R"("received":20000)");
    EXPECT_EQ(file.text(),
              R"({"time":"2023-11-14T22:13:20.123Z","level":"warn","component":"pools.airports.handler","pool":"airports",)"
              R"("worker":7,"message":"slow"})"
              "\n"
              R"({"time":"2023-11-14T22:13:20.123Z","level":"info","component":"host","message":"statistics","received":20000})"
              "\n");
}

TEST(Logging, WritesOneParsableJsonLineWhateverTheBytesOfTheMessage) {
    MemoryFile file;
    Logging log(json_options(), noon, file.file());
    const Logger logger = log.logger("pool \"x\"\n", "p\xff", 0);
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    const std::vector<std::string> texts = {all, "\"}{\\", "forged\n{\"level\":\"error\"}", "caf\u00e9 \xe2\x82",
                                            std::string(40, '\0')};
    for (const std::string& text : texts) logger.write(LogLevel::info, text);

    const std::string written = file.text();
    std::size_t lines = 0;
    simdjson::dom::parser parser;
    for (std::size_t at = 0; at < written.size(); ++lines) {
        const std::size_t end = written.find('\n', at);
        ASSERT_NE(end, std::string::npos);
        const simdjson::padded_string line(written.substr(at, end - at));
        std::string_view message;
        ASSERT_EQ(parser.parse(line)["message"].get(message), simdjson::SUCCESS) << std::string_view(line);
        if (lines == 1 || lines == 2) {
            EXPECT_EQ(message, texts[lines]);
        }
        at = end + 1;
    }
    EXPECT_EQ(lines, texts.size());
}

TEST(Logging, LetsNoMessageForgeALineOrReachTheTerminalInText) {
    MemoryFile file;
    Logging log({}, noon, file.file());
    log.logger("host").info("{}", "a\nb\r\t\x1b[2J \x7f \xc2\x9b caf\u00e9 \xff");
    EXPECT_EQ(file.text(), "2023-11-14T22:13:20.123Z info  host: a\\nb\\x0d\\t\\x1b[2J \\x7f \\x9b caf\u00e9 \ufffd\n");
}

TEST(Logging, TakesTheLevelOfTheMostSpecificPath) {
    MemoryFile file;
    LogOptions options;
    options.level = LogLevel::warn;
    options.levels = {
        {"sources", LogLevel::info}, {"sources.flights", LogLevel::debug}, {"sources.flights.deep", LogLevel::error}};
    Logging log(options, noon, file.file());
    EXPECT_FALSE(log.logger("pools.airports").enabled(LogLevel::info));
    EXPECT_TRUE(log.logger("pools.airports").enabled(LogLevel::warn));
    EXPECT_TRUE(log.logger("sources.other").enabled(LogLevel::info));
    EXPECT_FALSE(log.logger("sources.other").enabled(LogLevel::debug));
    EXPECT_TRUE(log.logger("sources.flights").enabled(LogLevel::debug));
    EXPECT_FALSE(log.logger("sources.flights").enabled(LogLevel::trace));
    EXPECT_FALSE(log.logger("sources.flights.deep").enabled(LogLevel::warn));
    EXPECT_TRUE(log.logger("sources.flights.deeper").enabled(LogLevel::debug));
    EXPECT_FALSE(log.logger("sources.flightsX").enabled(LogLevel::debug)) << "a path ends at a dot";
}

TEST(Logging, DoesNotFormatWhatItDoesNotSay) {
    MemoryFile file;
    Logging log({}, noon, file.file());
    int times = 0;
    log.logger("host").debug("{}", Formatted{&times});
    Logger().error("{}", Formatted{&times});
    EXPECT_EQ(times, 0);
    EXPECT_EQ(file.text(), "");
    log.logger("host").info("{}", Formatted{&times});
    EXPECT_EQ(times, 1);
}

TEST(Logging, CutsATextAtItsLimitAndSaysSo) {
    MemoryFile file;
    Logging log({}, noon, file.file());
    log.logger("host").write(LogLevel::info, std::string(limits::log_text_bytes + 1, 'x'));
    EXPECT_NE(file.text().find("xxx… (cut)\n"), std::string::npos);
    EXPECT_LT(file.text().size(), limits::log_text_bytes + 100);

    MemoryFile json_file;
    Logging json_log(json_options(), noon, json_file.file());
    json_log.logger("host").write(LogLevel::info, std::string(limits::log_text_bytes + 1, 'x'));
    EXPECT_NE(json_file.text().find(R"(xxx","cut":true})"), std::string::npos);
}

TEST(Logging, KeepsTheLinesOfManyThreadsWhole) {
    MemoryFile file;
    Logging log({}, noon, file.file());
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&log, thread] {
                const Logger logger = log.logger("worker", "pool", thread);
                for (int line = 0; line < 500; ++line) logger.info("{}", std::string(100, static_cast<char>('a' + thread)));
            });
    }
    std::string expected[4];
    for (int thread = 0; thread < 4; ++thread)
        expected[thread] = fmt::format("2023-11-14T22:13:20.123Z info  worker[{}]: {}", thread,
                                       std::string(100, static_cast<char>('a' + thread)));
    int lines = 0;
    const std::string written = file.text();
    for (std::size_t at = 0; at < written.size(); ++lines) {
        const std::size_t end = written.find('\n', at);
        const std::string line = written.substr(at, end - at);
        EXPECT_TRUE(line == expected[0] || line == expected[1] || line == expected[2] || line == expected[3]) << line;
        at = end + 1;
    }
    EXPECT_EQ(lines, 2000);
}

TEST(Logging, UsesColourAndStatusLineOnATerminalOnly) {
    MemoryFile file;
    Logging plain({}, noon, file.file());
    EXPECT_FALSE(plain.terminal());
    plain.set_status("10 messages");
    plain.logger("host").info("hello");
    EXPECT_EQ(file.text().find('\x1b'), std::string::npos);
    EXPECT_EQ(file.text().find("10 messages"), std::string::npos);

    Terminal terminal;
    Logging json(json_options(), noon, terminal.file());
    EXPECT_FALSE(json.terminal());
    Logging shown({}, noon, terminal.file());
    EXPECT_TRUE(shown.terminal());
    shown.logger("host").warn("hello");
    EXPECT_NE(terminal.take().find("\x1b[33mwarn \x1b[0m host: hello"), std::string::npos);
}

TEST(Logging, ErasesTheStatusLineBeforeALineAndDrawsItAgainBelow) {
    Terminal terminal;
    Logging log({}, noon, terminal.file());
    log.set_status("10 messages");
    EXPECT_EQ(terminal.take(), "\r\x1b[2K10 messages");
    log.logger("host").info("hello");
    const std::string drawn = terminal.take();
    EXPECT_TRUE(drawn.starts_with("\r\x1b[2K2023-")) << drawn;
    EXPECT_TRUE(drawn.ends_with("host: hello\r\n10 messages")) << drawn;
    log.set_status("");
    EXPECT_EQ(terminal.take(), "\r\x1b[2K");
    log.set_status("");
    EXPECT_EQ(terminal.take(), "");
    log.set_status(std::string(500, 'x'));
    EXPECT_LT(terminal.take().size(), 100u) << "a line that wraps could not be erased";
}

TEST(Logging, BreaksLongLinesOnATerminalAtSpaces) {
    const auto wrapped = [](std::string_view line, std::size_t columns) {
        spdlog::memory_buf_t to;
        append_wrapped(to, line, columns);
        return std::string(to.data(), to.size());
    };
    EXPECT_EQ(wrapped("one two\n", 20), "one two\n");
    EXPECT_EQ(wrapped("one two three four five six\n", 14), "one two three\n    four five\n    six\n");
    EXPECT_EQ(wrapped("0123456789012345 x\n", 10), "0123456789012345\n    x\n") << "a word that is too long stays whole";
    EXPECT_EQ(wrapped("\x1b[33mone\x1b[0m two\n", 7), "\x1b[33mone\x1b[0m two\n") << "colours take no room";
    EXPECT_EQ(wrapped("ööö ööö\n", 7), "ööö ööö\n");
}

TEST(LogLevel, ReadsItsOwnNamesAndNoOthers) {
    for (const auto level : {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
        EXPECT_EQ(parse_log_level(to_string(level)), level);
    EXPECT_EQ(parse_log_level("warning"), std::nullopt);
    EXPECT_EQ(parse_log_level(""), std::nullopt);
}

}  // namespace
}  // namespace sluice
