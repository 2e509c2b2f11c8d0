// What a worker makes of losing its database again and again.
#include "work/worker.hpp"

namespace sluice {

// The database that a unit lost responds again. All units have ended, and what runs again stands in front.
void Worker::judge_loss() {
    Message* next = backlog_.first_again();
    switch (suspicion_.judge(gate_.loss_was_spurious(), next != nullptr && next->suspect)) {
        case Suspicion::Verdict::none: return;
        case Suspicion::Verdict::suspect:
            logger_.warn(
                "loses its database again and again, although it responds when it is asked: runs its messages one by one, to "
                "find the one that causes it: {}",
                suspicion_.why());
            return backlog_.suspect_again(policy_.batch_max);
        case Suspicion::Verdict::blame: break;
    }
    backlog_.take_first_again();
    const std::int64_t due = next_try_ns(
        next, -1,
        "whenever it runs, even alone, the database is lost, and responds again when it is asked: " + suspicion_.why());
    if (due == 0 && next->resuming) backlog_.let_followers_go(*next, now_ns_);
    if (next->resuming) forget_cookie(next);
    if (due == 0) {
        counters_.rejected.add();
        finished(next);
    } else {
        backlog_.failed(next, due);
        backlog_.park_failed(true);
    }
}

}  // namespace sluice
