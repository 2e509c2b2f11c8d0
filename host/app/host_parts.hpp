// What the host owns of each configured component: the instance and the services it was given.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "app/host.hpp"

namespace sluice {

struct Host::NamedDatabase {
    std::string name;
    std::unique_ptr<sluice_host> services;
    Database database;
    bool open = false;
};

struct Host::NamedTarget {
    std::string name;
    std::unique_ptr<sluice_host> services;
    QueueInstance instance;
    std::unique_ptr<Target> target;
    bool running = false;

    std::mutex mutex;
    std::string failure;  // guarded by mutex
};

struct Host::NamedSource {
    std::string name;
    std::unique_ptr<sluice_host> services;
    std::unique_ptr<SourceLoop> loop;
    std::vector<std::size_t> pools;  // indices
    bool open = false;
};

}  // namespace sluice
