// Looks after calls into plugins that do not return: names each once when it has taken limits::long_call_ms, and once more when
// it is over.
//
// A call's age counts from the first look that found it, so that nobody reads a clock for a call.
//
// Threads      one thread at a time, which calls no plugin.
// Limits       a few words per thread that has ever called a plugin and is alive.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "observe/logging.hpp"
#include "plugin/plugin_call.hpp"

namespace sluice {

class CallWatch {
public:
    explicit CallWatch(Logger logger) : logger_(logger) {}

    void look(std::int64_t now_ns);
    // How long the call has run that this thread is in, as of the last look; 0: it is in none that was seen before.
    std::int64_t age_ns(const CallRecord& thread, std::int64_t now_ns) const;
    // "sources.in (plugin /usr/lib/…/file.so): poll has not returned for 12 s", a sentence for each call that the last look
    // found.
    std::vector<std::string> running(std::int64_t now_ns) const;

private:
    struct Seen {
        std::uint64_t number = 0;
        std::int64_t since_ns = 0;
        const PluginPart* part = nullptr;
        const char* function = nullptr;
        bool said = false;
        bool alive = false;  // found by the last look
    };

    const Logger logger_;
    std::unordered_map<const CallRecord*, Seen> seen_;
};

}  // namespace sluice
