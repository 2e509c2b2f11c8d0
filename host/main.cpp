// The program from its first line to its last.
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "app/exit_status.hpp"
#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    using namespace sluice;

    // 1. The process. From here on a reader that goes away is an error of a write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);

    // 2. The words. From here on nothing looks at argv.
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);

    // 3. The verb: all that is started in there is ended in there. What `run` starts and stops, and in which order, stands
    //    in app/run_host.cpp and app/host.cpp.
    int status = exit_status::failed;
    try {
        status = run_command_line(words);
    } catch (const std::exception& unforeseen) {
        fmt::print(stderr, "sluice: {}\n", unforeseen.what());
    }

    // 4. The output. A result that nobody got is no success.
    if (std::fflush(stdout) != 0 && status == exit_status::clean) {
        if (errno != EPIPE) fmt::print(stderr, "sluice: cannot write the output: {}\n", std::strerror(errno));
        status = exit_status::failed;
    }
    return status;
}
