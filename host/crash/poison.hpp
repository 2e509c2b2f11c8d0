// Finds messages that crash the process: what was in a handler at an unclean end is a suspect at the next start, runs alone,
// and becomes a dead letter once the process has ended inside its handler `crash_attempts` times. docs/adr/0012-poison.md says
// why so.
//
// Threads      open, close, note: main. The rest: as its parts say.
// Ownership    outlives the workers that hold notes of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "crash/handler_marks.hpp"
#include "crash/isolation.hpp"
#include "crash/suspects.hpp"
#include "observe/logging.hpp"

namespace sluice {

class Poison {
public:
    Poison(const std::filesystem::path& state_dir, Logger logger);

    // Once the state directory is ours and before anything runs: finds the suspects, and begins new notes for so many workers.
    Result<void> open(std::uint32_t workers, std::int64_t now_ms);
    // A worker's note; its source has ids that stay. `plugin`: the file of its handler.
    HandlerMark note(std::string_view source, std::string_view pool, std::string_view plugin);
    // A stop was asked for: what is in a handler when the process ends from here on is no suspect.
    void stop_asked();
    // Whether the notes are still where the next process looks for them.
    Result<void> check_in_place() const { return notes_ ? notes_->check_in_place() : Result<void>(); }
    // Nothing runs any more.
    void close();

    bool any() const { return suspects_.any(); }
    // Marks a message that is one.
    void mark(Message& message) const;
    std::uint32_t crashes(const Message& message) const;
    // It is settled.
    void forget(const Message& message);
    Isolation& isolation() { return isolation_; }

private:
    const std::filesystem::path notes_file_;
    const Logger logger_;
    Suspects suspects_;
    Isolation isolation_;
    std::unique_ptr<HandlerMarks> notes_;
};

}  // namespace sluice
