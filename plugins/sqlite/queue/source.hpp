// A queue as a source.
//
// What is delivered is known in memory only. After a crash it is not, so all that is stored is delivered again, in order.
//
// Threads     poll, settle, flush: source. wake: any. back: whoever holds the writer. open, close: control.
// Ownership   settlements travel in jobs that are used again; a job that has ended waits in ended_ for the source thread.
// Invariants  (1) A delivery is confirmed when its transaction is durable; one whose transaction failed stays in flight and the
//                 host settles it again.
//             (2) While messages are on their way back to be delivered at once, nothing newer is delivered.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "queue/reader.hpp"
#include "queue/role.hpp"
#include "queue/settle_job.hpp"

namespace sluice::sqlite {

class QueueSource : public Source, public QueueRole, private SettleJob::Owner {
public:
    explicit QueueSource(QueueSettings settings) : QueueRole(std::move(settings)) {}
    ~QueueSource() override { QueueSource::close(); }

    std::uint64_t capabilities() const noexcept override {
        return SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS |
               SLUICE_QUEUE_KEEPS_ATTEMPTS | (settings_.until_empty ? SLUICE_QUEUE_FINITE : 0u);
    }
    Status open(SourceSink sink) override;
    Status poll(const Poll& poll) override;
    Status settle(std::span<const sluice_settlement> items) override;
    Status flush() override;
    void wake() noexcept override;
    void close() override;

private:
    void back(SettleJob& job) override;

    SettleJob& idle_job();
    void take(const sluice_settlement& item, SettleJob& job);
    void submit(SettleJob& job);
    bool report_ended();
    void report(SettleJob& job);
    Status confirm_lowest(std::chrono::steady_clock::time_point now);
    bool has_ended() const;

    SourceSink sink_;
    std::optional<QueueReader> reader_;

    // of the source thread
    std::vector<std::unique_ptr<SettleJob>> jobs_;  // all
    std::vector<SettleJob*> idle_;
    std::vector<SettleJob::Attempted> attempted_again_;  // could not be stored
    std::vector<std::uint64_t> tags_;
    std::vector<std::uint64_t> stale_;    // released, and not in flight
    std::vector<std::uint64_t> refused_;  // settled in a way that it does not know
    std::size_t away_ = 0;                // jobs submitted and not reported
    std::size_t returning_ = 0;           // messages on their way back to be delivered at once
    Status trouble_;                      // of the last job that failed, until one succeeds
    std::uint64_t lowest_ = 0;            // as told last
    bool has_settled_ = false;            // since then
    std::chrono::steady_clock::time_point lowest_due_{};

    std::mutex mutex_;
    std::vector<SettleJob*> ended_;  // guarded by mutex_
    std::vector<SettleJob*> ended_now_;
    std::atomic<bool> woken_{false};
};

}  // namespace sluice::sqlite
