#include "reload/reloading.hpp"

#include <iterator>
#include <utility>

namespace sluice {

bool Reloading::go_on(bool host_stops) {
    std::vector<ReloadRequests::Answer> more = requests_.take();
    asked_ |= !more.empty();
    std::move(more.begin(), more.end(), std::back_inserter(waiting_));
    if (asked_ && !under_way()) begin(host_stops);
    if (!reload_) return false;
    reload_->step();
    return reload_->ended() && !answered_ && end(reload_->outcome());
}

void Reloading::begin(bool host_stops) {
    asked_ = false;
    answers_ = std::exchange(waiting_, {});
    answered_ = false;
    if (!host_stops) host_.reopen_targets();  // as who rotates files expects, whatever the configuration says
    if (host_stops) {
        end({false, {"the host stops"}});
    } else if (host_.config().file == "-") {
        end({false, {"it was read from standard input, which cannot be read again; a change needs a restart"}});
    } else if (LoadedConfig loaded = read_again_(); !loaded.problems.empty()) {
        end({false, loaded.problems.lines()});
    } else {
        log_.info("reloads {}", host_.config().file.string());
        reload_ = std::make_unique<Reload>(host_, std::move(loaded.config));
    }
}

void Reloading::give_up(const std::string& why) {
    if (!under_way()) return;
    reload_->give_up(why);
    if (!answered_) end(reload_->outcome());
}

bool Reloading::end(const ReloadOutcome& outcome) {
    answered_ = true;
    if (outcome.applied) {
        const LogOptions& levels = host_.config().log;
        logging_.set_levels(levels.level, levels.levels);
        log_.info("reloaded: {}", outcome.lines.front());
    } else {
        for (const std::string& line : outcome.lines) log_.error("{}", line);
        log_.error("the configuration was not reloaded; the host goes on with the one it has");
    }
    for (const ReloadRequests::Answer& answer : std::exchange(answers_, {})) answer(outcome);
    return outcome.applied;
}

}  // namespace sluice
