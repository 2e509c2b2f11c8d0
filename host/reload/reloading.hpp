// Reloads as the main loop sees them: asked for by SIGHUP or by a client, one after the other, each logged and answered.
//
// Threads      main.
// Ownership    the host and the log outlive it; it outlives the host's close(), since it may hold pools that were
//              replaced.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "observe/logging.hpp"
#include "reload/reload.hpp"
#include "reload/reload_requests.hpp"

namespace sluice {

// The file that was named at the start, with the same overrides and environment.
using ReadAgain = std::function<LoadedConfig()>;

class Reloading {
public:
    Reloading(Host& host, const ReadAgain& read_again, ReloadRequests& requests, Logging& logging)
        : host_(host),
          read_again_(read_again),
          requests_(requests),
          logging_(logging),
          log_(logging.logger("host")) {}
    Reloading(const Reloading&) = delete;
    Reloading& operator=(const Reloading&) = delete;

    void ask() { asked_ = true; }
    // True: a configuration was taken over just now.
    bool go_on(bool host_stops);
    void give_up(const std::string& why);
    std::int64_t due_ns() const { return under_way() ? reload_->due_ns() : 0; }

private:
    bool under_way() const { return reload_ && !reload_->ended(); }
    void begin(bool host_stops);
    bool end(const ReloadOutcome& outcome);

    Host& host_;
    const ReadAgain& read_again_;
    ReloadRequests& requests_;
    Logging& logging_;
    const Logger log_;
    bool asked_ = false;
    bool answered_ = true;                         // the one in reload_
    std::vector<ReloadRequests::Answer> waiting_;  // for the next one
    std::vector<ReloadRequests::Answer> answers_;  // for the one under way
    std::unique_ptr<Reload> reload_;
};

}  // namespace sluice
