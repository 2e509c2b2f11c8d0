// The writer of a database file: one thread and the one connection that writes. Units and jobs are applied in the order of
// their submission, all that wait together in one transaction; a worker that reads inside its unit, and whoever opens or closes
// a part of the file, gets the connection for itself for a while.
//
// Threads     submit, hold, release, ping: any. open, close: control. connection(): the writer's thread, or whoever holds it.
// Ordering    a turn sees everything the turns before it did; hold() waits for what was submitted before it. In one
//             transaction, jobs follow the units.
// Ownership   units and jobs stay their owner's and come back through UnitOwner::end and Job::end, from the writer's thread.
// Limits      the queue is a list through the units and jobs themselves: as long as the owners' are many.
// Invariants  (1) The connection is used by whoever's turn it is, and by nobody else: turns follow each other under mutex_.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "apply.hpp"

namespace sluice::sqlite {

class Writer {
public:
    // Messages of one transaction. A thousand are within some per cent of the fastest where a sync is quick; where it is slow,
    // more are faster, and as many as this are applied in some milliseconds.
    static constexpr std::size_t group_messages_max = 4096;
    // Between two tries to give space back that another process keeps it from.
    static constexpr std::chrono::seconds space_retry{1};

    Writer(Patience& patience, const InPlace& in_place) : patience_(patience), connection_(patience, in_place) {}
    ~Writer() { close(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // Throws.
    void open(const std::string& path, bool gives_back_space);
    // Ends what is submitted, then the thread. The connection stays open for the last words of others until close_connection().
    void close();
    void close_connection() { connection_.close(); }

    void submit(Unit& unit);
    void submit(Job& job);

    // Waits for the connection, at most as long as the busy timeout and the patience: then SLUICE_CONFLICT or
    // SLUICE_UNAVAILABLE. `turn` lives until release().
    Status hold(Turn& turn) { return hold(turn, patience_.busy_timeout(), true); }
    // However long it takes: whoever opens or closes a part must not use the connection beside others, nor leave that out.
    Status hold_in_any_case(Turn& turn) { return hold(turn, std::chrono::hours(24), false); }
    void release();
    WriteConnection& connection() { return connection_; }

    // [any] The patience is over: whoever waits in hold() looks.
    void wake_waiters();
    // [holder] What admits the messages of units; NULL = nothing does.
    void set_records(Deduplication* records) { records_ = records; }

    // Whether a transaction would succeed now. Asks the disk only if the last one failed.
    //
    // A host that loses a database again and again which then says, when first asked, that it is there, takes the messages for
    // the cause. So the first answer is no where something else is the cause for certain: a lock, a disk, tables that have
    // changed.
    Status ping();
    // [holder] The outcome of a transaction.
    void note_outcome(const Status& outcome);
    // [any] A statement does not fit the tables any more: until it does, ping() says so.
    void note_unfit(std::string_view sql, const std::string& why);

private:
    Status hold(Turn& turn, std::chrono::milliseconds at_most, bool ends_with_patience);
    void run();
    void end_group();
    bool push_if_running(Turn& turn);
    void push(Turn& turn);
    void remove(Turn& turn);

    Patience& patience_;

    // of the turn
    WriteConnection connection_;
    Deduplication* records_ = nullptr;
    std::vector<Unit*> units_;  // of the group
    std::vector<Job*> jobs_;
    Group applied_;  // those of the group that are not fenced
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
    bool is_failing_ = false;    // the last transaction failed for a reason of the database
    bool refuses_once_ = false;  // the next ping() says no
    std::string cause_;          // of the failure
    std::string unfit_;          // the statement that did not fit; empty: there is none

    std::thread thread_;
};

// Holds the writer to open or close a part of the file, however long it takes. Throws Failure if the writer is closed.
class HeldWriter {
public:
    explicit HeldWriter(Writer& writer) : writer_(writer) {
        if (const Status held = writer.hold_in_any_case(turn_); !held.ok()) throw Failure(held.code(), held.text());
    }
    ~HeldWriter() { writer_.release(); }
    HeldWriter(const HeldWriter&) = delete;
    HeldWriter& operator=(const HeldWriter&) = delete;

    WriteConnection& connection() { return writer_.connection(); }

private:
    Writer& writer_;
    Turn turn_;
};

}  // namespace sluice::sqlite
