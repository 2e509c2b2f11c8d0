// The ids of messages that were stored in a queue, for as long as its targets want them remembered: a message that is published
// again, because its publisher has not heard that it was stored, is stored once.
//
// Threads     whoever holds the writer.
// Errors      open throws Failure; the rest answers a Status of the database's trouble.
// Limits      a row an id; with each transaction some more rows go than came, once they are older than `keep`.
#pragma once

#include <cstdint>
#include <string>

#include "handle.hpp"

namespace sluice::sqlite {

class QueueIds {
public:
    // Creates its table where it is missing; once.
    void open(sqlite3* writer, const std::string& queue_number);

    // Whether the id is not known; from now on it is.
    Status admit(sluice_bytes id, std::int64_t now_ms, bool& is_new);
    // Last thing before COMMIT.
    Status prune(std::int64_t before_ms);
    void end_transaction() { added_ = 0; }
    bool has_added() const { return added_ != 0; }

private:
    sqlite3* writer_ = nullptr;
    Prepared insert_, oldest_, remove_;
    std::int64_t added_ = 0;  // by the open transaction
};

}  // namespace sluice::sqlite
