// Messages in whose handler the process has ended, and how often: the file `suspects` of the state directory, one line per
// message.
//
// A message is a suspect from the start that follows such an end until it is settled. Most are innocent: they were in another
// worker's handler.
//
// Threads      any() and what asks for one message: any. load, add: main, before anything runs. forget: source threads.
// Errors       what cannot be written is answered by add(), and logged by forget(): the list is then longer than it need be.
// Limits       limits::suspects_max; those with the fewest ends go first. Older than limits::suspect_age_ms: forgotten, since
//              its source will not deliver it any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "crash/handler_marks.hpp"
#include "observe/logging.hpp"

namespace sluice {

class Suspects {
public:
    Suspects(std::filesystem::path file, Logger logger) : file_(std::move(file)), logger_(logger) {}

    // What earlier processes have left. invalid: the file is damaged.
    Result<void> load(std::int64_t now_ms);
    // One more end for each of these; durable when it returns.
    Result<void> add(const std::vector<HandlerMarks::Marked>& marked, std::int64_t now_ms);

    // Cheap: are there any? Set before threads start; it does no harm if it becomes false late.
    bool any() const { return any_.load(std::memory_order_relaxed); }
    // How often the process has ended inside its handler.
    std::uint32_t crashes(std::string_view source, std::string_view id) const;
    // It is settled.
    void forget(std::string_view source, std::string_view id);

private:
    struct Suspect {
        std::uint32_t crashes = 0;
        std::int64_t since_ms = 0;
    };
    using Name = std::pair<std::string, std::string>;  // source, id

    Result<void> write() const;
    void bound();

    const std::filesystem::path file_;
    const Logger logger_;
    std::atomic<bool> any_{false};

    mutable std::mutex mutex_;
    // guarded by mutex_
    std::map<Name, Suspect> suspects_;
    std::uint32_t forgotten_ = 0;  // since the file was written
};

}  // namespace sluice
