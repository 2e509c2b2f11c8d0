// Writes lines to a descriptor and never waits for whoever reads them.
//
// A line is written at once where that cannot block, so nothing that was said is missing after a crash. Where it could block (a
// pipe that is full, a terminal that was stopped) the line is kept, and a thread that waits for room writes it. What does not
// fit into the kept lines is dropped and counted; once there is room again, a line says how many.
//
// The descriptor is shared with other processes, so it stays as it is: O_NONBLOCK is set on a pipe or terminal that was opened
// once more through /proc/self/fd (proc(5)); to a socket it is MSG_DONTWAIT. Where neither works, poll(2) says whether there is
// room for PIPE_BUF bytes. A regular file does not block.
//
// Threads      any. The one of its own starts with the first line that has to be kept.
// Errors       a descriptor that cannot be written to takes everything: there is nobody to tell.
// Limits       limits::log_pending_bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/descriptor.hpp"

namespace sluice {

class LogWriter {
public:
    // `dropped`: the line that says how many lines were dropped; called under the lock.
    LogWriter(int file, std::function<std::string(std::uint64_t)> dropped);
    // Gives what is kept a second to be read.
    ~LogWriter();
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    // A whole line, its end included.
    void write(std::string_view line);
    // What is out of date by the time it could be read: left out, uncounted, while lines are kept.
    void write_or_skip(std::string_view text);
    // True: nothing is kept any more.
    bool flush(std::chrono::milliseconds at_most);

private:
    enum class Output : std::uint8_t { plain, socket, polled };

    std::size_t put(std::string_view bytes) const;  // how many were taken
    void keep_locked(std::string_view rest, bool torn);
    bool drain_locked();
    void ring() const;
    void thread_main();

    // constant after construction
    const std::function<std::string(std::uint64_t)> dropped_line_;
    Descriptor own_;  // opened once more, if that worked
    int file_;
    Output output_ = Output::plain;
    Descriptor wake_;  // an eventfd(2), for the thread: there is something to write, or it is to end

    std::mutex mutex_;
    // guarded by mutex_
    std::string kept_;
    std::uint64_t dropped_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace sluice
