// The writer of a database file: one thread and the one connection that writes. Units are applied in the order of their
// submission, all that wait together in one transaction; a worker that reads inside its unit gets the connection for itself for
// a while.
//
// Threads     submit, hold, release, ping: any. open, close: control. connection(): the writer's thread, or the worker that
// holds it. Ordering    a turn sees everything the turns before it did; hold() waits for the units submitted before it.
// Ownership   units stay their owner's and come back through UnitOwner::end, from the writer's thread.
// Limits      the queue is a list through the units themselves: as long as the owners' units are many.
// Invariants  (1) The connection is used by whoever's turn it is, and by nobody else: turns follow each other under mutex_.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apply.hpp"

namespace sluice::sqlite {

class Writer {
public:
    // Messages of one transaction. A thousand are within some per cent of the fastest where a sync is quick; where it is slow,
    // more are faster, and as many as this are applied in some milliseconds.
    static constexpr std::size_t group_messages_max = 4096;

    Writer() = default;
    ~Writer() { close(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // `records` may be NULL; it is opened by the caller on connection() before start(). Throws.
    void open(const std::string& path, std::chrono::milliseconds busy_timeout, const std::string& setup);
    void start(Deduplication* records);
    // Ends what is submitted, then the thread. The connection stays open for the last words of others until close_connection().
    void close();
    void close_connection() { connection_.close(); }

    void submit(Unit& unit);

    // Waits for the connection, at most as long as the busy timeout: then SLUICE_CONFLICT. `turn` lives until release().
    Status hold(Turn& turn);
    void release();
    WriteConnection& connection() { return connection_; }

    // Whether a transaction would succeed now. Asks the disk only if the last one failed.
    Status ping();
    // The outcome of a transaction made by a holder.
    void note_outcome(const Status& outcome);

private:
    void run();
    void end_group();
    void push(Turn& turn);
    void remove(Turn& turn);

    // constant after open
    std::chrono::milliseconds patience_{0};
    Deduplication* records_ = nullptr;

    // of the turn
    WriteConnection connection_;
    std::vector<Unit*> group_;
    std::vector<Unit*> applied_;  // those of the group that are not fenced
    bool expects_faults_ = false;

    std::mutex mutex_;
    std::condition_variable wake_;     // the thread: work, or a released hold, or stop
    std::condition_variable granted_;  // those who wait in hold()
    // guarded by mutex_
    Turn* first_ = nullptr;
    Turn* last_ = nullptr;
    Turn* holder_ = nullptr;
    bool is_stopping_ = false;
    bool is_running_ = false;
    bool is_failing_ = false;  // the last transaction failed for a reason of the database

    std::thread thread_;
};

}  // namespace sluice::sqlite
