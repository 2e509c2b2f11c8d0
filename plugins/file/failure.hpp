// Failure (of the SDK) with the system's own words, and with what to do about them.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

#include "sluice/sdk/status.hpp"

namespace sluice::file {

inline std::string words(int error) {
    return std::generic_category().message(error);
}

// With the remedy, where the system's words do not suggest it.
inline std::string reason(int error) {
    switch (error) {
        case EMFILE: return words(error) + " in this process: raise `ulimit -n` (LimitNOFILE= of a systemd unit)";
        case ENFILE: return words(error) + ": raise fs.file-max";
        case ENOSPC: return words(error) + ": make room there";
        case EDQUOT: return words(error) + ": make room there, or raise the quota";
        case EFBIG: return words(error) + ": raise `ulimit -f` (LimitFSIZE= of a systemd unit), or rotate the file";
        default: return words(error);
    }
}

// Whether waiting may help: who looks after the machine can mend it while the host runs. Otherwise the path itself is wrong.
inline bool may_pass(int error) {
    return error != EISDIR && error != ELOOP && error != ENAMETOOLONG && error != ENOTDIR && error != EINVAL;
}

}  // namespace sluice::file
