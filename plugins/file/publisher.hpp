// Appends messages to a file, one line each; or to standard output, a FIFO, a device.
//
// Threads     one at a time.
// Errors      publish() throws what Output::append() does, but never `invalid`, which would blame the messages; then none of
//             the batch was taken.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "output.hpp"
#include "sluice/sdk/log.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::file {

class Publisher {
public:
    Publisher(const OutputOptions& options, TargetSink sink, const Log& log);

    // As in sluice_queue. A message that cannot be a line is refused through the sink; the others are stored.
    sluice_status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token);
    // The path may lead elsewhere now.
    void reopen();

private:
    const std::unique_ptr<Output> output_;
    const TargetSink sink_;
    std::string lines_;  // of the batch
};

}  // namespace sluice::file
