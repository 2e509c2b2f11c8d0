// The signals that a host answers, as something to wait for (signalfd(2)), together with news from other threads (eventfd(2)).
//
// They stay blocked afterwards: one that comes while the process is ending must not change how it ends. The next to be made
// finds it.
//
// Threads      construction: the main thread, before any other exists, since the signal mask is inherited. notify: any.
//              wait: the main thread.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>

namespace sluice {

class Signals {
public:
    enum class Event : std::uint8_t { timeout, stop, reload, news };

    Signals();
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    Event wait(std::chrono::milliseconds at_most);
    void notify();

private:
    int signals_;
    int news_;
};

}  // namespace sluice
