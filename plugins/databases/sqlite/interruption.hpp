// What `interrupt` of a component ends: the waiting of the file it has open, or is about to open.
//
// Threads  interrupt: any. The rest: control.
#pragma once

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
    }

private:
    std::mutex mutex_;
    // guarded by mutex_
    bool is_asked_ = false;
    std::shared_ptr<Patience> patience_;
};

}  // namespace sluice::sqlite
