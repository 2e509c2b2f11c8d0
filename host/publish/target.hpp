// The one thread that publishes to a target: takes the batches of all workers, hands them to the adapter many at a time, and
// tries again, in order, for as long as the target is unreachable.
//
// Threads     submit, reopen, request_stop, counts: any. start: main. join: one thread. The adapter is called [target]
//             from the target's thread, and may answer from any.
// Ordering    messages of one submitter reach the adapter in the order submitted, also across batches and when some are tried
//             again, as far as they have the same key or none: what follows of the key of a message that failed in passing is
//             handed out once all of it stands in order again, other keys go on (parked_keys.hpp). Where the target takes
//             nothing, or is full, all of them wait, and nothing overtakes. A message that the target refuses permanently
//             does not hold up those behind it.
// Errors      PublishBatch::Result. The log says once that the target is unreachable and once that it responds again.
// Limits      limits::publish_batch messages and limits::publish_batch_bytes a call, limits::publish_in_flight unanswered. What
//             waits beyond that is bounded by the submitters, who own it.
// Invariants  every submitted batch gets done() exactly once, also at stop, after failure and with an adapter that lies.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.hpp"
#include "core/error.hpp"
#include "observe/counter.hpp"
#include "observe/logging.hpp"
#include "plugin/port/queue_port.hpp"
#include "plugin/port/service_calls.hpp"
#include "publish/batch.hpp"
#include "publish/meaning.hpp"
#include "publish/outage.hpp"
#include "publish/pending.hpp"

namespace sluice {

class Target {
public:
    struct Options {
        std::int64_t backoff_first_ns = 100'000'000;  // doubles with each failure in a row
        std::int64_t backoff_max_ns = 5'000'000'000;
        std::function<void(const std::string&)> on_failed;  // once, from the target's thread: it failed permanently, and why
    };
    struct Counts {
        std::uint64_t published = 0;  // stored durably
        std::uint64_t failed = 0;     // refused, or given up
        std::uint64_t retried = 0;    // to be handed to the adapter once more
        std::uint64_t pending = 0;    // submitted and neither published nor failed
    };

    // `queue` outlives the target.
    Target(QueuePort& queue, Options options, const Clock& clock, Logger logger);
    ~Target();
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    // Opens the adapter and starts the thread. Errors: what the adapter answered; then nothing runs.
    Result<void> start();
    // Before anything is submitted: called by the target's thread whenever something has been stored, before the submitter is
    // told.
    void on_stored(std::function<void()> stored) { stored_ = std::move(stored); }
    void submit(PublishBatch* batch);
    // Has the adapter open again what is another file by now; returns at once.
    void reopen();
    // Something has left what it publishes to: if that was full, what waits is tried at once.
    void may_have_room() {
        if (outage_.is_full_now()) try_again();  // who just misses it is tried after its backoff
    }
    // From now on nobody takes anything from what it publishes to: if that is full, what waits gets SLUICE_STOPPED after a
    // short time, and so does all that is submitted later, should there be room after all, or it would overtake.
    void expect_no_room();
    // What was submitted is still published, but no later than `deadline_ns` of the clock; then the rest gets SLUICE_STOPPED
    // and the adapter is closed. May be called again with another deadline.
    void request_stop(std::int64_t deadline_ns);
    // After request_stop(). False: at `deadline_ns` the adapter still holds the thread; then neither may be destroyed.
    bool join(std::int64_t deadline_ns);
    // [any] Nobody waits for the adapter any more: its calls end, if it can be told so.
    void interrupt() const { queue_.interrupt(); }
    // [any] Bytes of body, key, id and headers that a message may have together, as the adapter said when it was opened; 0 = it
    // knows of no bound.
    std::uint64_t message_bytes_max() const { return message_bytes_max_.load(std::memory_order_relaxed); }
    // "is full (…), for 3.2 s", "cannot be published to (…), for …"; empty: the last try worked.
    std::string trouble() const { return outage_.trouble(); }

    Counts counts() const;
    // As the log has said; 0 = it is reachable.
    std::int64_t away_since_ns() const { return outage_.unreachable_since_ns(); }
    // Then: it answers, and has no room.
    bool is_full() const { return outage_.is_full(); }

private:
    using Answer = PendingPublishes::Answer;

    static void published(void* context, std::uint64_t token, std::uint64_t count, sluice_status status,
                          sluice_bytes text) noexcept;

    void run();
    void service();
    void take_news();
    void take_answer(const Answer& answer);
    void say_stored();
    void try_again();
    void wait();

    void responds();
    bool may_send() const;
    void send();

    void give_up_full();
    void fail_for_good(const std::string& text);
    void end();

    // Constant after construction.
    QueuePort& queue_;
    const Options options_;
    const Clock& clock_;
    const Logger logger_;
    const sluice_target_sink sink_;
    std::function<void()> stored_;
    std::atomic<std::uint64_t> message_bytes_max_{0};  // written by start(); nothing else is read with it

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    std::condition_variable news_;   // for the target's thread
    std::condition_variable ended_;  // for join()
    PublishBatch* first_ = nullptr;  // submitted and not yet taken
    PublishBatch* last_ = nullptr;
    std::vector<Answer> answers_;  // not yet taken
    bool stop_news_ = false;
    bool reopen_news_ = false;
    bool no_room_news_ = false;
    bool room_news_ = false;
    bool stop_requested_ = false;
    std::int64_t requested_deadline_ns_ = 0;
    bool over_ = true;    // nothing is taken any more
    bool closed_ = true;  // the thread has nothing left to do

    // The target's thread's own.
    Outage outage_;  // but for what it tells others
    ServiceCalls service_;
    PendingPublishes pending_;
    bool has_given_up_full_ = false;
    bool stopping_ = false;
    bool reopen_ = false;
    std::int64_t stop_deadline_ns_ = 0;
    std::string failed_for_good_;  // why; empty = it has not

    Counter submitted_;  // written under mutex_

    std::thread thread_;
};

}  // namespace sluice
