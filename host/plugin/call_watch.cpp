#include "plugin/call_watch.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"

namespace sluice {
namespace {

std::string name_of(const PluginPart& part) {
    if (part.plugin.empty()) return part.component;
    return part.component.empty() ? fmt::format("plugin {}", part.plugin)
                                  : fmt::format("{} (plugin {})", part.component, part.plugin);
}

bool has_a_watchdog(const char* function) {
    return function == handle_call || function == resume_call || function == batch_call;
}

}  // namespace

void CallWatch::look(std::int64_t now_ns) {
    for (auto& [record, seen] : seen_) seen.alive = false;
    std::vector<std::string> long_ones, over;
    calls::each([&](const CallRecord& record, pid_t) {
        Seen& seen = seen_[&record];
        seen.alive = true;
        const PluginPart* part = record.part.load(std::memory_order_acquire);  // (R)
        const std::uint64_t number = record.number.load(std::memory_order_relaxed);
        const char* const function = record.function.load(std::memory_order_relaxed);
        if (part == nullptr || number != seen.number || part != seen.part || function != seen.function) {
            if (seen.said)
                over.push_back(fmt::format("{}: {} has returned after {} s", name_of(*seen.part), seen.function,
                                           (now_ns - seen.since_ns) / 1'000'000'000));
            seen = {number, now_ns, part, function, false, true};
            return;
        }
        if (seen.said || has_a_watchdog(seen.function) || now_ns - seen.since_ns < limits::long_call_ms * 1'000'000) return;
        seen.said = true;
        long_ones.push_back(fmt::format("{}: {} has not returned for {} s", name_of(*part), seen.function,
                                        (now_ns - seen.since_ns) / 1'000'000'000));
    });
    std::erase_if(seen_, [](const auto& one) { return !one.second.alive; });
    for (const std::string& line : long_ones) logger_.warn("{}", line);
    for (const std::string& line : over) logger_.info("{}", line);
}

std::int64_t CallWatch::age_ns(const CallRecord& thread, std::int64_t now_ns) const {
    const auto found = seen_.find(&thread);
    if (found == seen_.end() || found->second.part == nullptr) return 0;
    // Still the same one?
    const bool same = thread.part.load(std::memory_order_acquire) == found->second.part &&
                      thread.number.load(std::memory_order_relaxed) == found->second.number;
    return same ? now_ns - found->second.since_ns : 0;
}

std::vector<std::string> CallWatch::running(std::int64_t now_ns) const {
    std::vector<std::string> lines;
    for (const auto& [record, seen] : seen_)
        if (seen.part != nullptr && now_ns - seen.since_ns >= 100'000'000)
            lines.push_back(fmt::format("{}: {} has not returned for {:.1f} s", name_of(*seen.part), seen.function,
                                        static_cast<double>(now_ns - seen.since_ns) / 1e9));
    return lines;
}

}  // namespace sluice
