// The thread that answers signals and looks after calls into plugins. It calls no plugin itself, but for `interrupt`, so
// nothing that hangs in one holds it up.
//
// The main thread does what is asked (wait()), unless it is inside a plugin itself: while the host starts, is reloaded or
// closes. Then the supervisor ends the process with status 3 and the name of the call: at the deadline that began with the
// first signal, or at the second one.
//
// Threads      construction, destruction, wait, begin_closing: the main thread; it must be the one that calls plugins. notify,
//              stop_asked: any. `interrupt`: the supervisor's.
// Ownership    the log and the clock outlive it. The signals SIGTERM, SIGINT and SIGHUP are its own from construction on, and
//              blocked after it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "app/signals.hpp"
#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "plugin/call_watch.hpp"

namespace sluice {

class Supervisor {
public:
    Supervisor(Logging& logging, Clock& clock, std::chrono::milliseconds shutdown_deadline);
    ~Supervisor();
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // One thing at a time, a stop before a reload before news; each stop and reload that was asked for is told once.
    Signals::Event wait(std::chrono::milliseconds at_most);
    // Something has happened that the main thread should look at.
    void notify();
    bool stop_asked() const;
    // While a part is waited for: false as soon as a stop is asked for, true after `at_most`. Does not use up the event.
    bool pause(std::chrono::milliseconds at_most);

    // What a signal does at once, whatever the main thread is in, such as telling a database to give up. Empty: nothing. Once
    // this returns, the one before is not running any more.
    void on_stop(std::function<void()> interrupt);
    // A reload may have changed it.
    void set_deadline(std::chrono::milliseconds shutdown_deadline);
    // From here on the main thread ends what it has started: it has the rest of the deadline, or all of it if no signal came.
    void begin_closing();
    // A line for each call into a plugin that has not returned.
    void say_running();

private:
    void thread_main();
    void stop_signalled(std::int64_t now_ns);
    bool is_urgent_locked() const;
    bool is_due_locked(std::int64_t now_ns) const;
    [[noreturn]] void leave();

    // constant after construction
    Logging& logging_;
    const Logger log_;
    Clock& clock_;
    const CallRecord& main_;
    Signals signals_;

    mutable std::mutex mutex_;
    // guarded by mutex_
    std::condition_variable change_;
    CallWatch calls_;
    std::int64_t deadline_ns_;   // for how long a stop may take
    std::int64_t leave_ns_ = 0;  // 0: nobody has asked it to end
    bool closing_ = false;
    int stops_ = 0;
    int stops_told_ = 0;
    bool reload_ = false;
    bool news_ = false;
    bool ending_ = false;

    std::mutex interrupt_mutex_;
    std::function<void()> interrupt_;  // guarded by interrupt_mutex_, also while it runs

    std::thread thread_;
};

}  // namespace sluice
