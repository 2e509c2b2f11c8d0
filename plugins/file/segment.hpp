// One of the files that a path has named: reads its lines, hands them out and knows what of them is settled.
//
// Threads     one at a time.
// Errors      Failure: unavailable (a disk), failed (a line that must be read again is gone).
// Ordering    messages that were taken back come before newer ones, in the order of the file.
// Invariants  (1) a tag belongs to one segment: the mark in it says which
//             (2) while the file grows, a last line without its end waits
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "file_descriptor.hpp"
#include "line_reader.hpp"
#include "line_sink.hpp"
#include "position.hpp"
#include "rotation.hpp"
#include "sluice/sdk/log.hpp"
#include "window.hpp"

namespace sluice::file {

struct SegmentOptions {
    std::string path;
    std::size_t max_line = 1u << 20;
    std::size_t read_buffer = 256u << 10;
};

class Segment {
public:
    Segment(FileDescriptor file, Position position, std::uint32_t mark, const SegmentOptions& options, SourceSink sink,
            const Log& log, bool growing);

    const FileDescriptor& file() const { return file_; }
    FileId id() const { return id_; }
    std::uint32_t mark() const { return window_.mark(); }
    const Position& position() const { return position_; }  // as stored last
    std::uint64_t read_to() const { return read_to_; }

    // ---- delivering ----

    // How many were handed out. Fewer than `max`: the host has no room (`held`), nothing is due, or nothing is left.
    std::uint32_t deliver_taken_back(std::uint32_t max, std::int64_t now_ms);
    std::optional<std::int64_t> next_due_ms() const;  // of those taken back
    // `open` = of all segments; together they keep within Window::capacity.
    std::uint32_t deliver_new(std::uint32_t max, std::uint32_t open);
    std::uint32_t unsettled() const { return window_.size(); }

    bool held() const { return held_.has_value(); }
    bool growing() const { return growing_; }
    bool cut() const { return cut_; }    // while it grew, what had been read went away
    bool was_cut();                      // looks whether it is
    bool over() const { return over_; }  // not growing, and read to its end

    // What a copy of the file must hold to be read on in its place.
    Position as_read() const;
    // It will grow no more: what is there is read to its end, a last line without its end as well.
    void end_growing();
    // Reads on in a copy of a file that was cut.
    void go_on_in(const FileDescriptor& copy);
    // There is none: what was read of it is all there will be.
    void give_up();

    // ---- settling ----

    bool settle(std::uint64_t tag) { return window_.settle(tag); }
    bool take_back(std::uint64_t tag, std::int64_t due_ms) { return window_.take_back(tag, due_ms); }
    bool complete() const { return over_ && !held_ && window_.empty(); }

    // What is to be stored, and that it is.
    Position snapshot() const;
    void stored(const Position& position);
    void confirm() const { sink_.confirmed_below(position_.below); }

private:
    bool next_line(Line& line);
    bool has_grown();
    void note_tail();
    Line read_again(const Span& span);
    void skip_settled();
    void note_continued_line(const Log& log) const;

    const SegmentOptions& options_;
    FileDescriptor file_;
    FileId id_;
    LineReader reader_;
    Position position_;
    LineSink sink_;
    Window window_;
    bool growing_;
    bool cut_ = false;
    bool over_ = false;
    bool given_up_ = false;
    Print tail_;  // of what stands before the place up to which the file was read, while it grows

    std::uint64_t read_to_ = 0;         // how far lines have been delivered
    std::vector<Range> settled_ahead_;  // by an earlier run; above read_to_ from next_ahead_ on
    std::size_t next_ahead_ = 0;
    std::optional<Line> held_;  // read, and not taken by the host yet
    std::string again_;         // a line that was taken back, read once more
};

}  // namespace sluice::file
