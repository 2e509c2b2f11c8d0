// Reads a queue for its source: what was given back, then what is due, then what is new, each in the order of storing.
//
// Threads     the source's.
// Errors      open throws Failure. read: SLUICE_UNAVAILABLE, or SLUICE_CORRUPT, which is permanent.
// Limits      what was given back and not delivered again: some bytes each, bounded by what was in flight.
// Invariants  (1) The rows below `cursor_` are delivered, given back, dead, gone, or have a due time. Rows with a due time are
//             delivered by that, whether below `cursor_` or not, but for (2).
//             (2) Rows that were due when the queue was opened are read with the others, in the order of storing: so what was
//             in flight at a crash comes again in its old order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "queue/queue.hpp"
#include "queue/rows.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::sqlite {

class QueueReader {
public:
    static constexpr std::size_t refused_body_max = 64u << 10;  // of a message that the host does not take

    QueueReader(Queue& queue, SourceSink sink);

    // Hands out up to `max` messages.
    Status read(std::uint32_t max, std::int64_t now_ms, std::uint32_t& delivered);
    void give_back(std::uint64_t number) { returned_.insert(number); }
    // For what was in flight, and is stored with a due time now. Not before it is out of flight: rows that are in flight are
    // passed over.
    void give_back_later(std::int64_t due_ms) {
        due_cursor_ms_ = std::min(due_cursor_ms_, due_ms - 1);
        knows_next_due_ = false;
    }

    // Whether nothing is left to deliver, now or later, but what is in flight.
    bool is_empty() const;
    // The next time at which something is due; 0 = nothing is delayed.
    std::int64_t next_due_ms() const { return next_due_ms_; }
    // Every message below it is gone permanently, durably.
    Status lowest(std::uint64_t& number);

private:
    enum class Handed : std::uint8_t { over, skipped, full, damaged };

    Status read_returned(std::uint32_t max, std::uint32_t& delivered);
    Status read_due(std::uint32_t max, std::int64_t now_ms, std::uint32_t& delivered);
    Status read_new(std::uint32_t max, std::uint32_t& delivered);
    Status find_next_due();
    Handed hand_over(const StoredRow& row);
    bool read_headers(const StoredRow& row);
    Status problem(sqlite3_stmt* statement);
    Status damage(sqlite3_stmt* statement);

    Queue& queue_;
    const SourceSink sink_;
    const Handle handle_;
    const Prepared one_, due_, new_, next_due_, lowest_;

    // As the queue was opened: invariant 2.
    const std::int64_t opened_ms_;
    const std::uint64_t first_after_open_;

    std::set<std::uint64_t> returned_;
    std::uint64_t cursor_ = 0;      // the next row to read
    std::int64_t due_cursor_ms_;    // what is due up to then is delivered, or being read in order
    std::int64_t next_due_ms_ = 0;  // as far as is known
    bool knows_next_due_ = false;
    std::vector<sluice_header> headers_;
    std::string id_;
};

}  // namespace sluice::sqlite
