// What messages died of, for the last lines of a run: how many of which error.
//
// Threads      one thread at a time.
// Limits       limits::death_causes texts, each cut at limits::death_cause_bytes; what comes then is counted as one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class DeathCauses {
public:
    struct Cause {
        std::string error;
        std::uint64_t count = 0;
    };

    void add(std::string_view error, std::uint64_t count = 1);
    void add(const DeathCauses& more);

    std::uint64_t total() const { return total_; }
    // The most frequent first. Their counts together are the total, but for others().
    std::vector<Cause> causes() const;
    std::uint64_t others() const { return others_; }

private:
    std::vector<Cause> causes_;  // few: looked through
    std::uint64_t others_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace sluice
