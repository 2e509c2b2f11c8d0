// How long the handles of a file wait for a lock that another program holds, and the end of all waiting.
//
// Once the host waits no longer (`interrupt`), no handle waits for a lock, and a statement that runs is ended by SQLite, with
// SQLITE_INTERRUPT, at its next look: some thousand steps of its program. That is looked at through SQLite's progress handler
// instead of sqlite3_interrupt(), which only ends what runs at that moment and needs handles that nobody closes meanwhile.
//
// Threads     end, is_over: any. wait_for_lock, is_to_end: whoever uses the handle. The rest: any.
// Ownership   of the file; outlives its handles.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "sluice/sdk/log.hpp"

namespace sluice::sqlite {

class Patience {
public:
    Patience(std::string path, std::chrono::milliseconds busy_timeout, Log log = {});

    // Makes the handle wait as this says.
    void apply_to(sqlite3* handle);

    std::chrono::milliseconds busy_timeout() const {  // relaxed: it stands alone
        return std::chrono::milliseconds(busy_timeout_ms_.load(std::memory_order_relaxed));
    }
    // Of all that is asked for, the longest holds.
    void be_at_least(std::chrono::milliseconds busy_timeout);

    // Ends all waiting, from now on.
    void end();
    // Control: called by end(), for whoever waits for something else than a lock. Empty: nobody does any more.
    void on_end(std::function<void()> ended);
    bool is_over() const { return is_over_.load(std::memory_order_relaxed); }  // a late look only ends later

private:
    static constexpr int look_every = 5'000;  // steps of a statement's program: well below a millisecond

    int wait_for_lock(int times);
    void say();

    const std::string path_;
    const Log log_;
    std::atomic<std::int64_t> busy_timeout_ms_;
    std::atomic<bool> is_over_{false};

    std::mutex mutex_;
    std::condition_variable ended_;
    // guarded by mutex_
    std::chrono::steady_clock::time_point said_{};
    std::function<void()> on_end_;
};

}  // namespace sluice::sqlite
