// Cuts a file or a stream into lines.
//
// Threads    one at a time.
// Ownership  the descriptor is the caller's. Views of a Line live until the next fill() or seek().
// Errors     fill() throws Failure(unavailable) when reading fails.
// Limits     memory: the buffer, grown to max_line + 2 bytes at most. A longer line is skipped to its end without being kept.
// Invariants (1) position_ is the end of the last line given out, or where seek() went
//            (2) the spans [position, end) of consecutive lines touch: blank lines and a UTF-8 byte order mark belong to the
//                line behind them
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::file {

struct Line {
    std::string_view text;       // without the line end; of a line that is too long, its first sample_bytes
    std::uint64_t position = 0;  // where its span begins
    std::uint64_t offset = 0;    // where its text begins
    std::uint64_t end = 0;       // behind its line end
    std::uint64_t length = 0;    // of the whole text
    bool too_long = false;
};

class LineReader {
public:
    static constexpr std::size_t sample_bytes = 4096;  // kept of a line that is too long: enough to recognise it by

    enum class Access : std::uint8_t { positioned, sequential };  // pread, or read for what cannot seek

    LineReader(int descriptor, Access access, std::size_t max_line, std::size_t buffer_bytes);

    // The next line that is in the buffer. False: fill() first, or at the end: there is none.
    bool next(Line& line);
    // One read. False: the input has ended; next() then gives the last line also without its line end. While it grows, false
    // says only that there is nothing more yet.
    bool fill();
    void set_growing(bool growing) { growing_ = growing; }
    // How far the input has been read; the lines before it may not all have been given out.
    std::uint64_t filled_to() const { return offset_of(filled_); }
    bool at_end() const { return at_end_; }

    void seek(std::uint64_t offset);  // positioned only

private:
    std::uint64_t offset_of(std::size_t index) const { return base_ + index; }
    bool finish_line(Line& line, std::size_t newline, std::size_t behind);
    bool skip_long_line(Line& line);
    void skip_byte_order_mark();
    void make_room();

    const int descriptor_;
    const Access access_;
    const std::size_t max_line_;

    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_;
    std::size_t begin_ = 0;    // first byte not given out
    std::size_t scanned_ = 0;  // no line end in [begin_, scanned_)
    std::size_t filled_ = 0;
    std::uint64_t base_ = 0;      // offset of buffer_[0]
    std::uint64_t position_ = 0;  // see invariant (1)
    bool at_end_ = false;
    bool growing_ = false;

    bool skipping_ = false;  // inside a line that is too long
    std::uint64_t long_offset_ = 0;
    bool long_ends_in_return_ = false;  // the byte before begin_ was a carriage return
    std::string sample_;
};

}  // namespace sluice::file
