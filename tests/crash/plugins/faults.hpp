// What goes wrong in a run, and the record of what happened in it. Both come from the environment:
//
//   SLUICE_FAULTS      "POINT WHEN ACTION; ..."
//                      POINT   poll.before, deliver, poll.after, handle.before, handle.after, ring.before, ring.after,
//                              resume.before, resume.after, together.before, together.each, together.after, commit.before,
//                              commit.after, publish.before, publish.after, settle.before, settle.after, confirm.before; with
//                              calls.so: fsync, fdatasync, pwrite, rename, unlink. drill.py says where each is
//                      WHEN    3 (the third call), 3+ (from then on), 3x5 (five times from then on), ~TEXT (the body contains
//                              it)
//                      ACTION  kill, hang, delay:MILLISECONDS, fail:NUMBER (a sluice_status; of a handler a verdict), throw,
//                              leak:BYTES (std::bad_alloc if there are not so many), drain (all the memory there is, and
//                              std::bad_alloc)
//   SLUICE_FAULTY_LOG  file that these lines are appended to:
//                      "r ID TAG ATTEMPT"      received
//                      "c TAG"                 its ack confirmed
//                      "h ID ATTEMPT VERDICT"  handled
//                      "s STATUS"              the host's answer to the end of a deferred message
//                      "f POINT ACTION"        a fault
//                      In front of each: nanoseconds of CLOCK_MONOTONIC and the process. A kill may cut a write short, so a
//                      line is whole only if it ends in " .", and each begins after an end of line of its own.
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
