#include "topology/publish_side.hpp"

#include <utility>

#include "plugin/options.hpp"
#include "plugin/port/plugin_queue.hpp"

namespace sluice {

Result<std::unique_ptr<PublishSide>> PublishSide::open(Component component, Logging& logging, const Clock& clock) {
    const ComponentConfig& config = component.config;
    std::unique_ptr<PublishSide> side(new PublishSide);
    const Logger logger = logging.logger(config.path, {}, -1, config.component);
    side->services_ = std::make_unique<sluice_host>(logger, std::move(component.state_dir), clock);
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    setup.role = SLUICE_ROLE_TARGET;
    setup.name = {config.path.data(), config.path.size()};
    setup.identity = {component.identity.data(), component.identity.size()};
    setup.api = &host_api();
    setup.host = side->services_.get();
    setup.options_api = &options_api();
    setup.options = to_abi(config.options);
    auto created = create_queue(component.library, config.component, setup);
    if (!created) return std::move(created).error();
    side->queue_ = std::move(*created);
    Target::Options options;
    options.on_failed = [part = side.get()](const std::string&) { part->failed_.store(true, std::memory_order_relaxed); };
    side->target_ = std::make_unique<Target>(*side->queue_, std::move(options), clock, logger);
    if (auto started = side->target_->start(); !started) return std::move(started).error();
    side->running_ = true;
    return side;
}

bool PublishSide::close(std::int64_t deadline_ns) {
    if (!running_) return true;
    target_->request_stop(deadline_ns);
    if (!target_->join(deadline_ns)) return false;
    running_ = false;
    return true;
}

PublishSide::~PublishSide() = default;

}  // namespace sluice
