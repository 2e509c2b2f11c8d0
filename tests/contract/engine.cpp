#include "engine.hpp"

#include <algorithm>
#include <stdexcept>

namespace sluice::contract {
namespace {

// Filled before main(), from files whose order nobody knows; read by the tests.
template <typename Engine>
std::vector<Engine>& registered() {
    static std::vector<Engine> engines;
    return engines;
}

template <typename Engine>
std::vector<const Engine*> chosen(const std::function<bool(const Engine&)>& which) {
    std::vector<const Engine*> found;
    for (const Engine& engine : registered<Engine>())
        if (!which || which(engine)) found.push_back(&engine);
    std::ranges::sort(found, {}, [](const Engine* engine) { return engine->name; });
    return found;
}

}  // namespace

bool add(QueueEngine engine) {
    registered<QueueEngine>().push_back(std::move(engine));
    return true;
}
bool add(DatabaseEngine engine) {
    registered<DatabaseEngine>().push_back(std::move(engine));
    return true;
}

std::vector<const QueueEngine*> queues(const std::function<bool(const QueueEngine&)>& which) {
    return chosen(which);
}
std::vector<const DatabaseEngine*> databases(const std::function<bool(const DatabaseEngine&)>& which) {
    return chosen(which);
}
const QueueEngine& queue(const std::string& name) {
    for (const QueueEngine& engine : registered<QueueEngine>())
        if (engine.name == name) return engine;
    throw std::logic_error("no queue " + name + " is registered");
}

}  // namespace sluice::contract
