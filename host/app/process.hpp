// What the process needs before anything else happens in it.
#pragma once

#include <exception>
#include <string>

namespace sluice {

// Threads      the main thread, before any other exists.
//
//   standard descriptors   0, 1 and 2 are open. One that was closed leads nowhere in a way that tells: reading from 0 and
//                          writing to 1 fail (EBADF); without this, the first files that are opened would be taken for them.
//   signals                SIGPIPE and SIGXFSZ are ignored: a reader that has gone, or a file that may not grow, is an error of
//                          a write. Crashes and calls of exit() say where they happened (plugin/crash_report.hpp).
//   open files             the soft limit is raised to the hard one (getrlimit(2)). The host starts no other programs, and uses
//                          no select(2).
void prepare_process();

// What an exception that nobody foresaw says, with the remedy where it is one of the process's limits.
std::string text_of(const std::exception& unforeseen);

}  // namespace sluice
