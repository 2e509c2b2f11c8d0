#include "settle/death_causes.hpp"

#include <algorithm>

#include "core/limits.hpp"

namespace sluice {

void DeathCauses::add(std::string_view error, std::uint64_t count) {
    error = error.substr(0, limits::death_cause_bytes);
    total_ += count;
    const auto found = std::ranges::find(causes_, error, &Cause::error);
    if (found != causes_.end())
        found->count += count;
    else if (causes_.size() < limits::death_causes)
        causes_.push_back({std::string(error), count});
    else
        others_ += count;
}

void DeathCauses::add(const DeathCauses& more) {
    for (const Cause& cause : more.causes_) add(cause.error, cause.count);
    others_ += more.others_;
    total_ += more.others_;
}

std::vector<DeathCauses::Cause> DeathCauses::causes() const {
    std::vector<Cause> sorted = causes_;
    std::ranges::stable_sort(sorted, std::greater(), &Cause::count);
    return sorted;
}

}  // namespace sluice
