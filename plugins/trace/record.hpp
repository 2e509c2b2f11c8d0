// One call of a handler as a line of JSON, and the file that the lines of all workers go to.
//
// Threads     one at a time on an instance; any number of instances, also in several processes, may share a file.
// Errors      Failure(unavailable) if the file cannot be opened or written.
// Invariants  a line is appended by one write: lines never mix, and once written a kill does not lose them
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/sdk/message.hpp"

namespace sluice::trace {

struct Record {
    std::int64_t start_ns = 0;  // CLOCK_MONOTONIC
    std::int64_t end_ns = 0;
    std::string_view verdict;
};

class RecordFile {
public:
    explicit RecordFile(std::string path);
    ~RecordFile();
    RecordFile(const RecordFile&) = delete;
    RecordFile& operator=(const RecordFile&) = delete;

    void append(const Message& message, const Record& record);

private:
    const std::string path_;
    int descriptor_ = -1;
    std::string line_;
};

// As a JSON string. Bytes that are not UTF-8 become the characters of the same numbers, so that any key can be told from any
// other.
void append_quoted(std::string& line, std::string_view text);

}  // namespace sluice::trace
