#include "line_sink.hpp"

#include <algorithm>
#include <charconv>

#include "failure.hpp"

namespace sluice::file {
namespace {
constexpr std::size_t offset_digits = 20;
}

LineSink::LineSink(SourceSink sink, std::string name, std::size_t max_line, std::string_view stream, bool positions)
    : sink_(sink),
      name_(std::move(name)),
      max_line_(max_line),
      id_(stream),
      stream_size_(stream.size()),
      positions_(positions) {
    id_ += ':';
    id_.resize(id_.size() + offset_digits);
}

bool LineSink::push(const Line& line, std::uint64_t tag) {
    char* digits = id_.data() + stream_size_ + 1;
    const char* id_end = std::to_chars(digits, digits + offset_digits, line.offset).ptr;

    sluice_incoming message = incoming();
    message.body = bytes(line.text);
    message.id = {id_.data(), static_cast<std::uint64_t>(id_end - id_.data())};
    message.tag = tag;
    if (positions_) {
        message.stream_size = static_cast<std::uint32_t>(stream_size_);
        message.position = line.position;
        message.position_end = line.end;
    }
    if (line.too_long) {
        return refuse(
            message, line,
            "more than max_line (" + std::to_string(max_line_) + "): raise it, at most to 64MiB, or shorten the line");
    }
    const sluice_status status = sink_.push(message);
    if (status == SLUICE_OK) return true;
    if (status == SLUICE_FULL) return false;
    if (status == SLUICE_INVALID) return refuse(message, line, "more than this host takes");
    throw Failure(status, "the host did not take the line at offset " + std::to_string(line.offset) + " of " + name_);
}

bool LineSink::refuse(sluice_incoming& message, const Line& line, const std::string& why) const {
    const std::string text = "the line at offset " + std::to_string(line.offset) + " of " + name_ + " is " +
                             std::to_string(line.length) + " bytes long, " + why;
    message.refused = bytes(text);
    message.body.size = std::min<std::uint64_t>(message.body.size, LineReader::sample_bytes);
    const sluice_status status = sink_.push(message);
    if (status == SLUICE_OK) return true;
    if (status == SLUICE_FULL) return false;
    throw Failure(status, "the host did not take this refusal: " + text);
}

}  // namespace sluice::file
