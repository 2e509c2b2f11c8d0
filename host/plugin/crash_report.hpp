// What the process says of an end that it does not choose: a crash, or a call of exit() by a plugin. One line to standard
// error, with the call into a plugin that the thread was in and the id of the message.
//
//   crash    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT: the line, and then the signal again with its default action, so that the
//            core is that of the fault. Threads that call plugins have an alternate stack: a stack overflow is told, too.
//   exit()   no destructor of the host and no function of a plugin runs after that; the process ends with exit_status::failed.
//            _exit(2) cannot be caught.
//
// Under a sanitizer crashes are left to its own report.
//
// Threads      install, as_json, may_exit: the main thread. The notes: the thread that it happens on.
// Safety       the crash's line is made with async-signal-safe functions only (signal-safety(7)), in a buffer on the stack, and
//              never waits for a reader.
#pragma once

namespace sluice::crash_report {

void install();
// exit() runs what was registered last first. To be called again after a plugin was loaded, so that ours comes before its
// destructors.
void guard_exit();
// The line is one of a JSON log.
void as_json(bool json);
// From here on exit() is the program's own end.
void may_exit();

}  // namespace sluice::crash_report
