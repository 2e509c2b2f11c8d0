#include "record.hpp"

#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sluice::trace {

void append_quoted(std::string& line, std::string_view text) {
    const bool utf8 = simdjson::validate_utf8(text.data(), text.size());
    line += '"';
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line.append(1, '\\').push_back(c);
        } else if (code < 0x20 || (code >= 0x80 && !utf8)) {
            line.append("\\u00").append(1, "0123456789abcdef"[code >> 4]).push_back("0123456789abcdef"[code & 15]);
        } else {
            line += c;
        }
    }
    line += '"';
}

RecordFile::RecordFile(std::string path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ >= 0) return;
    throw Failure(SLUICE_UNAVAILABLE, "cannot open " + path_ + ": " + std::generic_category().message(errno));
}

RecordFile::~RecordFile() {
    ::close(descriptor_);
}

void RecordFile::append(const Message& message, const Record& record) {
    line_.assign("{\"start_ns\":").append(std::to_string(record.start_ns));
    line_.append(",\"end_ns\":").append(std::to_string(record.end_ns));
    line_.append(",\"worker\":").append(std::to_string(message.worker()));
    line_.append(",\"attempt\":").append(std::to_string(message.attempt()));
    append_quoted(line_.append(",\"key\":"), message.key());
    append_quoted(line_.append(",\"id\":"), message.id());
    append_quoted(line_.append(",\"verdict\":"), record.verdict);
    line_.append("}\n");
    ssize_t written = 0;
    do {
        written = ::write(descriptor_, line_.data(), line_.size());
    } while (written < 0 && errno == EINTR);
    if (written == static_cast<ssize_t>(line_.size())) return;
    throw Failure(SLUICE_UNAVAILABLE, "cannot write to " + path_ + ": " +
                                          (written < 0 ? std::generic_category().message(errno) : "the disk is full"));
}

}  // namespace sluice::trace
