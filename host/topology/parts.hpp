// What the host owns of each configured component: the instance and the services it was given.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "topology/host.hpp"

namespace sluice {

// Why a part has failed permanently, noted by its own thread.
struct Failed {
    std::mutex mutex;
    std::string why;  // guarded by mutex; empty: it has not
};

struct Host::NamedDatabase {
    std::string name;
    std::unique_ptr<sluice_host> services;
    Database database;
    bool open = false;
    Failed failed;
};

struct Host::NamedTarget {
    std::string name;
    std::unique_ptr<sluice_host> services;
    std::unique_ptr<QueuePort> queue;
    std::unique_ptr<Target> target;
    bool running = false;
    Failed failed;
};

struct Host::NamedSource {
    std::string name;
    const Library* library = nullptr;
    std::unique_ptr<sluice_host> services;
    std::unique_ptr<SourceLoop> loop;
    std::vector<std::size_t> pools;  // indices
    bool open = false;
    // What workers had counted when their pool was replaced, by pool and worker; those that are gone together under no name.
    std::map<std::pair<std::string, std::uint32_t>, WorkerCounts> past;

    void note_past(const WorkerPool& pool) {
        for (std::uint32_t i = 0; i < pool.size(); ++i) past[{pool.name(), i}] += pool.worker(i).counts();
    }
    void forget_past_of_gone(const std::vector<std::unique_ptr<WorkerPool>>& there) {
        for (auto entry = past.begin(); entry != past.end();) {
            const auto& key = entry->first;
            const bool gone = !key.first.empty() && std::none_of(there.begin(), there.end(), [&](const auto& pool) {
                return pool->name() == key.first && key.second < pool->size();
            });
            if (gone) past[{"", 0}] += entry->second;
            entry = gone ? past.erase(entry) : std::next(entry);
        }
    }
};

}  // namespace sluice
