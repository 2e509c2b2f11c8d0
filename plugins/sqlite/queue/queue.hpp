// A queue of an open file: what its source, its targets and those who look into it share.
//
// Threads     said at each part. delivery() guards what is delivered; it is held while rows are read and handed out, never
//             while somebody waits for the writer.
// Invariants  (1) Numbers are given in the order of the transactions, so a reader that has seen a number has seen all below it.
//             (2) A message that is in flight is not removed by others, and one that is being removed is not delivered.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "file.hpp"
#include "job.hpp"
#include "queue/bell.hpp"
#include "queue/ids.hpp"
#include "queue/in_flight.hpp"
#include "queue/levels.hpp"
#include "queue/table.hpp"

namespace sluice::sqlite {

class Queue final : public Ledger {
public:
    Queue(File& file, const std::string& name);  // throws Failure

    // constant
    File& file() { return file_; }
    const std::string& name() const { return name_; }
    const std::string& rows() const { return table_.rows(); }
    const std::string& stream() const { return table_.stream(); }
    const std::string& name_in_unit() const { return table_.name_in_unit(); }

    // ---- any thread ----
    QueueLevels& levels() { return levels_; }
    // The number that the next message will have; all below are committed, or never will be.
    std::int64_t next() const { return committed_next_.load(std::memory_order_acquire); }  // pairs with committed()
    // From now on the ids of what is stored are known for so long, if its target asks.
    void remember_ids(std::chrono::milliseconds keep);
    // The earliest due time committed since the last call; 0 = none.
    std::int64_t take_new_due() { return new_due_.exchange(0, std::memory_order_relaxed); }
    // Rings when something was stored, for the one source of the queue.
    Bell& bell() { return bell_; }
    // A queue has one source; a second one is refused with a Failure.
    void claim_for_source();
    void unclaim_for_source();

    // ---- what is delivered ----
    std::mutex& delivery() const { return delivery_; }
    InFlight& in_flight() { return in_flight_; }                                              // guarded by delivery()
    bool is_being_removed(std::uint64_t number) const { return removing_.contains(number); }  // guarded by delivery()

    // ---- whoever holds the writer, within a transaction ----
    QueueTable& table() { return table_; }
    // With `deduplicate`, a message whose id is known is not stored again, which is no error.
    Status store(const QueueRow& row, bool deduplicate);
    void settled(std::uint64_t number, std::uint32_t bytes) { settled_.push_back({number, bytes}); }
    // Removes a message that nobody has in flight.
    Status remove(std::uint64_t number, bool& removed);

    Status store(WriteConnection& connection) override;
    void committed() override;
    void rolled_back() override;

private:
    struct Settled {
        std::uint64_t number;
        std::uint32_t bytes;
    };

    Status remove_settled();
    void end_transaction();

    File& file_;
    const std::string name_;
    QueueTable table_;
    QueueIds ids_;
    std::int64_t keep_ids_ms_ = 0;  // of whoever holds the writer
    QueueLevels levels_;
    Bell bell_;
    std::atomic<bool> has_source_{false};
    std::atomic<std::int64_t> committed_next_{1};
    std::atomic<std::int64_t> new_due_{0};

    mutable std::mutex delivery_;
    // guarded by delivery_
    InFlight in_flight_;
    std::unordered_set<std::uint64_t> removing_;  // by the open transaction

    // of the open transaction
    std::int64_t next_ = 1;
    QueueCounts change_;
    std::int64_t due_ms_ = 0;  // the earliest; 0 = none
    std::vector<Settled> settled_;
    bool has_removed_ = false;
    bool is_recounted_ = false;  // change_ is what there is, not what has changed
};

}  // namespace sluice::sqlite
