// One queue component opened for publishing outside of any pool: for the verbs that put something into a queue or look into it.
//
// Threads      control, of the thread that opens it. target() and instance() as they say.
// Ownership    the table, the configuration and the log outlive it.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "app/config.hpp"
#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "plugin/instance.hpp"
#include "plugin/services.hpp"
#include "target/target.hpp"

namespace sluice {

class PublishSide {
public:
    struct Component {
        const sluice_queue& table;
        const ComponentConfig& config;
        const std::string& identity;
        std::filesystem::path state_dir;  // of the component
    };
    static Result<std::unique_ptr<PublishSide>> open(Component component, Logging& logging, const Clock& clock);
    ~PublishSide();
    PublishSide(const PublishSide&) = delete;
    PublishSide& operator=(const PublishSide&) = delete;

    Target& target() { return *target_; }
    const QueueInstance& instance() const { return instance_; }
    // It takes nothing more, for good.
    bool failed() const { return failed_.load(std::memory_order_relaxed); }
    // False: the adapter holds its thread past the deadline; then this may not be destroyed.
    bool close(std::int64_t deadline_ns);

private:
    PublishSide() = default;

    std::unique_ptr<sluice_host> services_;
    QueueInstance instance_;
    std::unique_ptr<Target> target_;
    bool running_ = false;
    std::atomic<bool> failed_{false};
};

}  // namespace sluice
