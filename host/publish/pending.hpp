// The messages that a target has been given and has not answered: in which order they are handed to the adapter, and that each
// of them is answered once.
//
//   add() -> waiting -> choose(), taken() -> unanswered -> take() -> answered
//               ^                                  |
//               '---- failed in passing: again, before what waits
//
// Threads     the target's; published, failed, retried: any.
// Ownership   of the messages: their submitters', as in Target.
// Ordering    messages wait in the order submitted. What failed in passing goes before them by token: per key, while other keys
//             go on (parked_keys.hpp); where the target is full, all together, once nothing is unanswered.
// Limits      what the submitters have submitted; limits::publish_in_flight unanswered.
// Invariants  every message is answered exactly once, and with the last one of a batch its done() is called.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/limits.hpp"
#include "observe/counter.hpp"
#include "observe/logging.hpp"
#include "publish/batch.hpp"
#include "publish/meaning.hpp"
#include "publish/parked_keys.hpp"
#include "publish/window.hpp"
#include "sluice/abi.h"

namespace sluice {

class PendingPublishes {
public:
    // Messages for one call of the adapter; `token` is that of the first, the others follow.
    struct Attempt {
        std::span<const sluice_outgoing* const> messages;
        std::uint64_t token;
    };
    // The adapter's, about `count` tokens.
    struct Answer {
        std::uint64_t token;
        std::uint64_t count;
        sluice_status status;
        std::string text;
    };
    enum class Effect : std::uint8_t {
        none,     // none of its tokens is unanswered
        single,   // of messages or keys; the target takes others
        trouble,  // of the target
    };

    PendingPublishes(std::int64_t backoff_first_ns, std::int64_t backoff_max_ns, const Clock& clock, Logger logger)
        : parked_(backoff_first_ns, backoff_max_ns, clock, logger) {}

    void add(PublishBatch& batch);

    // From the front of what waits: as much as one call may have. Each attempt has tokens of its own, so that a late answer
    // meets nothing.
    Attempt choose();
    // The adapter has stored the attempt, or has taken it and will answer.
    void taken(const Attempt& attempt, Meaning means);
    // It has not. Messages that it refuses together are handed over in ever smaller attempts until the one at fault stands
    // alone, which is then answered. True: the target is in trouble.
    bool not_taken(const Attempt& attempt, Meaning means, sluice_status status, const std::string& text);
    Effect take(const Answer& answer, Meaning means);
    // The target responds: `again` after it did not, so that no backoff of a key is waited for.
    void target_responds(bool again);
    // Nor is it once it is to stop.
    void try_at_once() { parked_.try_at_once(); }
    // What failed and is due goes before what waits, and what has to wait behind its key does not stand in front.
    void put_back_due();

    // Answers all that the adapter has not taken,
    void answer_waiting(sluice_status status, const std::string& text);
    // or has taken and, being closed, will not answer.
    void answer_taken(sluice_status status, const std::string& text);

    bool may_choose() const { return !waiting_.empty() && !all_wait() && window_.open() < limits::publish_in_flight; }
    // Nothing is handed over until all is answered that has been.
    bool all_wait() const { return !again_.empty(); }
    // When the first key is due that waits for its backoff; INT64_MAX: none is before another answer.
    std::int64_t key_due_ns() const { return parked_.due_ns(window_.first_open()); }
    // Messages that the adapter has not taken.
    std::uint64_t waiting() const { return waiting_.size() + again_.size() + parked_.size(); }
    // All messages that are not answered.
    std::uint64_t size() const { return waiting() + window_.open(); }

    std::uint64_t published() const { return published_.load(); }  // stored durably
    std::uint64_t failed() const { return failed_.load(); }        // refused, or given up
    std::uint64_t retried() const { return retried_.load(); }      // to be handed to the adapter once more

private:
    void answer(PublishItem item, sluice_status status, const std::string& text = {});

    std::deque<PublishItem> waiting_;  // in order
    PublishWindow window_;
    ParkedKeys parked_;
    std::map<std::uint64_t, PublishItem> again_;  // by token: failed because the target is full or has failed permanently
    std::uint64_t next_token_ = 1;
    std::uint32_t suspects_ = 0;  // at the front of waiting_, refused together: one of them is at fault
    std::vector<const sluice_outgoing*> chosen_;

    Counter published_;
    Counter failed_;
    Counter retried_;
};

}  // namespace sluice
