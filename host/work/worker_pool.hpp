// N workers with one kind of handler, one route and one set of policies, and the threads that run them.
//
// Life         create (handlers exist, nothing is open) -> start (connected, handlers started) -> [ask_back -> keep_on] -> stop
//              -> join -> destroyed
// Threads      main for all of it, but for what its workers say of theirs.
// Ownership    owns workers, handler instances, connections and executors. Databases, targets, watch and the source's inbox
//              outlive it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "observe/logging.hpp"
#include "text/node.hpp"
#include "unit/canceller.hpp"
#include "work/watchdog.hpp"
#include "work/worker.hpp"

namespace sluice {

class WorkerPool {
public:
    struct Setup {
        std::string name;
        std::uint32_t number = 0;  // below 2 * limits::pools_max, of its own among the host's pools
        std::string handler_path;  // "pools.airports.handler"
        std::string plugin;        // the handler's name in its manifest
        std::filesystem::path plugin_file = {};
        std::unique_ptr<const HandlerFactory> handlers;
        Node options;  // as long as the instances
        std::uint32_t workers;
        WorkPolicy policy;
        std::filesystem::path state_dir;  // of the handler
    };
    struct Context {
        const Dependencies& dependencies;
        Logging& logging;
        Clock& clock;
        Watch& watch;
        Worker::ReturnPath return_path;
        Poison* poison = nullptr;            // where the source's ids stay
        std::string source = {};             // the source's identity
        std::function<void()> hung = [] {};  // [any] a handler does not return, and the policy says that the host ends
    };

    static Result<std::unique_ptr<WorkerPool>> create(Setup setup, const Context& context);
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // May be called again after it failed.
    Result<void> start();
    ~WorkerPool();
    // After start, before the first message: while it can still be said that there are no threads left (std::system_error).
    void start_threads();
    // After start, before the first message: see Session.
    void ack_in_units(std::string_view resource, std::string_view queue);
    void stop(StopMode mode);
    // What the workers have comes back to the source thread, in order. False of keep_on(): one of them is just doing so, call
    // it again.
    void ask_back();
    bool keep_on();
    void cancel();
    // [source] See Worker.
    void tell_of_withdrawn();
    // What waits behind handlers that do not return goes back to the source.
    void release_behind_handlers();
    // [source] Workers of this pool whose queues have got messages.
    void schedule(std::span<Runnable* const> workers);
    // After all messages have left. False: a handler did not return until `deadline_ns`; then end the process.
    bool join(std::int64_t deadline_ns);
    void close();

    const std::string& name() const { return setup_.name; }
    std::uint32_t number() const { return setup_.number; }
    const WorkPolicy& policy() const { return setup_.policy; }
    std::uint32_t size() const { return setup_.workers; }
    Worker& worker(std::uint32_t index) { return *seats_[index]->worker; }
    const Worker& worker(std::uint32_t index) const { return *seats_[index]->worker; }
    std::string note_on_databases() const { return seats_.front()->handler->session().note_on_databases(); }
    // Numbers of the targets that its handlers have asked for so far. Any thread.
    std::vector<std::size_t> targets() const { return seats_.front()->handler->targets(); }
    bool deduplicates() const { return seats_.front()->handler->session().deduplicates(); }
    // What its handlers have measured, all workers together. Any thread.
    std::vector<MetricReading> measured() const {
        std::vector<MetricReading> readings;
        for (const auto& seat : seats_) add(readings, seat->handler->metrics());
        return readings;
    }
    // Messages that the pool may hold at once, wherever in it.
    std::uint64_t room() const;

private:
    // A worker with what it alone uses.
    struct Seat {
        std::unique_ptr<Commits> commits;
        std::unique_ptr<HandlerHost> handler;
        std::unique_ptr<Worker> worker;
        bool noted = false;  // its calls are
    };

    // The source hears of outcomes when it next looks, and at the latest at the watch's next tick.
    class SourceNotifier final : public Watch::Guard {
    public:
        explicit SourceNotifier(EventCount& event_count) : event_count_(event_count) {}
        std::int64_t look(std::int64_t) override {
            event_count_.notify_late();
            return 0;
        }

    private:
        EventCount& event_count_;
    };

    WorkerPool(Setup setup, Clock& clock, Watch& watch, EventCount& event_count)
        : setup_(std::move(setup)),
          clock_(clock),
          watch_(watch),
          canceller_(clock, std::size_t{setup_.workers} * (limits::deferred_max + 1)),  // what may run or be deferred
          source_notifier_(event_count) {}

    const Setup setup_;
    Poison* poison_ = nullptr;
    std::string source_;
    Clock& clock_;
    Watch& watch_;
    std::vector<std::unique_ptr<Executor>> executors_;  // one; one per worker if the handler is thread-affine
    PoolNotices notices_;
    std::vector<std::unique_ptr<Seat>> seats_;
    Canceller canceller_;  // ends before the handlers do
    std::unique_ptr<Watchdog> watchdog_;
    SourceNotifier source_notifier_;
};

}  // namespace sluice
