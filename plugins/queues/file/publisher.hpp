// Appends messages to a file, one line each; or to standard output.
//
// Threads     one at a time.
// Errors      publish() throws Failure(unavailable) if the disk fails or is full: then the file is as long as before, and none
//             of the batch was taken.
// Invariants  every line of the file is whole: a torn last line is ended when the file is opened
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "file_descriptor.hpp"
#include "sluice/sdk/log.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::file {

struct PublisherOptions {
    std::string path;  // "-" = standard output
    bool sync = true;  // a batch is on the disk before it is confirmed
};

class Publisher {
public:
    Publisher(PublisherOptions options, TargetSink sink, const Log& log);

    // As in sluice_queue. A message that cannot be a line is refused through the sink; the others are stored.
    sluice_status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token);

private:
    void open_file(const Log& log);
    void append();
    void append_regular();
    void cut_back();
    [[noreturn]] void fail(const char* doing, int error) const;

    const PublisherOptions options_;
    const TargetSink sink_;
    FileDescriptor own_;
    int descriptor_ = -1;
    bool regular_ = false;
    bool torn_ = false;        // a failed batch could not be cut off yet
    std::uint64_t whole_ = 0;  // with torn_: the length without it
    std::string lines_;        // of the batch
};

}  // namespace sluice::file
