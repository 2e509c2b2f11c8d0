// One queue component opened for publishing outside of any pool: for the verbs that put something into a queue or look into it.
//
// Threads      the thread that opens it. target() and queue() as they say.
// Ownership    the library, the configuration and the log outlive it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "plugin/library.hpp"
#include "plugin/port/queue_port.hpp"
#include "plugin/services.hpp"
#include "publish/target.hpp"

namespace sluice {

class PublishSide {
public:
    struct Component {
        const Library& library;
        const ComponentConfig& config;
        const std::string& identity;
        std::filesystem::path state_dir;  // of the component
    };
    static Result<std::unique_ptr<PublishSide>> open(Component component, Logging& logging, const Clock& clock);
    ~PublishSide();
    PublishSide(const PublishSide&) = delete;
    PublishSide& operator=(const PublishSide&) = delete;

    Target& target() { return *target_; }
    QueuePort& queue() { return *queue_; }
    // It takes nothing more, permanently.
    bool failed() const { return failed_.load(std::memory_order_relaxed); }
    // False: the adapter holds its thread past the deadline; then this may not be destroyed.
    bool close(std::int64_t deadline_ns);

private:
    PublishSide() = default;

    std::unique_ptr<sluice_host> services_;
    std::unique_ptr<QueuePort> queue_;
    std::unique_ptr<Target> target_;
    bool running_ = false;
    std::atomic<bool> failed_{false};
};

}  // namespace sluice
