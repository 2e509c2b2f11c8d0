// `sluice tune FILE`: how fast is the pipeline with other numbers of workers, batches and queues?
#include "tune/tune.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

#include "app/exit_status.hpp"
#include "cli/arguments.hpp"
#include "cli/verbs.hpp"
#include "core/limits.hpp"
#include "observe/readable.hpp"
#include "text/json_text.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

namespace po = boost::program_options;

constexpr VerbUsage tune_usage{
    "tune", "FILE [--pool NAME] [--sample FILE] [--run-handlers] [--json]",
    "Runs the configuration FILE for a moment with different numbers of workers, batch and queue sizes, prints what each\n"
    "brings, and recommends one. It keeps nothing: no message is settled, units of work are applied and rolled back,\n"
    "publishes are not sent, dead letters are not stored, the state directory is not touched.\n\n"
    "Handlers run on the source's own messages, many times. What they do but through their databases and targets cannot be\n"
    "held back: unless each of them says that it does nothing else, --run-handlers is needed.\n\n"
    "Exit status: 0 done; 1 bad configuration, handler without --run-handlers, or stopped; 2 usage; 5 a part failed."};

constexpr std::string_view notice =
    "tune keeps nothing: no message is settled, units of work are applied and rolled back (so the time of the commit itself is "
    "not in the figures),\n"
    "publishes are not sent, dead letters not stored, the state directory is not touched. Databases are opened, which runs "
    "their `setup`.\n";

int wrong(const std::string& sentence) {
    fmt::print(stderr, "sluice tune: {}; see `sluice tune --help`\n", sentence);
    return exit_status::usage;
}

// "1,2,4"
bool read_numbers(const std::string& text, std::uint32_t max, std::vector<std::uint32_t>& numbers) {
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        std::uint32_t number = 0;
        const auto [next, failed] = std::from_chars(at, end, number);
        if (failed != std::errc{} || number == 0 || number > max || (next != end && *next != ',') || next + 1 == end)
            return false;
        numbers.push_back(number);
        at = next == end ? end : next + 1;
    }
    return !numbers.empty();
}

JsonFields json_of(std::string_view event, const TuneFigures& one) {
    JsonFields fields;
    fields.add("event", event)
        .add("workers", std::uint64_t{one.setting.workers})
        .add("batch", std::uint64_t{one.setting.batch});
    fields.add("queue", std::uint64_t{one.setting.capacity}).add("messages", one.messages).add("rate_per_s", one.per_second);
    fields.add("latency_p50_ns", one.p50_ns).add("latency_p99_ns", one.p99_ns);
    return fields;
}

void print_row(const TuneFigures& one) {
    fmt::print("{:>7}  {:>6}  {:>8}  {:>10}  {:>11}  {:>9}  {:>9}\n", one.setting.workers, one.setting.batch,
               one.setting.capacity, readable_count(one.messages), readable_rate(one.per_second), readable_duration(one.p50_ns),
               readable_duration(one.p99_ns));
    std::fflush(stdout);
}

void print_report(const TuneReport& report) {
    const TuneSetting& best = report.best.setting;
    fmt::print("\nrecommended: workers: {}, batch: {{ max: {} }}, queue: {{ capacity: {} }}: {} with a p99 of {}\n",
               best.workers, best.batch, best.capacity, readable_rate(report.best.per_second),
               readable_duration(report.best.p99_ns));
    fmt::print(
        "the lowest p99 of those within 5 % of the highest throughput; fewer workers where that costs less than a tenth\n");
    fmt::print("queue: {}\n", report.queues);
}

}  // namespace

int tune_verb(std::span<const std::string> words) {
    po::options_description options("Options");
    auto add = options.add_options();
    add("pool", po::value<std::string>()->value_name("NAME"),
        "the pool to tune, if there are several; the others run as they are");
    add("sample", po::value<std::string>()->value_name("FILE"), "messages to use in place of the source's, one a line");
    add("seconds", po::value<double>()->value_name("N")->default_value(2), "how long a trial takes at most");
    add("messages", po::value<std::uint64_t>()->value_name("N")->default_value(1'000'000),
        "how many messages a trial takes at most");
    add("workers", po::value<std::string>()->value_name("N,..."), "numbers of workers to try");
    add("batch", po::value<std::string>()->value_name("N,..."), "sizes of batches to try");
    add("queue", po::value<std::string>()->value_name("N,..."), "capacities of queues to try");
    add("arrival", po::value<double>()->value_name("N"),
        "messages per second that come in; by default as fast as the source can be read");
    add("burst", po::value<std::string>()->value_name("DURATION")->default_value("1s"), "how long they come in like that");
    add("run-handlers", "the handlers may do all that they do, again and again");
    add("json", "an object a trial, and one for what is recommended");
    const Arguments arguments = read_arguments(tune_usage, options, words);
    if (arguments.exit) return *arguments.exit;
    const auto& values = arguments.values;
    const auto text = [&](const char* name) {
        return values.count(name) == 0 ? std::string() : values[name].as<std::string>();
    };

    TuneOptions tune;
    tune.pool = text("pool");
    tune.sample = text("sample");
    tune.run_handlers = values.count("run-handlers") != 0;
    if (arguments.input.file == "-")
        return wrong("the configuration is read once for every trial: name a file, not standard input");
    const double seconds = values["seconds"].as<double>();
    if (!(seconds >= 0.05 && seconds <= 3600)) return wrong("--seconds takes a number from 0.05 to 3600");
    tune.bounds = {std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)),
                   values["messages"].as<std::uint64_t>()};
    if (tune.bounds.messages == 0 || tune.bounds.messages > 100'000'000)
        return wrong("--messages takes a whole number from 1 to 100000000");
    if (values.count("arrival") != 0 && !((tune.arrival = values["arrival"].as<double>()) > 0))
        return wrong("--arrival takes a number above 0");
    const auto burst_ms = parse_duration_ms(text("burst"));
    if (!burst_ms || *burst_ms == 0) return wrong("--burst takes a duration, for example 500ms or 10s");
    tune.burst_s = static_cast<double>(*burst_ms) / 1000;
    const auto numbers = [&](const char* name, std::uint32_t max, std::vector<std::uint32_t>& to) {
        return values.count(name) == 0 || read_numbers(text(name), max, to);
    };
    if (!numbers("workers", limits::workers_max, tune.workers))
        return wrong(fmt::format("--workers takes numbers from 1 to {}, for example 1,2,4", limits::workers_max));
    if (!numbers("batch", limits::batch_max, tune.batches))
        return wrong(fmt::format("--batch takes numbers from 1 to {}, for example 16,64,256", limits::batch_max));
    if (!numbers("queue", limits::queue_capacity_max, tune.capacities))
        return wrong(fmt::format("--queue takes numbers from 1 to {}, for example 100,1000", limits::queue_capacity_max));

    const bool json = values.count("json") != 0;
    Tune::Told told;
    told.begins = [&] {
        fmt::print(stderr, "{}", notice);
        if (!json)
            fmt::print("{:>7}  {:>6}  {:>8}  {:>10}  {:>11}  {:>9}  {:>9}\n", "WORKERS", "BATCH", "QUEUE", "MESSAGES",
                       "THROUGHPUT", "P50", "P99");
    };
    told.remark = [](const std::string& sentence) { fmt::print(stderr, "{}\n", sentence); };
    told.figures = [&](const TuneFigures& one) {
        json ? fmt::print("{{{}}}\n", json_of("trial", one).view()) : print_row(one);
    };
    const Result<TuneReport> report = Tune(arguments.input, tune, told).run();
    if (!report) {
        fmt::print(stderr, "{}\n", report.error().message);
        return report.error().kind == ErrorKind::invalid || report.error().kind == ErrorKind::stopped ? exit_status::invalid
                                                                                                      : exit_status::failed;
    }
    const TuneReport& found = report.value();
    if (json)
        fmt::print("{{{}}}\n", json_of("recommended", found.best)
                                   .add("arrival_per_s", found.arrival)
                                   .add("burst_ms", *burst_ms)
                                   .add("waiting", found.need.messages)
                                   .add("queue_for_burst", std::uint64_t{found.need.capacity})
                                   .view());
    else
        print_report(found);
    return exit_status::clean;
}

}  // namespace sluice
