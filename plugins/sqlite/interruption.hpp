// What `interrupt` of a component ends: the waiting of the file it has open, or is about to open, and its own.
//
// Threads  interrupt, is_asked: any. The rest: control.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "patience.hpp"

namespace sluice::sqlite {

class Interruption {
public:
    // The component is opened: what was asked for before is over.
    void begin() {
        const std::lock_guard lock(mutex_);
        is_asked_ = false;
        patience_.reset();
    }
    // Before anything waits with it.
    void watch(std::shared_ptr<Patience> patience) {
        const std::lock_guard lock(mutex_);
        patience_ = std::move(patience);
        if (is_asked_) patience_->end();
    }
    void interrupt() {
        const std::lock_guard lock(mutex_);
        is_asked_ = true;
        if (patience_) patience_->end();
        if (on_interrupt_) on_interrupt_();
    }
    // Since the last begin().
    bool is_asked() const {
        const std::lock_guard lock(mutex_);
        return is_asked_;
    }
    // Called by interrupt(), for a wait that is not the file's. Empty: there is none any more.
    void on_interrupt(std::function<void()> call) {
        const std::lock_guard lock(mutex_);
        on_interrupt_ = std::move(call);
    }

private:
    mutable std::mutex mutex_;
    // guarded by mutex_
    bool is_asked_ = false;
    std::shared_ptr<Patience> patience_;
    std::function<void()> on_interrupt_;
};

}  // namespace sluice::sqlite
