#include "segment.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "failure.hpp"
#include "print.hpp"

namespace sluice::file {
namespace {

std::size_t line_end_size(std::string_view text) {
    const std::size_t size = text.ends_with('\n') ? 1 : 0;
    return text.substr(0, text.size() - size).ends_with('\r') ? size + 1 : size;
}

}  // namespace

Segment::Segment(FileDescriptor file, Position position, std::uint32_t mark, const SegmentOptions& options, SourceSink sink,
                 const Log& log, bool growing)
    : options_(options),
      file_(std::move(file)),
      id_(id_of(status_of(file_.get()))),
      reader_(file_.get(), LineReader::Access::positioned, options.max_line, options.read_buffer),
      position_(std::move(position)),
      sink_(sink, options.path, options.max_line, position_.stream(), true),
      window_(mark),
      growing_(growing),
      read_to_(position_.below),
      settled_ahead_(position_.settled) {
    reader_.set_growing(growing);
    reader_.seek(read_to_);
    skip_settled();
    note_continued_line(log);
}

// A last line without a line end was delivered as it stood. What was appended to it since is a message of its own.
void Segment::note_continued_line(const Log& log) const {
    char seam[2] = {};
    if (read_to_ == 0 || read_at(file_.get(), seam, 2, read_to_ - 1) != 2) return;
    if (seam[0] != '\n' && seam[1] != '\n' && seam[1] != '\r') {
        log.write(
            Level::warn,
            options_.path + " had no line end at offset " + std::to_string(read_to_) +
                " when the line before it was delivered; what was added to that line since is taken as a line of its own");
    }
}

// ---- delivering ------------------------------------------------------------------------------------------------------------

std::uint32_t Segment::deliver_taken_back(std::uint32_t max, std::int64_t now_ms) {
    std::uint32_t count = 0;
    for (; count < max; ++count) {
        const auto next = window_.next_taken_back();
        if (!next || next->due_ms > now_ms || !sink_.push(read_again(next->span), next->tag)) break;
        window_.delivered_again();
    }
    return count;
}

std::optional<std::int64_t> Segment::next_due_ms() const {
    const auto next = window_.next_taken_back();
    return next ? std::optional(next->due_ms) : std::nullopt;
}

std::uint32_t Segment::deliver_new(std::uint32_t max, std::uint32_t open) {
    std::uint32_t count = 0;
    while (count < max && open + count < Window::capacity) {
        Line line;
        if (!next_line(line)) break;
        const std::uint64_t tag = window_.add({line.position, line.offset, line.end});
        if (!sink_.push(line, tag)) {
            window_.settle(tag);  // never delivered; the next poll gives the line a new tag
            held_ = line;
            break;
        }
        read_to_ = line.end;
        ++count;
        if (next_ahead_ < settled_ahead_.size()) skip_settled();
    }
    return count;
}

bool Segment::next_line(Line& line) {
    if (held_) {
        line = *held_;
        held_.reset();
        return true;
    }
    while (!over_ && !cut_) {
        if (reader_.next(line)) return true;
        if (reader_.at_end())
            over_ = true;
        else if (growing_ && !has_grown())
            return false;
        else
            reader_.fill(), note_tail();
    }
    return false;
}

// Two ways of cutting are seen: the file is shorter than what was read, or other bytes stand before that end.
bool Segment::was_cut() {
    if (growing_ && !cut_) has_grown();
    return cut_;
}

bool Segment::has_grown() {
    const auto size = static_cast<std::uint64_t>(status_of(file_.get()).st_size);
    const std::uint64_t end = reader_.filled_to();
    cut_ = size < end || print_before(file_.get(), end) != tail_;
    return !cut_ && size > end;
}

void Segment::note_tail() {
    tail_ = print_before(file_.get(), reader_.filled_to());
}

Position Segment::as_read() const {
    Position position = position_;
    position.below = reader_.filled_to();
    position.before = tail_;
    position.settled.clear();
    return position;
}

void Segment::end_growing() {
    growing_ = false;
    reader_.set_growing(false);
}

void Segment::go_on_in(const FileDescriptor& copy) {
    if (::dup3(copy.get(), file_.get(), O_CLOEXEC) < 0) {
        throw Failure(SLUICE_UNAVAILABLE, "cannot take over the copy of " + options_.path + ": " + reason(errno));
    }
    id_ = id_of(status_of(file_.get()));
    cut_ = false;
    end_growing();
}

void Segment::give_up() {
    id_ = {};
    given_up_ = true;
    cut_ = false;
    over_ = true;
    end_growing();
}

Line Segment::read_again(const Span& span) {
    const std::uint64_t size = span.end - span.offset;
    const bool too_long = size > options_.max_line + 2;
    again_.resize(too_long ? LineReader::sample_bytes : size);
    again_.resize(read_at(file_.get(), again_.data(), again_.size(), span.offset));
    Line line{again_, span.position, span.offset, span.end, size, too_long};
    if (!too_long && again_.size() == size) {
        line.text.remove_suffix(line_end_size(line.text));
        line.length = line.text.size();
        line.too_long = line.length > options_.max_line;
    } else if (too_long) {
        char end[2];
        line.length -= line_end_size({end, read_at(file_.get(), end, 2, span.end - 2)});
    } else {
        throw Failure(SLUICE_FAILED, options_.path + " was cut while it was read: the line at offset " +
                                         std::to_string(span.offset) + " is gone; start again to read what the file holds now");
    }
    return line;
}

void Segment::skip_settled() {
    while (next_ahead_ < settled_ahead_.size() && settled_ahead_[next_ahead_].begin <= read_to_) {
        read_to_ = std::max(read_to_, settled_ahead_[next_ahead_].end);
        ++next_ahead_;
        reader_.seek(read_to_);
    }
    note_tail();
}

// ---- settling --------------------------------------------------------------------------------------------------------------

Position Segment::snapshot() const {
    Position next = position_;
    next.below = window_.lowest_unsettled(read_to_);
    if (!given_up_ && id_.inode != next.inode) next.copy = id_;
    next.before = given_up_ ? Print() : print_before(file_.get(), next.below);  // what was read is gone: it fits nothing
    next.settled.clear();
    window_.append_settled_ranges(read_to_, next.settled);
    next.settled.insert(next.settled.end(), settled_ahead_.begin() + static_cast<std::ptrdiff_t>(next_ahead_),
                        settled_ahead_.end());
    return next;
}

void Segment::stored(const Position& position) {
    const bool rose = position.below != position_.below;
    position_ = position;
    if (rose) confirm();
}

}  // namespace sluice::file
