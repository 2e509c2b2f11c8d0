// What the program's exit status says.
#pragma once

namespace sluice::exit_status {

inline constexpr int clean = 0;
inline constexpr int invalid = 1;    // bad configuration or plugin; no message was read
inline constexpr int usage = 2;      // bad command line
inline constexpr int abandoned = 3;  // work still ran at the shutdown deadline
inline constexpr int law = 4;        // the conservation law failed: a message is unaccounted for
inline constexpr int failed = 5;     // a part or the state directory failed permanently, at the start or later

}  // namespace sluice::exit_status
