#include "observe/statistics.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <set>
#include <sstream>

#include "observe/memory_log.hpp"
#include "observe/metrics.hpp"

namespace sluice {
namespace {

constexpr std::int64_t second = 1'000'000'000;
const FakeClock midday(0, 1'700'000'000'123);

WorkerStatistics worker(std::uint32_t index, std::uint64_t depth, std::uint64_t high_water) {
    WorkerStatistics worker;
    worker.pool = "airports";
    worker.worker = index;
    worker.depth = depth;
    worker.high_water = high_water;
    worker.capacity = 1000;
    return worker;
}

// Everything that can stand in a report does.
SourceStatistics flights() {
    Histogram latency;
    latency.record(1'234'567, 99);
    latency.record(45'600'000);
    SourceStatistics source;
    source.name = "flights";
    source.counts = {.received = 20'000,
                     .acked = 19'000,
                     .dead_lettered = 1,
                     .skipped = 2,
                     .dropped_by_policy = 3,
                     .released = 4,
                     .lost_lease = 5,
                     .abandoned = 6,
                     .in_flight = 979,
                     .retried = 7};
    source.oldest_ns = 12'345'678;
    source.overflowed = 7;
    source.slots_moved = 10;
    source.not_polled_because = "a queue is full";
    source.not_polled_ns = 3'210'000'000;
    source.parked = 8;
    source.deferred = 9;
    source.latency = latency.snapshot();
    source.workers = {worker(0, 10, 20), worker(1, 0, 1000), worker(2, 812, 900), worker(3, 30, 31), worker(4, 10, 11)};
    source.workers[2].counts = {.handled = 2'000,
                                .done = 1'990,
                                .retried = 4,
                                .rejected = 3,
                                .skipped = 2,
                                .misbehaved = 1,
                                .units = 40,
                                .busy_ns = 3'500'000'000};
    source.workers[2].running_ns = 1'500'000'000;
    return source;
}

SourceStatistics quiet() {
    SourceStatistics source;
    source.name = "orders";
    return source;
}

TEST(IntervalText, SaysEverythingInOneLine) {
    const SourceStatistics source = flights();
    EXPECT_EQ(interval_text(source, source.latency, 12'345.6),
              "flights: received 20000, acked 19000, retried 7, dead_lettered 1, skipped 2, dropped_by_policy 3, released 4, "
              "lost_lease 5, abandoned 6, in_flight 979, oldest_ms 12, overflowed 7, parked 8, deferred 9, slots_moved 10, not "
              "polled "
              "for 3.21s (a queue is full), 12.3k/s, latency "
              "p50 1.23ms p99 1.23ms max 45.6ms, "
              "deepest queues airports[2] 812/1000 high water 900, airports[3] 30/1000 high water 31, "
              "airports[0] 10/1000 high water 20");
}

TEST(IntervalText, LeavesOutWhatThereIsNothingToSayAbout) {
    EXPECT_EQ(interval_text(quiet(), {}, 0),
              "orders: received 0, acked 0, retried 0, dead_lettered 0, skipped 0, dropped_by_policy 0, released 0, in_flight "
              "0, 0/s");
}

TEST(FinalText, WritesTheSumOut) {
    SourceStatistics source = quiet();
    source.counts.received = source.counts.acked = 20'000;
    EXPECT_EQ(final_text(source, 2 * second),
              "orders: received 20000 = acked 20000 + dead_lettered 0 + skipped 0 + dropped_by_policy 0 + released 0 + "
              "lost_lease 0 + "
              "abandoned 0; retried 0, 10.0k/s over 2.00s");
}

TEST(FinalText, SaysSoWhenTheSumIsWrong) {
    SourceStatistics source = flights();
    source.counts.in_flight = 1;
    EXPECT_EQ(
        final_text(source, second),
        "flights: received 20000 is not acked 19000 + dead_lettered 1 + skipped 2 + dropped_by_policy 3 + released 4 + "
        "lost_lease 5 + abandoned 6 + in_flight 1; retried 7, 19.0k/s over 1.00s, latency p50 1.23ms p99 1.23ms max 45.6ms; "
        "the conservation law does not hold: a message was lost or counted twice");
}

TEST(WorkerText, SaysWhatTheWorkerDidAndHowFullItsQueueIs) {
    const SourceStatistics source = flights();
    EXPECT_EQ(worker_text("flights", source.workers[2], 0.354),
              "flights: airports[2] handled 2000, done 1990, retried 4, rejected 3, skipped 2, misbehaved 1, units 40, "
              "queue 812/1000 high water 900, busy 35%, running for 1.50s");
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST(StatisticsReport, TakesRateLatencyAndBusyTimeOfTheIntervalOnly) {
    MemoryFile file;
    Logging log({.level = LogLevel::debug, .json = false, .levels = {}}, midday, file.file());
    StatisticsReport report(log.logger("statistics"), 100 * second);

    Histogram latency;
    latency.record(50'000'000'000);
    SourceStatistics source = quiet();
    source.counts.received = source.counts.acked = 1;
    source.latency = latency.snapshot();
    source.workers = {worker(0, 0, 1)};
    source.workers[0].counts.busy_ns = 4 * second;
    report.interval({110 * second, {source}});

    latency.record(20, 1000);
    source.counts.received = source.counts.acked = 1001;
    source.latency = latency.snapshot();
    source.workers[0].counts.busy_ns = 5 * second;
    report.interval({120 * second, {source}});

    const auto lines = lines_of(file.text());
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_TRUE(
        lines[0].ends_with("info  statistics: orders: received 1, acked 1, retried 0, dead_lettered 0, skipped 0, "
                           "dropped_by_policy 0, released 0, in_flight 0, 0.10/s, latency p50 50.0s p99 50.0s max 50.0s"))
        << lines[0];
    EXPECT_NE(lines[1].find("debug statistics: orders: airports[0] handled 0"), std::string::npos) << lines[1];
    EXPECT_TRUE(lines[1].ends_with("busy 40%")) << lines[1];
    EXPECT_TRUE(lines[2].ends_with("in_flight 0, 100/s, latency p50 20ns p99 20ns max 20ns")) << lines[2];
    EXPECT_TRUE(lines[3].ends_with("busy 10%")) << lines[3];
}

TEST(StatisticsReport, SaysNothingOfWorkersAtInfo) {
    MemoryFile file;
    Logging log({}, midday, file.file());
    StatisticsReport report(log.logger("statistics"), 0);
    report.interval({second, {flights()}});
    EXPECT_EQ(lines_of(file.text()).size(), 1u);
}

TEST(StatisticsReport, WritesFieldsWhenTheLogIsJson) {
    MemoryFile file;
    Logging log({.level = LogLevel::debug, .json = true, .levels = {}}, midday, file.file());
    StatisticsReport report(log.logger("statistics"), 0);
    report.interval({2 * second, {flights()}});
    EXPECT_TRUE(report.final({4 * second, {flights()}}));
    const auto lines = lines_of(file.text());
    ASSERT_EQ(lines.size(), 7u);
    const std::string head = R"({"time":"2023-11-14T22:13:20.123Z","level":"info","component":"statistics",)";
    std::string counts = R"("source":"flights",)";  // their values are those of the text
    for (const auto& metric : source_metrics())
        counts += "\"" + std::string(metric.name) + "\":" + std::to_string(metric.value(flights())) + ",";
    const std::string why = R"("not_polled_because":"a queue is full","not_polled_ms":3210,)";
    const std::string rest = R"("latency_p50_ns":1228799,"latency_p99_ns":1228799,"latency_max_ns":45600000,"deepest_queues":[)"
                             R"({"pool":"airports","worker":2,"depth":812,"capacity":1000,"high_water":900},)"
                             R"({"pool":"airports","worker":3,"depth":30,"capacity":1000,"high_water":31},)"
                             R"({"pool":"airports","worker":0,"depth":10,"capacity":1000,"high_water":20}])";
    EXPECT_EQ(lines[0], head + R"("message":"statistics","event":"statistics",)" + counts +
                            R"("rate_per_s":9510.5,"elapsed_ms":2000,)" + why + rest + "}");
    EXPECT_EQ(
        lines[3],
        R"({"time":"2023-11-14T22:13:20.123Z","level":"debug","component":"statistics","message":"worker statistics",)"
        R"("event":"worker_statistics","source":"flights","pool":"airports","worker":2,"handled":2000,"done":1990,"retried":4,)"
        R"("rejected":3,"skipped":2,"misbehaved":1,"units":40,"depth":812,"capacity":1000,)"
        R"("high_water":900,"busy":1,"running_ns":1500000000})");
    EXPECT_EQ(lines[6], head + R"("message":"final statistics","event":"final_statistics",)" + counts +
                            R"("rate_per_s":4755.25,"elapsed_ms":4000,)" + why + rest + R"(,"law_holds":true})");
    simdjson::dom::parser parser;
    for (const std::string& line : lines)
        EXPECT_EQ(parser.parse(simdjson::padded_string(line)).error(), simdjson::SUCCESS) << line;
}

TEST(StatisticsReport, ReportsABrokenLawAsAnErrorInBothFormats) {
    for (const bool json : {false, true}) {
        MemoryFile file;
        Logging log({.level = LogLevel::info, .json = json, .levels = {}}, midday, file.file());
        StatisticsReport report(log.logger("statistics"), 0);
        SourceStatistics lost = quiet();
        lost.counts.received = 1;
        EXPECT_FALSE(report.final({second, {lost, flights()}}));
        const auto lines = lines_of(file.text());
        ASSERT_EQ(lines.size(), 2u);
        EXPECT_NE(lines[0].find("error"), std::string::npos) << lines[0];
        EXPECT_EQ(lines[1].find("error"), std::string::npos) << lines[1];
    }
}

TEST(StatisticsReport, SaysWhatIsAwayInBothFormats) {
    for (const bool json : {false, true}) {
        MemoryFile file;
        Logging log({.level = LogLevel::info, .json = json, .levels = {}}, midday, file.file());
        StatisticsReport report(log.logger("statistics"), 0);
        report.interval({second, {quiet()}, {{"databases.shop", 12'300'000'000}}});
        const auto lines = lines_of(file.text());
        ASSERT_EQ(lines.size(), 2u);
        const std::string wanted = json ? R"("event":"away_statistics","path":"databases.shop","away_ms":12300)"
                                        : "databases.shop: unreachable for 12.3s";
        EXPECT_NE(lines[1].find(wanted), std::string::npos) << lines[1];
    }
}

TEST(StatisticsReport, SaysWhatIsInFlightWhereThatIsBounded) {
    for (const bool json : {false, true}) {
        MemoryFile file;
        Logging log({.level = LogLevel::info, .json = json, .levels = {}}, midday, file.file());
        StatisticsReport report(log.logger("statistics"), 0);
        report.interval({second, {quiet()}, {}, {12'900'000, 256u << 20}});
        const auto lines = lines_of(file.text());
        ASSERT_EQ(lines.size(), 2u);
        const std::string wanted = json ? R"("event":"memory_statistics","bytes":12900000,"limit":268435456)"
                                        : "memory: 12.3MiB of 256.0MiB in flight";
        EXPECT_NE(lines[1].find(wanted), std::string::npos) << lines[1];
    }
}

HandlerStatistics calls(const Histogram& answer, std::int64_t sent) {
    return {"calls",
            {{{"sent", "Requests sent.", "", MetricKind::counter}, sent},
             {{"cached", "Answers kept.", "By", MetricKind::gauge}, 310},
             {{"answer", "Time to the answer.", "us", MetricKind::histogram}, 0, answer.snapshot()}}};
}

TEST(HandlerText, SaysTimesAsTimesAndOtherUnitsBehindTheirNumbers) {
    Histogram answer;
    EXPECT_EQ(handler_text(calls(answer, 12)), "calls: sent 12, cached 310 By, answer none");
    answer.record(1'200, 99);
    answer.record(9'100);
    EXPECT_EQ(handler_text(calls(answer, 12)), "calls: sent 12, cached 310 By, answer p50 1.20ms p99 1.20ms max 9.10ms");
}

TEST(StatisticsReport, SaysWhatHandlersMeasureInBothFormats) {
    for (const bool json : {false, true}) {
        MemoryFile file;
        Logging log({.level = LogLevel::info, .json = json, .levels = {}}, midday, file.file());
        StatisticsReport report(log.logger("statistics"), 0);
        Histogram answer;
        answer.record(50);
        report.interval({second, {}, {}, {}, {calls(answer, 1)}});
        answer.record(10);
        report.interval({2 * second, {}, {}, {}, {calls(answer, 3)}});
        report.final({2 * second, {}, {}, {}, {calls(answer, 3)}});
        const auto lines = lines_of(file.text());
        ASSERT_EQ(lines.size(), 3u);
        const std::string of_interval =
            json ? R"("event":"handler_statistics","pool":"calls","metrics":{"sent":3,"cached":310,"answer":{"count":1,)"
                 : "calls: sent 3, cached 310 By, answer p50 10.0us";
        EXPECT_NE(lines[1].find(of_interval), std::string::npos) << lines[1];
        const std::string of_all = json ? R"("event":"final_handler_statistics")" : "max 50.0us";
        EXPECT_NE(lines[2].find(of_all), std::string::npos) << lines[2];
    }
}

TEST(StatisticsReport, TakesHandlersThatAReloadHasMadeAnewForWhatTheyAre) {
    MemoryFile file;
    Logging log({.level = LogLevel::info, .json = false, .levels = {}}, midday, file.file());
    StatisticsReport report(log.logger("statistics"), 0);
    Histogram before;
    before.record(50, 5);
    report.interval({second, {}, {}, {}, {calls(before, 5)}});
    Histogram anew;
    anew.record(20);
    report.interval({2 * second, {}, {}, {}, {calls(anew, 1)}});
    EXPECT_NE(file.text().find("calls: sent 1, cached 310 By, answer p50 20.0us p99 20.0us max 20.0us"), std::string::npos);
}

// Letters and underscores that stand together; units, numbers and names of the example's own parts are not words of the report.
std::set<std::string> words_of(const std::string& text) {
    std::set<std::string> words;
    std::string word;
    for (const char byte : text + " ") {
        if (std::isalpha(static_cast<unsigned char>(byte)) || byte == '_' ||
            (!word.empty() && std::isdigit(static_cast<unsigned char>(byte)))) {
            word += byte;
        } else {
            words.insert(word);
            word.clear();
        }
    }
    for (const char* not_a_word : {"", "flights", "airports", "ns", "us", "ms", "s", "k"}) words.erase(not_a_word);
    return words;
}

TEST(StatisticsPage, ExplainsEveryWordOfTheReport) {
    std::ifstream page(SLUICE_ROOT "/docs/reference/statistics.md");
    ASSERT_TRUE(page) << "docs/reference/statistics.md is missing";
    // A word is explained where it begins a row of a table: | `word` | …
    std::set<std::string> explained;
    for (std::string line; std::getline(page, line);) {
        if (!line.starts_with("| `")) continue;
        const std::string cell = line.substr(0, line.find('|', 1));
        for (std::size_t open = cell.find('`'); open != std::string::npos; open = cell.find('`', open + 1)) {
            const std::size_t close = cell.find('`', open + 1);
            ASSERT_NE(close, std::string::npos) << line;
            explained.merge(words_of(cell.substr(open, close - open)));
            open = close;
        }
    }

    const SourceStatistics source = flights();
    std::set<std::string> used = words_of(interval_text(source, source.latency, 1) + " " + final_text(source, second) + " " +
                                          worker_text("flights", source.workers[2], 1) + " " + away_text({"flights", second}) +
                                          " " + memory_text({1, 2}) + " " + handler_text({"flights", {}}));
    MemoryFile file;
    Logging log({.level = LogLevel::debug, .json = true, .levels = {}}, midday, file.file());
    StatisticsReport report(log.logger("statistics"), 0);
    report.interval({second, {flights()}, {{"databases.shop", second}}, {1, 2}, {{"calls", {}}}});
    report.final({second, {flights()}});
    simdjson::dom::parser parser;
    for (const std::string& line : lines_of(file.text())) {
        const simdjson::padded_string json(line);
        for (const auto field : simdjson::dom::object(parser.parse(json).get_object())) used.insert(std::string(field.key));
    }
    for (const std::string& word : used) EXPECT_TRUE(explained.contains(word)) << "\"" << word << "\" is not explained";
}

}  // namespace
}  // namespace sluice
