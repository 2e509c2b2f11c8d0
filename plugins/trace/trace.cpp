// The component `trace`: writes one line of JSON per call, after a time and with a verdict that a test or a drill asks for.
#include <time.h>

#include <optional>

#include "plan.hpp"
#include "record.hpp"
#include "sluice/sdk/handler.hpp"

namespace {

using namespace sluice::trace;
using namespace std::chrono_literals;

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void sleep_until(std::int64_t end_ns) {
    const timespec end{end_ns / 1'000'000'000, end_ns % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr) != 0) {
    }
}

// In steps, so that it ends soon after the host wants it to. False then.
bool sleep_until(std::int64_t end_ns, const sluice::Context& context) {
    constexpr std::int64_t step_ns = 10'000'000;
    for (std::int64_t now_ns = monotonic_ns(); now_ns < end_ns; now_ns = monotonic_ns()) {
        if (context.cancelled()) return false;
        sleep_until(std::min(now_ns + step_ns, end_ns));
    }
    return true;
}

std::int64_t nanoseconds(const sluice::Setup& setup, std::string_view option) {
    return std::chrono::nanoseconds(setup.duration(option)).count();
}

class Trace final : public sluice::Handler {
public:
    explicit Trace(const sluice::Setup& setup)
        : path_(setup.path("path")),
          planner_({.sleep_min_ns = nanoseconds(setup, "sleep_min"),
                    .sleep_max_ns =
                        std::max(nanoseconds(setup, "sleep_max"), setup.has("sleep_max") ? 0 : nanoseconds(setup, "sleep_min")),
                    .fail_percent = setup.number("fail_percent"),
                    .pointer = setup.text("verdict"),
                    .seed = static_cast<std::uint64_t>(setup.integer("seed", 1))}) {}

    void start(sluice::Context&) override { file_.emplace(path_); }

    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        const std::int64_t start_ns = monotonic_ns();
        Plan plan = planner_.plan(message);
        if (plan.sleep_ns != 0 && !sleep_until(start_ns + plan.sleep_ns, context)) plan = {0, Ending::retry, "told to give up"};
        file_->append(message, {start_ns, monotonic_ns(), name_of(plan.ending)});
        switch (plan.ending) {
            case Ending::done: return sluice::done();
            case Ending::retry: return sluice::retry(plan.text);
            case Ending::reject: return sluice::reject(plan.text);
            case Ending::skip: return sluice::skip();
            case Ending::thrown: break;
        }
        throw std::runtime_error(plan.text);
    }

    void stop() override { file_.reset(); }

private:
    const std::string path_;
    const Planner planner_;
    std::optional<RecordFile> file_;
};

}  // namespace

SLUICE_PLUGIN(
    "sluice.trace", "0.1.0",
    sluice::handler<Trace>(
        "trace", "Writes one line of JSON per call: when, on which worker, for which message, with which verdict.",
        sluice::path("path", "The file that the lines are appended to.").required(),
        sluice::duration("sleep_min", "A call takes at least this long.").otherwise(0ms).between(0ms, 1h),
        sluice::duration("sleep_max", "A call takes at most this long, by chance; absent = sleep_min.").between(0ms, 1h),
        sluice::number("fail_percent", "So many of a hundred calls end in retry, by chance.").otherwise(0).between(0, 100),
        sluice::text("verdict",
                     "JSON pointer to a field of the body that says how its call ends: done, retry, reject, skip, throw, "
                     "retry:N or throw:N (the first N attempts).")
            .otherwise(""),
        sluice::integer("seed", "Another seed makes other times and failures.").otherwise(1).between(0, 1e15)))
