// What goes wrong in a run, and the record of what happened in it. Both come from the environment:
//
//   SLUICE_FAULTS      "POINT WHEN ACTION; ..."
//                      POINT   poll.before, poll.after, settle.before, settle.after, confirm.before, publish.before,
//                              publish.after, commit.before, commit.after, handle.before, handle.after; with calls.so: fsync,
//                              fdatasync, pwrite, rename, unlink
//                      WHEN    3 (the third call), 3+ (from then on), 3x5 (five times from then on), ~TEXT (the body contains
//                              it)
//                      ACTION  kill, hang, delay:MILLISECONDS, fail:NUMBER (a sluice_status; of a handler a verdict), throw
//   SLUICE_FAULTY_LOG  file that these lines are appended to:
//                      "r ID TAG ATTEMPT"      received
//                      "c TAG"                 its ack confirmed
//                      "h ID ATTEMPT VERDICT"  handled
//                      "f POINT ACTION"        a fault
//                      In front of each: nanoseconds of CLOCK_MONOTONIC and the process. A kill may cut a write short, so a line
//                      is whole only if it ends in " .", and each begins after an end of line of its own.
//
// Threads  any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace faulty {

// Does what is due at this point. The number of fail:NUMBER, if that is what is due.
std::optional<std::uint32_t> at(std::string_view point, std::string_view body = {});

bool records();
// Several lines may go into one call.
void append_line(std::string& lines, std::string_view text);
void record(std::string_view lines);

}  // namespace faulty
