// Lines into what takes nothing back: standard output, a FIFO, a device.
//
// Durable ends here with "written": what is in a pipe and not read yet when its reader leaves is gone. Nothing is written
// before there is a reader, and what a write that failed has left is gone on with where the same lines come again, or else
// ended.
//
// Threads  one at a time.
// Errors   Failure: unavailable (a FIFO without a reader), full (a reader that takes nothing for patience_ms), failed (standard
//          output without a reader: there will never be one again).
#pragma once

#include "file_descriptor.hpp"
#include "output.hpp"

namespace sluice::file {

class StreamOutput final : public Output {
public:
    static constexpr int patience_ms = 2'000;  // in which a stop has to wait for a reader that takes nothing

    // A FIFO or a device.
    StreamOutput(std::string path, const Log& log);
    // Open for as long as this lives.
    StreamOutput(int descriptor, std::string name);

    void append(std::string_view lines) override;
    void reopen() override;

private:
    void open();
    std::string_view unwritten(std::string_view lines);
    void write(std::string_view& rest);
    [[noreturn]] void fail(int error);

    const std::string name_;
    FileDescriptor own_;
    int descriptor_ = -1;
    std::string out_;    // of lines that do not count as written: what is out of them
    bool torn_ = false;  // ... and what was lost with its reader ended inside a line
};

}  // namespace sluice::file
