#include "topology/host.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "topology/build.hpp"
#include "topology/feeders.hpp"

namespace sluice {

std::unique_ptr<Host> Host::create(const HostConfig& config, Registry& registry, Logging& logging, Clock& clock,
                                   std::function<void()> changed, std::vector<std::string>& problems,
                                   std::optional<Rehearsal> rehearsal) {
    auto topology = build_topology(config, {registry, logging, clock, std::move(changed), rehearsal}, problems);
    return topology ? std::unique_ptr<Host>(new Host(std::move(topology))) : nullptr;
}

Host::~Host() {
    if (running_) std::terminate();  // an exception on its way: what follows would wait for threads that nobody has stopped
}

Result<void> Host::start(const OpenPause& pause) {
    auto opened = open(pause);
    if (opened) run();
    return opened;
}

void Host::run() {
    running_ = true;
    for (auto& pool : topology_->pools) pool->start_threads();
    for (auto& source : topology_->sources) source->loop->start();
}

void Host::interrupt() const {
    for (const auto& database : topology_->databases) database->database.port->interrupt();
    for (const auto& target : topology_->targets) target->target->interrupt();
    for (const auto& source : topology_->sources) source->loop->interrupt();
}

void Host::reopen_targets() {
    for (auto& target : topology_->targets)
        if (target->running) target->target->reopen();
}

// ---- the end ----------------------------------------------------------------------------------------------------------------

void Host::request_stop() {
    topology_->poison.stop_asked();
    for (auto& source : topology_->sources) {
        const StopMode mode =
            topology_->config.drain || !source->loop->queue().takes_back() ? StopMode::drain : StopMode::finish_current;
        source->loop->request_stop();
        for (const std::size_t pool : source->pools) topology_->pools[pool]->stop(mode);
    }
    for (auto& target : topology_->targets)
        if (target->running && !read_by(*topology_, *target).empty()) target->target->expect_no_room();
}

void Host::cancel() {
    topology_->poison.isolation().open();
    // What was to be worked off goes back now.
    for (auto& source : topology_->sources)
        if (source->loop->queue().takes_back())
            for (const std::size_t pool : source->pools) topology_->pools[pool]->stop(StopMode::finish_current);
    for (auto& pool : topology_->pools) pool->cancel();
}

// What a source has still to note down may be written; nobody waits for the effects any more.
void Host::give_up() {
    for (const auto& database : topology_->databases) database->database.port->interrupt();
    for (const auto& target : topology_->targets) target->target->interrupt();
    for (auto& source : topology_->sources) {
        if (!source->loop->queue().takes_back()) continue;
        for (const std::size_t pool : source->pools) topology_->pools[pool]->release_behind_handlers();
    }
    for (auto& source : topology_->sources) source->loop->give_up();
}

bool Host::close(std::int64_t deadline_ns) {
    if (running_) {
        bool all = true;
        for (auto& source : topology_->sources) all &= source->loop->join(deadline_ns);
        // What a failed source has left in the pools is not worth finishing: nobody could be told.
        for (auto& pool : topology_->pools) pool->stop(StopMode::finish_current);
        for (auto& pool : topology_->pools) all &= pool->join(deadline_ns);
        if (!all) return false;
        running_ = false;
    }
    topology_->watch.stop();
    close_parts(*topology_);
    return std::none_of(topology_->targets.begin(), topology_->targets.end(),
                        [](const auto& target) { return target->running; });
}

}  // namespace sluice
