// A thread of a plugin's own, as sluice/abi.h wants it: it blocks all signals, which are the host's affair, and its name tells
// what it does in `top -H` and `ps -L`.
//
// Threads  any; the thread has to be joined before close(), stop() or the connection's destructor returns.
// Errors   std::system_error, as std::thread, which says which thread it was and what to raise.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace sluice::inline sdk {

// `name`: "postgres:listen"; what is longer than 15 bytes is cut.
template <typename Function>
std::thread start_thread(std::string_view name, Function&& function) {
    constexpr std::size_t name_bytes_max = 15;
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits it
    std::thread thread;
    try {
        thread = std::thread(std::forward<Function>(function));
    } catch (const std::system_error& refused) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw std::system_error(refused.code(), "the thread \"" + std::string(name) +
                                                    "\" cannot be started: raise `ulimit -u` (TasksMax of a systemd unit)");
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_setname_np(thread.native_handle(), std::string(name.substr(0, name_bytes_max)).c_str());
    return thread;
}

}  // namespace sluice::inline sdk
