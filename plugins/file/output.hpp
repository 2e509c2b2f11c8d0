// Where a target's lines go: a file that can be cut off again, or a stream that takes nothing back.
//
// Threads  one at a time.
// Errors   Failure: unavailable or full (to be tried again), failed (nobody will ever read it), invalid (the path is wrong).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "sluice/sdk/log.hpp"

namespace sluice::file {

struct OutputOptions {
    std::string path;  // "-" = standard output
    bool sync = true;  // what was appended is on the disk before append() returns
};

class Output {
public:
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    virtual ~Output() = default;

    // Whole lines. If it throws, none of them counts as written, and whoever reads sees no line that is glued to the part of
    // another.
    virtual void append(std::string_view lines) = 0;
    // The path may lead elsewhere now.
    virtual void reopen() {}
};

// Of what is neither a file, a FIFO nor a device of characters.
[[noreturn]] void refuse_output(const std::string& path, mode_t mode);
std::unique_ptr<Output> open_output(const OutputOptions& options, const Log& log);

}  // namespace sluice::file
