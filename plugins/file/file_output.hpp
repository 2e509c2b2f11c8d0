// Lines at the end of a regular file, on the disk before they count.
//
// The file is the one that the path names: before lines are written and after, the two are compared, and where they differ
// (renamed, removed, rotated) the file that has the name is opened, or made. What was confirmed therefore stood in a file with
// a name when it was.
//
// Threads     one at a time.
// Errors      Failure: unavailable (the disk is full or fails, the folder is missing), invalid (another target or process has
//             the file; the path cannot be one).
// Invariants  no line is appended to the part of another: what a write that failed has left is cut off, or, where others have
//             written behind it, ended; a torn last line is ended when the file is opened, or when somebody else has left it
#pragma once

#include <cstdint>

#include "file_descriptor.hpp"
#include "output.hpp"

namespace sluice::file {

class FileOutput final : public Output {
public:
    FileOutput(OutputOptions options, const Log& log);
    // Of a file that somebody else has opened, and that is written wherever it is.
    FileOutput(int descriptor, bool sync, const Log& log);

    void append(std::string_view lines) override;
    void reopen() override;

private:
    bool has_its_name() const;
    bool is_removed() const;
    void open();
    void end_torn_line();
    void write(std::string_view lines);
    std::uint64_t end() const;
    void cut_back(std::uint64_t whole, std::size_t written, std::string_view lines);
    [[noreturn]] void fail(const std::string& doing, int error) const;

    const OutputOptions options_;
    const Log log_;
    const bool borrowed_ = false;
    FileDescriptor own_;
    int descriptor_ = -1;
    bool torn_ = false;      // the last line that was written has no end
    std::uint64_t end_ = 0;  // where the last write ended: the file has grown since if others write to it, too
};

}  // namespace sluice::file
