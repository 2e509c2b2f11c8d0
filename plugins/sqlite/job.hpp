// What the writer does for queues: jobs that are applied in the same transactions as the units of work, and the ledgers that
// such transactions change.
//
// Threads     all of it: whoever holds the writer.
// Ownership   a job is its owner's; from Writer::submit to end() the writer has it.
#pragma once

#include <cstddef>
#include <vector>

#include "unit.hpp"

namespace sluice::sqlite {

class WriteConnection;

// In-memory state that follows a transaction: what its jobs have changed counts from committed() on.
class Ledger {
public:
    // Last thing before COMMIT; then exactly one of committed() and rolled_back(), also if it fails.
    virtual Status store(WriteConnection& connection) = 0;
    virtual void committed() = 0;
    virtual void rolled_back() = 0;

protected:
    ~Ledger() = default;
};

class Job {
public:
    // Done nothing, so far: a job of its owner before it has failed.
    virtual bool is_fenced() { return false; }
    // Within a transaction; again from the start after a rollback. A failure is the database's, never the job's: it ends the
    // transaction for all that are in it.
    virtual Status apply(WriteConnection& connection) = 0;
    // What its transaction came to; a fenced job knows better. The job is its owner's again.
    virtual void end(const Status& outcome) = 0;

    Turn turn;
    Ledger* ledger = nullptr;
    std::size_t messages = 0;  // of its share in a transaction

protected:
    ~Job() = default;
};

// What goes into one transaction.
struct Group {
    std::vector<Unit*> units;
    std::vector<Job*> jobs;
    std::vector<Ledger*> ledgers;  // of the jobs that were applied

    void clear() {
        units.clear();
        jobs.clear();
        ledgers.clear();
    }
};

}  // namespace sluice::sqlite
