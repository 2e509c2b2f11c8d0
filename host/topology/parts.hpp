// What the topology owns of each configured component: the instance and the services it was given.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugin/library.hpp"
#include "plugin/port/queue_port.hpp"
#include "plugin/services.hpp"
#include "publish/target.hpp"
#include "source/source_loop.hpp"
#include "topology/past_counts.hpp"
#include "unit/connection.hpp"

namespace sluice {

// Why a part has failed permanently, noted by its own thread.
struct Failed {
    mutable std::mutex mutex;
    std::string why;  // guarded by mutex; empty: it has not
};

struct DatabasePart {
    std::string name;
    std::unique_ptr<sluice_host> services;
    Database database;
    bool open = false;
    Failed failed;
};

struct TargetPart {
    std::string name;
    std::unique_ptr<sluice_host> services;
    std::unique_ptr<QueuePort> queue;
    std::unique_ptr<Target> target;
    bool running = false;
    Failed failed;
};

struct SourcePart {
    std::string name;
    const Library* library = nullptr;
    std::unique_ptr<sluice_host> services;
    std::unique_ptr<SourceLoop> loop;
    std::vector<std::size_t> pools;  // indices of those that read it
    bool open = false;
    PastCounts past;
};

}  // namespace sluice
