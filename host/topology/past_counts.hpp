// What the workers of a source had counted when their pool was replaced, so that what was counted stays counted.
//
// Threads      main.
// Limits       one entry per worker that there is, and one for all that are gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "observe/counters.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

class PastCounts {
public:
    // The pool is closed: its workers count nothing any more.
    void note(const WorkerPool& pool) {
        for (std::uint32_t i = 0; i < pool.size(); ++i) counts_[{pool.name(), i}] += pool.worker(i).counts();
    }
    // From here on, what is not a worker of `pools` is counted together with all others that are gone.
    void merge_gone(const std::vector<std::unique_ptr<WorkerPool>>& pools) {
        for (auto entry = counts_.begin(); entry != counts_.end();) {
            const auto& worker = entry->first;
            const bool gone = !worker.first.empty() && std::none_of(pools.begin(), pools.end(), [&](const auto& pool) {
                return pool->name() == worker.first && worker.second < pool->size();
            });
            if (gone) counts_[{"", 0}] += entry->second;
            entry = gone ? counts_.erase(entry) : std::next(entry);
        }
    }
    // What the workers counted that had this place before.
    WorkerCounts of(const std::string& pool, std::uint32_t worker) const {
        const auto found = counts_.find({pool, worker});
        return found != counts_.end() ? found->second : WorkerCounts{};
    }
    std::uint64_t retried() const {
        std::uint64_t sum = 0;
        for (const auto& [worker, counts] : counts_) sum += counts.retried;
        return sum;
    }

private:
    std::map<std::pair<std::string, std::uint32_t>, WorkerCounts> counts_;  // by pool and worker; "": those that are gone
};

}  // namespace sluice
