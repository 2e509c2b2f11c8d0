// Which settings `sluice tune` tries, one after the other: workers first, then batches with the best number of workers, then
// queues with the best of both. All else stays as configured.
//
// Threads      the main thread.
// Errors       a configuration that is wrong as it stands, a trial that fails. A setting that the configuration refuses (fewer
//              workers than a route names, say) is skipped, and said.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "tune/trial.hpp"

namespace sluice {

struct TuneOptions {
    std::string pool;    // empty: the only one there is
    std::string sample;  // a file of messages to read in place of the source; empty: the source
    TrialBounds bounds;
    bool run_handlers = false;  // though they may have effects that cannot be held back
    double arrival = 0;         // messages per second; 0 = as fast as the source can be read
    double burst_s = 1;
    // To try; empty: around what is configured.
    std::vector<std::uint32_t> workers, batches, capacities;
};

struct TuneReport {
    // In the order of the trials.
    std::vector<TuneFigures> figures;
    TuneFigures best;
    double arrival = 0;  // as given or measured
    QueueNeed need;
    std::string queues;  // the reason of need, in a sentence
};

class Tune {
public:
    struct Told {
        std::function<void()> begins;                     // nothing stands in the way of the first trial
        std::function<void(const TuneFigures&)> figures;  // of a trial that has ended
        std::function<void(const std::string&)> remark;   // a sentence
    };
    Tune(ConfigInput input, TuneOptions options, Told told)
        : input_(std::move(input)),
          options_(std::move(options)),
          told_(std::move(told)) {}

    Result<TuneReport> run();

private:
    Result<void> begin();
    // The median of some passes, where the source ends long before the time does: one is soon over, and says little.
    Result<TuneFigures> try_some(const LoadedConfig& loaded);
    Result<double> measure_arrival();
    Result<void> try_all(const std::vector<TuneSetting>& settings);
    LoadedConfig load(const std::vector<std::string>& overrides) const;
    std::vector<std::string> overrides_of(const TuneSetting& setting) const;
    TuneSetting best() const { return recommended(figures_).setting; }

    const ConfigInput input_;
    TuneOptions options_;
    const Told told_;
    SystemClock clock_;
    Logging logging_{{.level = LogLevel::warn, .json = false, .levels = {}}, clock_};
    Supervisor signals_{logging_, clock_, std::chrono::seconds(10)};
    std::vector<std::string> sample_;  // overrides
    TuneSetting configured_;           // or the first values to try
    std::vector<TuneFigures> figures_;
};

}  // namespace sluice
