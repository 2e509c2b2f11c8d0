// Which messages run alone because they may be what breaks the connection to the database.
//
// A unit lost its database, and the first question afterwards was answered: once is bad luck. After
// limits::losses_before_suspicion in a row the messages of the unit are suspects and run alone; and one that loses the database
// alone is to blame. A database that cannot be asked, or does not respond, raises no suspicion: an outage does not count as an
// attempt.
//
// Threads      whoever runs the worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/limits.hpp"

namespace sluice {

class Suspicion {
public:
    enum class Verdict : std::uint8_t { none, suspect, blame };

    // A unit lost its database. `alone`: it had one message, or fell at its first.
    void lost(std::string_view why, bool alone) {
        undecided_ = true;
        alone_ = alone;
        why_.assign(why);
    }
    void worked() { losses_ = 0; }

    // A loss waits to be judged, once the database responds again.
    bool undecided() const { return undecided_; }
    // `spurious`: the database responded when it was first asked. `is_suspect`: the message that runs next is one already.
    Verdict judge(bool spurious, bool is_suspect) {
        undecided_ = false;
        if (!spurious) {
            losses_ = 0;
            return Verdict::none;
        }
        if (alone_ && is_suspect) return Verdict::blame;
        return ++losses_ >= limits::losses_before_suspicion ? Verdict::suspect : Verdict::none;
    }
    const std::string& why() const { return why_; }

private:
    bool undecided_ = false;
    bool alone_ = false;
    std::uint32_t losses_ = 0;  // in a row
    std::string why_;           // of the last one
};

}  // namespace sluice
