// What a handler does with a message: how long it takes and how it ends. The same for the same seed, message and attempt,
// whichever worker runs it and in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/sdk/message.hpp"

namespace sluice::trace {

enum class Ending : std::uint8_t { done, retry, reject, skip, thrown };

constexpr std::string_view name_of(Ending ending) {
    constexpr std::string_view names[] = {"done", "retry", "reject", "skip", "throw"};
    return names[static_cast<std::size_t>(ending)];
}

struct PlanOptions {
    std::int64_t sleep_min_ns = 0;
    std::int64_t sleep_max_ns = 0;
    double fail_percent = 0;  // of the calls end in retry
    std::string pointer{};    // JSON pointer to the field that names the ending; empty = none does
    std::uint64_t seed = 1;
};

struct Plan {
    std::int64_t sleep_ns = 0;
    Ending ending = Ending::done;
    std::string text{};  // why, if it is not done
};

class Planner {
public:
    // Throws Failure(invalid) if the options contradict each other.
    explicit Planner(PlanOptions options);

    Plan plan(const Message& message) const;

private:
    std::optional<Plan> told_by_body(const Message& message) const;

    const PlanOptions options_;
};

// "done", "retry", "reject", "skip" or "throw"; "retry:2" and "throw:2" are meant for the first two attempts, then it is done.
// Nothing if it is none of these.
std::optional<Ending> ending_of(std::string_view word, std::uint32_t attempt);

}  // namespace sluice::trace
