#include "tune/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/limits.hpp"
#include "text/json_text.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

constexpr std::size_t passes_max = 5;

Error wrong(std::string text) {
    return Error{ErrorKind::invalid, std::move(text)};
}

Result<std::uint32_t> pool_named(const HostConfig& config, const std::string& name) {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < config.pools.size(); ++i) {
        if (config.pools[i].name == name || (name.empty() && config.pools.size() == 1)) return i;
        names.push_back(config.pools[i].name);
    }
    if (name.empty())
        return wrong("there are several pools; name the one to tune with --pool" + did_you_mean_or_list("", names));
    return wrong(fmt::format("there is no pool \"{}\"{}", name, did_you_mean_or_list(name, names)));
}

bool reads_standard_input(const SourceConfig& source) {
    return std::ranges::any_of(source.component.options.map, [](const NodeEntry& option) { return option.value.text == "-"; });
}

}  // namespace

LoadedConfig Tune::load(const std::vector<std::string>& overrides) const {
    ConfigInput input = input_;
    input.overrides.insert(input.overrides.end(), sample_.begin(), sample_.end());
    input.overrides.insert(input.overrides.end(), overrides.begin(), overrides.end());
    return load_config(input);
}

std::vector<std::string> Tune::overrides_of(const TuneSetting& setting) const {
    const std::string pool = "pools." + options_.pool;
    return {fmt::format("{}.workers={}", pool, setting.workers), fmt::format("{}.batch.max={}", pool, setting.batch),
            fmt::format("{}.queue.capacity={}", pool, setting.capacity)};
}

Result<void> Tune::begin() {
    LoadedConfig loaded = load({});
    if (!loaded.problems.empty()) return wrong(loaded.problems.text());
    auto pool = pool_named(loaded.config, options_.pool);
    if (!pool) return std::move(pool).error();
    options_.pool = loaded.config.pools[*pool].name;
    const SourceConfig& source = loaded.config.sources[loaded.config.pools[*pool].source];
    if (!options_.sample.empty()) {
        std::error_code ignored;
        if (!std::filesystem::is_regular_file(options_.sample, ignored))
            return wrong(fmt::format("--sample {}: there is no such file; record some messages, one a line", options_.sample));
        std::string path;
        append_json_string(path, std::filesystem::absolute(options_.sample).string());
        sample_ = {fmt::format("sources.{}={{ plugin: file, path: {} }}", source.component.name, path)};
        loaded = load({});
        if (!loaded.problems.empty()) return wrong(loaded.problems.text());
    }
    for (const SourceConfig& one : loaded.config.sources)
        if (reads_standard_input(one))
            return wrong(
                fmt::format("{}: reads standard input, which can be read only once; record it and name the file with --sample",
                            one.component.path));
    if (!options_.run_handlers) {
        const auto outside = outside_effects(loaded.config, *loaded.registry);
        if (!outside) return Error(outside.error());
        if (!outside.value().empty()) return wrong(outside.value() + "pass --run-handlers if that may be");
    }
    // What is not among the values to try is not tried.
    const auto among = [](std::uint32_t configured, const std::vector<std::uint32_t>& values) {
        return values.empty() || std::ranges::count(values, configured) != 0 ? configured : values.front();
    };
    const PoolConfig& now = loaded.config.pools[*pool];
    configured_ = {now.workers, among(now.batch_max, options_.batches), among(now.queue_capacity, options_.capacities)};
    return {};
}

Result<TuneFigures> Tune::try_some(const LoadedConfig& loaded) {
    const std::uint32_t pool = *pool_named(loaded.config, options_.pool);
    std::vector<TuneFigures> passes;
    double seconds = 0;
    do {
        auto pass = run_trial(loaded.config, *loaded.registry, pool, options_.bounds, signals_);
        if (!pass) return pass;
        seconds += static_cast<double>(pass->messages) / pass->per_second;
        passes.push_back(pass.value());
    } while (passes.size() < passes_max && seconds * 2 < std::chrono::duration<double>(options_.bounds.time).count());
    const auto median = passes.begin() + static_cast<std::ptrdiff_t>(passes.size() / 2);
    std::nth_element(passes.begin(), median, passes.end(),
                     [](const TuneFigures& a, const TuneFigures& b) { return a.per_second < b.per_second; });
    return *median;
}

// The source and the host alone: one pass with a handler that does nothing.
Result<double> Tune::measure_arrival() {
    const LoadedConfig loaded = load({"pools." + options_.pool + ".handler={ plugin: noop }"});
    if (!loaded.problems.empty()) return wrong(loaded.problems.text());
    const auto figures = try_some(loaded);
    if (!figures) return Error(figures.error());
    return figures.value().per_second;
}

Result<void> Tune::try_all(const std::vector<TuneSetting>& settings) {
    for (const TuneSetting& setting : settings) {
        if (std::ranges::any_of(figures_, [&](const TuneFigures& one) { return one.setting == setting; })) continue;
        if (setting.batch > setting.capacity) continue;
        const LoadedConfig loaded = load(overrides_of(setting));
        if (!loaded.problems.empty()) {
            told_.remark(fmt::format("{} workers, batch {}, queue {}: left out, the configuration does not go with it: {}",
                                     setting.workers, setting.batch, setting.capacity, loaded.problems.lines().front()));
            continue;
        }
        const auto figures = try_some(loaded);
        if (!figures) return Error(figures.error());
        figures_.push_back(figures.value());
        told_.figures(figures.value());
    }
    if (figures_.empty()) return wrong("none of these settings goes with the configuration");
    return {};
}

Result<TuneReport> Tune::run() {
    if (auto begun = begin(); !begun) return std::move(begun).error();
    told_.begins();
    double arrival = options_.arrival;
    if (arrival == 0) {
        const auto measured = measure_arrival();
        if (!measured) return Error(measured.error());
        arrival = measured.value();
    }
    const auto or_around = [](const std::vector<std::uint32_t>& given, std::uint32_t configured, std::uint32_t factor,
                              std::uint32_t max) { return given.empty() ? values_around(configured, factor, max) : given; };
    std::vector<TuneSetting> settings{};
    std::vector<std::uint32_t> workers = or_around(options_.workers, configured_.workers, 2, limits::workers_max);
    if (options_.workers.empty() && workers.front() != 1) workers.insert(workers.begin(), 1);
    for (const std::uint32_t value : workers) settings.push_back({value, configured_.batch, configured_.capacity});
    if (auto tried = try_all(settings); !tried) return std::move(tried).error();

    settings.clear();
    const TuneSetting of_workers = best();
    for (const std::uint32_t value : or_around(options_.batches, configured_.batch, 4, limits::batch_max))
        settings.push_back({of_workers.workers, value, std::max(of_workers.capacity, value)});
    if (auto tried = try_all(settings); !tried) return std::move(tried).error();

    settings.clear();
    const TuneSetting of_batches = best();
    for (const std::uint32_t value : or_around(options_.capacities, configured_.capacity, 10, limits::queue_capacity_max))
        settings.push_back({of_batches.workers, of_batches.batch, value});
    if (auto tried = try_all(settings); !tried) return std::move(tried).error();

    TuneReport report;
    report.figures = figures_;
    report.best = recommended(figures_);
    report.arrival = arrival;
    report.need = queue_need(arrival, report.best.per_second, options_.burst_s, report.best.setting);
    report.queues = explain(report.need, arrival, report.best.per_second, options_.burst_s, report.best.setting);
    return report;
}

}  // namespace sluice
