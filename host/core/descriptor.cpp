#include "core/descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>

namespace sluice {

std::string descriptors_hint() {
    std::array<Descriptor, 8> free;
    for (Descriptor& one : free) {
        one = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (one) continue;
        if (errno == ENFILE) return "; this machine has no more files to open (sysctl fs.file-max)";
        if (errno != EMFILE) return {};
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        return "; this process may have no more than " + std::to_string(files.rlim_cur) +
               " files open: raise that limit (ulimit -n, or LimitNOFILE= of systemd)";
    }
    return {};
}

}  // namespace sluice
