#include "config/settings.hpp"

#include <fmt/format.h>

#include <type_traits>
#include <vector>

#include "core/limits.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

constexpr std::int64_t day_ms = 24 * 3'600'000;

template <typename Section, auto member, std::int64_t least, std::int64_t most>
Setting<Section> whole(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            help,
            fmt::format("{}..{}", least, most),
            [](MapReader& in, std::string_view name, Section& section) {
                auto& value = section.*member;
                value = static_cast<std::remove_reference_t<decltype(value)>>(in.integer(name, value, {least, most}));
            },
            [](const Section& section) { return std::to_string(section.*member); }};
}

template <typename Section, auto member, std::int64_t least, std::int64_t most>
Setting<Section> size(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            help,
            "size",
            [](MapReader& in, std::string_view name, Section& section) {
                section.*member = in.size(name, section.*member, {least, most});
            },
            [](const Section& section) { return format_size(section.*member); }};
}

template <typename Section, auto member, std::int64_t least_ms, std::int64_t most_ms>
Setting<Section> duration(std::string_view map, std::string_view key, std::string_view help) {
    return {map,
            key,
            help,
            "duration",
            [](MapReader& in, std::string_view name, Section& section) {
                auto& value = section.*member;
                const Milliseconds read = in.duration(name, Milliseconds(value), {least_ms, most_ms});
                if constexpr (requires { value.count(); })
                    value = read;
                else
                    value = read.count();
            },
            [](const Section& section) { return format_duration(Milliseconds(section.*member).count()); }};
}

// One of the words of `choices`, an array of Choice.
template <typename Section, auto member, const auto& choices>
Setting<Section> word(std::string_view map, std::string_view key, std::string_view help) {
    std::string shape;
    for (const auto& choice : choices) shape += (shape.empty() ? "" : "|") + std::string(choice.name);
    return {map,
            key,
            help,
            shape,
            [](MapReader& in, std::string_view name, Section& section) {
                section.*member = in.choice(name, section.*member, choices);
            },
            [](const Section& section) {
                for (const auto& choice : choices)
                    if (choice.value == section.*member) return std::string(choice.name);
                return std::string();
            }};
}

constexpr Choice<bool> orders[] = {{"key", true}, {"none", false}};
constexpr Choice<bool> on_failures[] = {{"park", true}, {"skip", false}};
constexpr Choice<bool> park_fulls[] = {{"block", false}, {"dead_letter", true}};
constexpr Choice<bool> on_hangs[] = {{"wait", false}, {"exit", true}};
constexpr Choice<bool> stop_modes[] = {{"finish_current", false}, {"drain", true}};

}  // namespace

std::span<const Setting<PoolConfig>> pool_settings() {
    using P = PoolConfig;
    static const std::vector<Setting<P>> settings{
        whole<P, &P::workers, 1, limits::workers_max>("", "workers", "how many messages are in work at the same time"),
        whole<P, &P::queue_capacity, 1, limits::queue_capacity_max>("queue", "capacity", "messages in it"),
        size<P, &P::queue_bytes, 1, std::int64_t{1} << 40>("queue", "bytes", "bytes in it"),
        word<P, &P::keep_order, orders>("", "order", "none gives up the order of equal keys"),
        whole<P, &P::batch_max, 1, limits::batch_max>("batch", "max", "messages a worker puts into one transaction"),
        duration<P, &P::batch_time_ms, 1, 3'600'000>("batch", "time",
                                                     "time in handlers after which a transaction takes no further message"),
        whole<P, &P::attempts, 1, limits::attempts_max>("retry", "attempts", "tries in all; then it is a dead letter"),
        duration<P, &P::backoff_ms, 0, day_ms>("retry", "backoff", "longest wait before the second try; it doubles"),
        duration<P, &P::backoff_max_ms, 0, day_ms>("retry", "backoff_max", "where the doubling ends"),
        word<P, &P::park, on_failures>("", "on_failure",
                                       "park: later messages of the key wait; skip: the message is a dead letter at once"),
        whole<P, &P::park_limit, 1, limits::queue_capacity_max>("", "park_limit",
                                                                "messages of one key that may wait behind a retry"),
        word<P, &P::park_full_dead_letters, park_fulls>("", "park_full",
                                                        "beyond that: the source waits, or they become dead letters"),
        whole<P, &P::crash_attempts, 1, limits::attempts_max>(
            "", "crash_attempts", "crashes of the process inside one message, until it is a dead letter"),
        word<P, &P::exit_on_hang, on_hangs>("", "on_hang",
                                            "a call runs after twice its timeout: go on without the worker, or end the host"),
        duration<P, &P::timeout_ms, 1, day_ms>("handler", "timeout", "how long a call may take"),
    };
    return settings;
}

std::span<const Setting<HostConfig>> host_settings() {
    using H = HostConfig;
    static const std::vector<Setting<H>> settings{
        duration<H, &H::statistics_every, 10, day_ms>("statistics", "every", "how often a line of statistics is logged"),
        word<H, &H::drain, stop_modes>("shutdown", "mode", "at a stop: give back what is queued, or work it off"),
        duration<H, &H::shutdown_deadline, 0, day_ms>("shutdown", "deadline", "then what is not finished is abandoned"),
    };
    return settings;
}

}  // namespace sluice
