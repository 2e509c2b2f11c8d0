// The program from its first line to its last.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "app/exit_status.hpp"
#include "app/process.hpp"
#include "cli/command_line.hpp"
#include "plugin/crash_report.hpp"

int main(int argc, char** argv) {
    using namespace sluice;

    // 1. The process. From here on what goes wrong with a descriptor is an error of the call that uses it, and a crash names
    //   its place.
    prepare_process();

    // 2. The words. From here on nothing looks at argv.
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);

    // 3. The verb: all that is started in there is ended in there. What `run` starts and stops, and in which order, stands
    //    in app/run_host.cpp, topology/host.cpp and topology/open_parts.cpp.
    int status = exit_status::failed;
    try {
        status = run_command_line(words);
    } catch (const std::exception& unforeseen) {
        fmt::print(stderr, "sluice: {}\n", text_of(unforeseen));
    }

    // 4. The output. Unwritten output is a failure, also if a verb has flushed it before and it was lost then.
    if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && status == exit_status::clean) {
        if (errno == EBADF)
            fmt::print(stderr, "sluice: cannot write the output: standard output is closed\n");
        else if (errno != EPIPE)
            fmt::print(stderr, "sluice: cannot write the output: {}\n", std::strerror(errno));
        status = exit_status::failed;
    }
    crash_report::may_exit();
    return status;
}
