// What messages are read from: a file, or a stream such as standard input.
//
// Threads  wake: any. All else: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "sluice/queue.h"

namespace sluice::file {

class Input {
public:
    Input() = default;
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;
    virtual ~Input() = default;

    // As in sluice_queue: SLUICE_OK or SLUICE_END.
    virtual sluice_status poll(std::uint32_t max, std::chrono::milliseconds wait) = 0;
    // SLUICE_OK: all is confirmed. SLUICE_QUEUED: confirmed through the sink, now or later.
    virtual sluice_status settle(std::span<const sluice_settlement> items) = 0;
    virtual void flush() = 0;
    virtual void wake() = 0;
};

}  // namespace sluice::file
