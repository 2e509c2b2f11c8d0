#include "line_reader.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "file_descriptor.hpp"

namespace sluice::file {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

}  // namespace

LineReader::LineReader(int descriptor, Access access, std::size_t max_line, std::size_t buffer_bytes)
    : descriptor_(descriptor),
      access_(access),
      max_line_(max_line),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes)),
      capacity_(buffer_bytes) {}

void LineReader::seek(std::uint64_t offset) {
    position_ = offset;
    skipping_ = false;
    if (offset >= base_ && offset - base_ <= filled_) {
        begin_ = scanned_ = static_cast<std::size_t>(offset - base_);
        return;
    }
    base_ = offset;
    begin_ = scanned_ = filled_ = 0;
    at_end_ = false;
}

bool LineReader::next(Line& line) {
    if (offset_of(begin_) == 0) skip_byte_order_mark();
    for (;;) {
        if (skipping_) return skip_long_line(line);
        const char* from = buffer_.get() + scanned_;
        const auto* newline =
            scanned_ == filled_ ? nullptr : static_cast<const char*>(std::memchr(from, '\n', filled_ - scanned_));
        if (newline != nullptr) {
            const auto index = static_cast<std::size_t>(newline - buffer_.get());
            if (finish_line(line, index, index + 1)) return true;
            continue;  // a blank line
        }
        scanned_ = filled_;
        // The one byte more may be a carriage return that is not part of the text.
        if (filled_ - begin_ > max_line_ + 1) {
            skipping_ = true;
            long_offset_ = offset_of(begin_);
            sample_.assign(buffer_.get() + begin_, std::min(sample_bytes, filled_ - begin_));
            scanned_ = begin_;
            continue;
        }
        return at_end_ && begin_ != filled_ && finish_line(line, filled_, filled_);
    }
}

// Editors write it before the first line, of which it is no part.
void LineReader::skip_byte_order_mark() {
    if (!std::string_view(buffer_.get() + begin_, filled_ - begin_).starts_with(byte_order_mark)) return;
    begin_ += byte_order_mark.size();
    scanned_ = std::max(scanned_, begin_);
}

// The line is [begin_, newline); false if it is blank, and skipped.
bool LineReader::finish_line(Line& line, std::size_t newline, std::size_t behind) {
    const std::size_t first = begin_;
    std::size_t size = newline - first;
    if (size != 0 && buffer_[newline - 1] == '\r') --size;
    begin_ = scanned_ = behind;
    if (size == 0) return false;
    line.too_long = size > max_line_;
    line.text = {buffer_.get() + first, line.too_long ? std::min(size, sample_bytes) : size};
    line.position = position_;
    line.offset = offset_of(first);
    line.end = offset_of(behind);
    line.length = size;
    position_ = line.end;
    return true;
}

bool LineReader::skip_long_line(Line& line) {
    const char* from = buffer_.get() + begin_;
    const auto* newline = begin_ == filled_ ? nullptr : static_cast<const char*>(std::memchr(from, '\n', filled_ - begin_));
    const std::size_t stop = newline != nullptr ? static_cast<std::size_t>(newline - buffer_.get()) : filled_;
    if (stop != begin_) long_ends_in_return_ = buffer_[stop - 1] == '\r';
    begin_ = scanned_ = newline != nullptr ? stop + 1 : stop;
    if (newline == nullptr && !at_end_) return false;
    skipping_ = false;
    line.text = sample_;
    line.position = position_;
    line.offset = long_offset_;
    line.end = offset_of(begin_);
    line.length = offset_of(stop) - long_offset_ - (long_ends_in_return_ ? 1 : 0);
    line.too_long = true;
    position_ = line.end;
    return true;
}

bool LineReader::fill() {
    if (at_end_) return false;
    make_room();
    ssize_t got = 0;
    do {
        char* to = buffer_.get() + filled_;
        const std::size_t room = capacity_ - filled_;
        got = access_ == Access::positioned ? ::pread(descriptor_, to, room, static_cast<off_t>(offset_of(filled_)))
                                            : ::read(descriptor_, to, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw reading_failed(descriptor_, offset_of(filled_), errno);
    filled_ += static_cast<std::size_t>(got);
    at_end_ = got == 0 && !growing_;
    return got != 0;
}

void LineReader::make_room() {
    if (begin_ != 0) {
        std::memmove(buffer_.get(), buffer_.get() + begin_, filled_ - begin_);
        base_ += begin_;
        scanned_ -= begin_;
        filled_ -= begin_;
        begin_ = 0;
    }
    if (filled_ < capacity_) return;
    // A line that does not fit; next() stops keeping it at max_line_ + 2 bytes, so the buffer never grows past that.
    const std::size_t larger = std::max(capacity_ + 1, std::min(capacity_ * 2, max_line_ + 2));
    auto grown = std::make_unique_for_overwrite<char[]>(larger);
    std::memcpy(grown.get(), buffer_.get(), filled_);
    buffer_ = std::move(grown);
    capacity_ = larger;
}

}  // namespace sluice::file
