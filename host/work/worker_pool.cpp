#include "work/worker_pool.hpp"

#include <utility>

#include "plugin/options.hpp"

namespace sluice {

Result<std::unique_ptr<WorkerPool>> WorkerPool::create(Setup setup_of, const Context& context) {
    std::unique_ptr<WorkerPool> pool(
        new WorkerPool(std::move(setup_of), context.clock, context.watch, context.return_path.event_count));
    const Setup& setup = pool->setup_;
    pool->poison_ = context.poison;
    pool->source_ = context.source;
    const bool affine = setup.handlers->flags().is_thread_affine();
    const std::uint32_t executors = affine ? setup.workers : 1;
    for (std::uint32_t i = 0; i < executors; ++i) {
        const std::uint32_t threads_max = affine ? 1 : setup.workers;
        pool->executors_.push_back(std::make_unique<Executor>(setup.name, threads_max, context.watch.processors(),
                                                              [&watch = context.watch] { watch.wake(); }));
    }
    pool->watchdog_ = std::make_unique<Watchdog>(setup.policy, context.hung);
    pool->watchdog_->look_after(pool->canceller_, context.logging.logger(setup.handler_path, setup.name));
    for (std::uint32_t index = 0; index < setup.workers; ++index) {
        const Logger logger = context.logging.logger(setup.handler_path, setup.name, index, setup.plugin);
        auto seat = std::make_unique<Seat>();
        Executor& executor = *pool->executors_[affine ? index : 0];
        // Asked for news only once the worker exists: no unit is submitted before.
        seat->commits = std::make_unique<Commits>(
            logger, [seat = seat.get(), &executor] { executor.schedule(*seat->worker); },
            setup.number * limits::workers_max + index);
        seat->handler =
            std::make_unique<HandlerHost>(logger, setup.state_dir, context.clock, context.dependencies, *seat->commits);
        sluice_setup said{};
        said.struct_size = sizeof said;
        said.role = SLUICE_ROLE_HANDLER;
        said.name = {setup.handler_path.data(), setup.handler_path.size()};
        said.options_api = &options_api();
        said.options = to_abi(setup.options);
        said.worker = index;
        said.workers = setup.workers;
        const PluginPart& part =
            plugin_part(setup.handler_path + "[" + std::to_string(index) + "]", setup.plugin_file.string());
        if (auto created = seat->handler->create(*setup.handlers, said, &part); !created) return std::move(created).error();
        const std::uint64_t seed = static_cast<std::uint64_t>(context.clock.wall_ms()) * 31 + index + 1;
        seat->handler->cancel_through(pool->canceller_);
        seat->worker = std::make_unique<Worker>(index, setup.policy, pool->notices_, *seat->handler, *seat->commits, executor,
                                                context.watch, context.clock, context.return_path, logger, seed);
        pool->watchdog_->add(*seat->worker, logger);
        pool->seats_.push_back(std::move(seat));
    }
    // Last: the watch may be running, and looks at them from here on.
    for (auto& executor : pool->executors_) context.watch.add(*executor);
    context.watch.add(*pool->watchdog_);
    context.watch.add(pool->source_notifier_);
    return pool;
}

Result<void> WorkerPool::start() {
    for (auto& seat : seats_) {
        if (auto connected = seat->handler->session().open(); !connected) return connected;
        if (auto started = seat->handler->start(); !started) return started;
        if (poison_ != nullptr && !std::exchange(seat->noted, true))
            seat->handler->watch_for_poison(*poison_, poison_->note(source_, setup_.name, setup_.plugin_file.string()));
    }
    return {};
}

void WorkerPool::start_threads() {
    for (auto& executor : executors_) executor->start_first_thread();
}

void WorkerPool::ack_in_units(std::string_view resource, std::string_view queue) {
    for (auto& seat : seats_) seat->handler->session().ack_in_units(resource, queue);
}

WorkerPool::~WorkerPool() {
    for (auto& executor : executors_) watch_.remove(*executor);
    if (watchdog_) watch_.remove(*watchdog_);
    watch_.remove(source_notifier_);
    for (auto& seat : seats_) seat->commits->wait_for_tellers();
}

void WorkerPool::ask_back() {
    for (auto& seat : seats_) seat->worker->ask_back();
}

bool WorkerPool::keep_on() {
    bool all = true;
    for (auto& seat : seats_) all &= seat->worker->keep_on();
    return all;
}

void WorkerPool::stop(StopMode mode) {
    for (auto& seat : seats_) seat->worker->stop(mode);
}

void WorkerPool::cancel() {
    for (auto& seat : seats_) {
        seat->handler->cancel();
        seat->worker->poke();  // to tell those that hold deferred messages
    }
}

void WorkerPool::tell_of_withdrawn() {
    for (auto& seat : seats_) seat->worker->tell_of_withdrawn();
}

void WorkerPool::release_behind_handlers() {
    for (auto& seat : seats_) seat->worker->release_behind_handler();
}

void WorkerPool::schedule(std::span<Runnable* const> workers) {
    if (executors_.size() == 1) {
        executors_.front()->schedule(workers);
        return;
    }
    for (Runnable* worker : workers) static_cast<Worker*>(worker)->executor().schedule(*worker);
}

bool WorkerPool::join(std::int64_t deadline_ns) {
    bool all = true;
    for (auto& executor : executors_) all &= executor->stop(clock_, deadline_ns);
    return canceller_.stop(deadline_ns) && all;
}

void WorkerPool::close() {
    for (auto& seat : seats_) seat->handler->stop();
}

// A worker's queue, as much again parked, the units under way, a batch taken from the queue and held, and what is deferred.
std::uint64_t WorkerPool::room() const {
    const WorkPolicy& policy = setup_.policy;
    const std::uint64_t worker = std::uint64_t{policy.queue_capacity} * 2 +
                                 std::uint64_t{policy.batch_max} * (limits::units_in_flight + 1) + limits::deferred_max;
    return worker * setup_.workers;
}

}  // namespace sluice
