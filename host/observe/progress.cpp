#include "observe/progress.hpp"

#include <fmt/format.h>

#include "observe/readable.hpp"

namespace sluice {
namespace {

constexpr std::int64_t redraw_ns = 200'000'000;

std::string plural(std::uint64_t count, std::string_view one) {
    return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

}  // namespace

Progress::Progress(Logging& log, const Clock& clock)
    : log_(log),
      clock_(clock),
      started_ns_(clock.now()),
      drawn_ns_(started_ns_) {}

void Progress::update(std::uint64_t settled) {
    const std::int64_t now_ns = clock_.now();
    const std::int64_t since_ns = now_ns - drawn_ns_;
    if (!log_.terminal() || since_ns < redraw_ns) return;
    const double per_second = static_cast<double>(settled - drawn_settled_) * 1e9 / static_cast<double>(since_ns);
    log_.set_status(progress_text(settled, per_second, static_cast<std::uint64_t>(now_ns - started_ns_)));
    drawn_ns_ = now_ns;
    drawn_settled_ = settled;
}

void Progress::erase() {
    log_.set_status({});
}

std::string progress_text(std::uint64_t settled, double per_second, std::uint64_t elapsed_ns) {
    return fmt::format("{} message{}, {}, {}", readable_count(settled), settled == 1 ? "" : "s", readable_rate(per_second),
                       readable_duration(elapsed_ns));
}

std::string stopping_text(bool terminal, bool drain, std::uint64_t busy, std::uint64_t queued) {
    std::string text = "stopping";
    if (busy != 0 || (drain && queued != 0)) text += ": waiting for ";
    if (busy != 0) text += fmt::format("{} to finish {} current message", plural(busy, "worker"), busy == 1 ? "its" : "their");
    if (drain && queued != 0) text += fmt::format("{}{}", busy != 0 ? " and for " : "", plural(queued, "queued message"));
    return text + (terminal ? "; Ctrl-C again aborts" : "; a second signal aborts");
}

}  // namespace sluice
