// measure OUT PROGRAM [ARGUMENT...]: runs the program and writes what it took to OUT, as a line of JSON.
//
// A process of its own, because the peak memory that the kernel reports for a child begins with that of its parent: this one
// is smaller than anything it measures. Instructions are those of user space, of all threads; -1 where the machine cannot count
// them. The exit status is the program's.
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace {

double now_s() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Begins to count when `process` executes the program.
int instructions_of(pid_t process) {
    perf_event_attr wanted{};
    wanted.size = sizeof wanted;
    wanted.type = PERF_TYPE_HARDWARE;
    wanted.config = PERF_COUNT_HW_INSTRUCTIONS;
    wanted.disabled = 1;
    wanted.inherit = 1;
    wanted.enable_on_exec = 1;
    wanted.exclude_kernel = 1;
    wanted.exclude_hv = 1;
    return static_cast<int>(::syscall(SYS_perf_event_open, &wanted, process, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) {
        std::fprintf(stderr, "usage: measure OUT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    int go[2];
    if (::pipe2(go, 0) != 0) return 2;
    const pid_t child = ::fork();
    if (child < 0) return 2;
    if (child == 0) {
        char byte = 0;
        ::close(go[1]);
        if (::read(go[0], &byte, 1) != 1) ::_exit(127);
        ::close(go[0]);
        ::execvp(words[2], words + 2);
        std::perror(words[2]);
        ::_exit(127);
    }
    ::close(go[0]);
    const int counter = instructions_of(child);
    const double start = now_s();
    if (::write(go[1], "g", 1) != 1) return 2;
    ::close(go[1]);

    int status = 0;
    rusage used{};
    if (::wait4(child, &status, 0, &used) != child) return 2;
    const double wall = now_s() - start;
    std::int64_t instructions = -1;
    if (counter >= 0 && ::read(counter, &instructions, sizeof instructions) != sizeof instructions) instructions = -1;

    std::FILE* out = std::fopen(words[1], "w");
    if (out == nullptr) return 2;
    std::fprintf(out, "{\"wall_s\":%.6f,\"cpu_s\":%.6f,\"rss_kib\":%ld,\"instructions\":%lld}\n", wall,
                 seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss, static_cast<long long>(instructions));
    std::fclose(out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
