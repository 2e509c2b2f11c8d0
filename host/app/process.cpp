#include "app/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include "core/limits.hpp"
#include "plugin/crash_report.hpp"

namespace sluice {
namespace {

// open() takes the lowest number that is free, and those below are in use already. The direction is the wrong one on purpose.
void open_standard_descriptors() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(number, F_GETFD) < 0 && errno == EBADF)
            if (::open("/dev/null", number == STDOUT_FILENO ? O_RDONLY : O_WRONLY) < 0)
                return;  // without /dev there is nothing better
}

void raise_open_files() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    const rlim_t most = std::min<rlim_t>(files.rlim_max, limits::open_files_max);
    if (files.rlim_cur >= most) return;
    files.rlim_cur = most;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

void prepare_process() {
    open_standard_descriptors();
    for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_IGN);
    raise_open_files();
    crash_report::install();
}

std::string text_of(const std::exception& unforeseen) {
    std::string text = unforeseen.what();
    const auto* const refused = dynamic_cast<const std::system_error*>(&unforeseen);
    if (refused != nullptr && refused->code() == std::errc::resource_unavailable_try_again)  // pthread_create(3), EAGAIN
        text += ": most likely no thread can be started; raise `ulimit -u` (TasksMax of a systemd unit)";
    if (dynamic_cast<const std::bad_alloc*>(&unforeseen) != nullptr)
        text += ": there is no memory left; raise the limit that the process runs under, or lower memory_limit";
    return text;
}

}  // namespace sluice
