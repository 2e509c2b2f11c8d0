// A queue as a target.
//
// Threads     publish: target. back: whoever holds the writer. open, close: control.
// Ownership   messages are copied into jobs that are used again.
// Limits      jobs_max calls, or bytes_max bytes, under way; then publish waits for one to end. Full queues: publish waits a
//             moment for room, then answers SLUICE_FULL.
// Invariants  (1) Once messages were answered with a failure that passes, everything taken after them is, too, and the next
//                 call is answered SLUICE_UNAVAILABLE: so nothing overtakes them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "queue/role.hpp"

namespace sluice::sqlite {

class PublishJob;

class QueueTarget : public Target, public QueueRole {
public:
    static constexpr std::size_t jobs_max = 64;
    static constexpr std::size_t bytes_max = 64u << 20;
    static constexpr std::size_t headers_max = 62;  // of a message: with `key` and `id` the host's 64
    static constexpr std::chrono::milliseconds room_patience{100};

    explicit QueueTarget(QueueSettings settings);
    ~QueueTarget() override;

    Status open(TargetSink sink) override;
    Status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) override;
    Status limits(sluice_queue_limits& limits) override;
    void close() override;

private:
    friend class PublishJob;

    PublishJob* wait_for_job();
    Status check(const sluice_outgoing& message, std::int64_t size) const;
    Status is_full(std::size_t count) const;
    bool is_fenced(const PublishJob& job);
    void back(PublishJob& job, Status outcome);

    const QueueLevels::Bounds bounds_;
    TargetSink sink_;
    std::vector<std::unique_ptr<PublishJob>> jobs_;  // all; of the target's thread
    std::vector<std::int64_t> sizes_;

    std::mutex mutex_;
    std::condition_variable back_;
    // guarded by mutex_
    std::vector<PublishJob*> idle_;
    std::size_t away_ = 0;
    std::size_t bytes_away_ = 0;
    std::uint64_t epoch_ = 1;
    std::uint64_t failed_epoch_ = 0;  // jobs of it and before are not stored any more
    bool has_failed_ = false;         // since the last call
};

}  // namespace sluice::sqlite
