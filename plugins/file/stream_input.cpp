#include "stream_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "encoding.hpp"

namespace sluice::file {

StreamInput::StreamInput(int descriptor, SourceSink sink, std::size_t max_line, std::size_t read_buffer)
    : descriptor_(descriptor),
      reader_(descriptor, LineReader::Access::sequential, max_line, read_buffer),
      sink_(sink, "standard input", max_line, "stdin", false) {
    expect_input(descriptor);
}

void expect_input(int descriptor) {
    const int mode = ::fcntl(descriptor, F_GETFL);
    if (mode < 0 || (mode & O_ACCMODE) == O_WRONLY)
        throw Failure(SLUICE_INVALID, "standard input is closed: give it the lines, or correct `path`");
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode))
        throw Failure(SLUICE_INVALID, "standard input is a folder: give it the lines, or correct `path`");
}

void StreamInput::fill() try { reader_.fill(); } catch (const Failure& failure) {
    throw Failure(SLUICE_FAILED, std::string("standard input: ") + failure.what());
}

sluice_status StreamInput::poll(std::uint32_t max, std::chrono::milliseconds wait) {
    std::uint32_t count = 0;
    for (Line line; count < max && read_line(line, count == 0 ? wait : std::chrono::milliseconds(0)); ++count) {
        if (!sink_.push(line, line.offset)) {
            held_ = line;
            break;
        }
    }
    return count == 0 && !held_ && max != 0 && reader_.at_end() ? SLUICE_END : SLUICE_OK;
}

bool StreamInput::read_line(Line& line, std::chrono::milliseconds wait) {
    if (held_) {
        line = *std::exchange(held_, std::nullopt);
        return true;
    }
    while (!reader_.next(line)) {
        // One wait only: half a line ends it, too, and the host has other things to look after.
        if (reader_.at_end() || !wakeup_.wait(std::exchange(wait, std::chrono::milliseconds(0)), descriptor_)) return false;
        fill();
    }
    if (line.offset == 0) refuse_foreign(line.text, "standard input", SLUICE_INVALID);
    return true;
}

sluice_status StreamInput::settle(std::span<const sluice_settlement> items) {
    const auto acked = [](const sluice_settlement& item) { return item.action == SLUICE_ACK; };
    if (std::all_of(items.begin(), items.end(), acked)) return SLUICE_OK;
    for (const sluice_settlement& item : items) sink_.settled({&item.tag, 1}, acked(item) ? SLUICE_OK : SLUICE_INVALID);
    return SLUICE_QUEUED;
}

}  // namespace sluice::file
