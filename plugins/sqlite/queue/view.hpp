// A look into a queue from outside: how full it is, what is stored, and taking something out.
//
// Threads     any. Readers wait for each other, for nobody else; remove waits for the writer.
// Errors      a Status with one sentence. A place that is none of a message is no error but for get, which answers
//             SLUICE_INVALID.
// Limits      a listing reads listed_at_once messages a time, so that no reader keeps the log from being written back for long.
#pragma once

#include <mutex>

#include "queue/queue.hpp"
#include "queue/rows.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::sqlite {

class QueueView {
public:
    static constexpr int listed_at_once = 256;

    explicit QueueView(Queue& queue);

    Status depths(sluice_queue_depths& depths);
    Status list(std::string_view after, const StoredSink& sink);
    Status get(std::string_view place, const StoredSink& sink);
    Status remove(std::span<const sluice_bytes> places, std::uint64_t& removed);

private:
    bool show(const StoredRow& row, const StoredSink& sink, std::int64_t now_ms);
    Status answer(sqlite3_stmt* statement, int code);

    Queue& queue_;

    std::mutex mutex_;
    // guarded by mutex_
    const Handle handle_;
    const Prepared list_, get_, delayed_, oldest_;
    std::vector<sluice_header> headers_;
};

// "17" -> 17; 0 = it names no message.
std::uint64_t number_of_place(std::string_view place);

}  // namespace sluice::sqlite
