// What somebody at a terminal sees while waiting: a progress line while finite sources are read, and what a stop waits for.
//
// Threads  one thread at a time (the main thread).
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.hpp"
#include "observe/logging.hpp"

namespace sluice {

// Redrawn at most five times per second; does nothing when the log does not go to a terminal. Log lines appear above it.
class Progress {
public:
    Progress(Logging& log, const Clock& clock);
    ~Progress() { erase(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `settled`: messages finished since the start.
    void update(std::uint64_t settled);
    void erase();

private:
    Logging& log_;
    const Clock& clock_;
    const std::int64_t started_ns_;
    std::int64_t drawn_ns_;
    std::uint64_t drawn_settled_ = 0;
};

// "12,345 messages, 12.3k/s, 1.00s"
std::string progress_text(std::uint64_t settled, double per_second, std::uint64_t elapsed_ns);

// Said at the first signal: "stopping: waiting for 3 workers to finish their current message; Ctrl-C again aborts"; in drain
// mode what is queued is waited for as well. `busy`: workers inside a handler; `queued`: messages that a drain works off.
std::string stopping_text(bool terminal, bool drain, std::uint64_t busy, std::uint64_t queued);

}  // namespace sluice
