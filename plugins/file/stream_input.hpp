// Lines from what cannot be read twice: standard input, usually a pipe.
//
// Threads  one at a time; wake from any.
// Errors   Failure: invalid for a descriptor that cannot be read (closed, a folder), at construction, and for input that is
//          compressed or no UTF-8 (encoding.hpp); failed when reading fails: what was not read will not come again.
// Limits   what was delivered is not kept: a release is answered SLUICE_INVALID, and a restart knows nothing of it.
#pragma once

#include <optional>

#include "input.hpp"
#include "line_reader.hpp"
#include "line_sink.hpp"
#include "wakeup.hpp"

namespace sluice::file {

// Throws Failure(invalid) if nothing can be read from it.
void expect_input(int descriptor);

class StreamInput final : public Input {
public:
    StreamInput(int descriptor, SourceSink sink, std::size_t max_line, std::size_t read_buffer);

    sluice_status poll(std::uint32_t max, std::chrono::milliseconds wait) override;
    sluice_status settle(std::span<const sluice_settlement> items) override;
    void flush() override {}
    void wake() override { wakeup_.wake(); }

private:
    bool read_line(Line& line, std::chrono::milliseconds wait);
    void fill();

    const int descriptor_;
    LineReader reader_;
    LineSink sink_;
    Wakeup wakeup_;
    std::optional<Line> held_;  // read, and not taken by the host yet
};

}  // namespace sluice::file
