// What the host owns of each configured component: the instance and the services it was given.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "app/host.hpp"

namespace sluice {

// Why a part has failed for good, noted by its own thread.
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
    QueueInstance instance;
    std::unique_ptr<Target> target;
    bool running = false;
    Failed failed;
};

struct Host::NamedSource {
    std::string name;
    std::unique_ptr<sluice_host> services;
    std::unique_ptr<SourceLoop> loop;
    std::vector<std::size_t> pools;  // indices
    bool open = false;
};

}  // namespace sluice
