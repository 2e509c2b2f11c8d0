#include "position_writer.hpp"

#include <utility>

#include "sluice/sdk/thread.hpp"

namespace sluice::file {

PositionWriter::PositionWriter(const PositionStore& store, const Wakeup& wakeup) : store_(store), wakeup_(wakeup) {
    thread_ = start_thread("file:position", [this] { run(); });
}

PositionWriter::~PositionWriter() {
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return state_ != State::submitted; });
        state_ = State::stopping;
    }
    changed_.notify_all();
    thread_.join();
}

void PositionWriter::submit(Positions positions) {
    busy_ = true;
    {
        const std::lock_guard lock(mutex_);
        result_ = {std::move(positions), nullptr};
        state_ = State::submitted;
    }
    changed_.notify_all();
}

std::optional<PositionWriter::Result> PositionWriter::finished() {
    if (!busy_) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (state_ != State::finished) return std::nullopt;
    return take();
}

PositionWriter::Result PositionWriter::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return state_ == State::finished; });
    return take();
}

PositionWriter::Result PositionWriter::take() {
    state_ = State::idle;
    busy_ = false;
    return std::exchange(result_, {});
}

void PositionWriter::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return state_ == State::submitted || state_ == State::stopping; });
        if (state_ == State::stopping) return;
        lock.unlock();
        try {
            store_.save(result_.positions);
        } catch (...) {
            result_.failure = std::current_exception();
        }
        lock.lock();
        state_ = State::finished;
        changed_.notify_all();
        wakeup_.wake();
    }
}

}  // namespace sluice::file
