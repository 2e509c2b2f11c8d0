// Stores positions on a thread of its own: a disk takes milliseconds, in which the source goes on delivering and settling.
//
// Threads   all functions: one. The store's save() runs on the writer's own thread, so nobody else may call it meanwhile.
// Errors    finished() and wait() hand over what save() threw.
// Ordering  `wakeup` is woken after a position is stored or has failed to be.
// Limits    one call of save() at a time.
#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "position.hpp"
#include "wakeup.hpp"

namespace sluice::file {

class PositionWriter {
public:
    struct Result {
        Positions positions;
        std::exception_ptr failure;  // none: it is stored
    };

    PositionWriter(const PositionStore& store, const Wakeup& wakeup);
    // What was submitted is finished first.
    ~PositionWriter();
    PositionWriter(const PositionWriter&) = delete;
    PositionWriter& operator=(const PositionWriter&) = delete;

    // From submit() until its result has been taken.
    bool busy() const { return busy_; }
    void submit(Positions positions);  // not busy
    // The result if there is one; wait() until there is: busy.
    std::optional<Result> finished();
    Result wait();

private:
    enum class State : std::uint8_t { idle, submitted, finished, stopping };

    void run();
    Result take();

    const PositionStore& store_;
    const Wakeup& wakeup_;
    bool busy_ = false;  // the caller's

    std::mutex mutex_;
    std::condition_variable changed_;
    State state_ = State::idle;  // guarded by mutex_, as result_; between submitted and finished result_ is the writer's
    Result result_;
    std::thread thread_;
};

}  // namespace sluice::file
