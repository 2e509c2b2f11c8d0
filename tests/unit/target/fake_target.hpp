// An adapter whose answers a test decides, and batches a test can wait for.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/queue.h"
#include "target/target.hpp"

namespace sluice {

constexpr std::chrono::seconds test_deadline{20};

// A number that a test waits for.
class Tally {
public:
    void add(std::uint64_t count = 1) {
        const std::lock_guard lock(mutex_);
        value_ += count;
        changed_.notify_all();
    }
    bool reaches(std::uint64_t value) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test_deadline, [&] { return value_ >= value; });
    }
    std::uint64_t value() {
        const std::lock_guard lock(mutex_);
        return value_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t value_ = 0;
};

struct Call {
    std::vector<std::string> bodies;
    std::uint64_t token;
};

class FakeTarget {
public:
    using OnPublish = std::function<sluice_status(const Call&, sluice_fault*)>;

    explicit FakeTarget(OnPublish on_publish = [](const Call&, sluice_fault*) { return SLUICE_OK; })
        : on_publish_(std::move(on_publish)) {
        table.struct_size = sizeof table;
        table.open_target = [](void* self, const sluice_target_sink* sink, sluice_fault* fault) -> sluice_status {
            FakeTarget& fake = *static_cast<FakeTarget*>(self);
            fake.sink_ = sink;
            return fake.on_open ? fake.on_open(fault) : SLUICE_OK;
        };
        table.publish = [](void* self, const sluice_outgoing* const* messages, std::uint64_t count, std::uint64_t token,
                           sluice_fault* fault) -> sluice_status {
            return static_cast<FakeTarget*>(self)->publish(messages, count, token, fault);
        };
        table.close = [](void* self) {
            FakeTarget& fake = *static_cast<FakeTarget*>(self);
            ++fake.closed;
            if (fake.on_close) fake.on_close();
        };
    }

    void answer(std::uint64_t token, std::uint64_t count, sluice_status status, std::string_view text = {}) {
        sink_->published(sink_->context, token, count, status, {text.data(), text.size()});
    }

    std::vector<Call> calls_made() {
        const std::lock_guard lock(mutex_);
        return made_;
    }

    sluice_queue table{};
    std::function<sluice_status(sluice_fault*)> on_open;
    std::function<void()> on_close;
    std::atomic<int> closed{0};
    Tally calls;  // begun

private:
    sluice_status publish(const sluice_outgoing* const* messages, std::uint64_t count, std::uint64_t token,
                          sluice_fault* fault) {
        Call call{{}, token};
        for (std::uint64_t at = 0; at < count; ++at)
            call.bodies.emplace_back(messages[at]->body.data, static_cast<std::size_t>(messages[at]->body.size));
        {
            const std::lock_guard lock(mutex_);
            made_.push_back(call);
        }
        calls.add();
        return on_publish_(call, fault);
    }

    const OnPublish on_publish_;
    const sluice_target_sink* sink_ = nullptr;
    std::mutex mutex_;
    std::vector<Call> made_;
};

inline sluice_status say(sluice_fault* fault, sluice_status status, std::string_view text) {
    return sluice_fault_set(fault, status, text.data(), text.size());
}

class TestBatch {
public:
    explicit TestBatch(std::vector<std::string> bodies) : bodies_(std::move(bodies)) {
        for (const std::string& body : bodies_) {
            sluice_outgoing outgoing{};
            outgoing.struct_size = sizeof outgoing;
            outgoing.body = {body.data(), body.size()};
            batch.messages.push_back(outgoing);
        }
        batch.context = this;
        batch.done = [](PublishBatch* ended) { static_cast<TestBatch*>(ended->context)->done.add(); };
    }
    ~TestBatch() { EXPECT_EQ(done.value(), submitted) << "done() once a submit"; }
    TestBatch(const TestBatch&) = delete;
    TestBatch& operator=(const TestBatch&) = delete;

    void submit_to(Target& target) {
        ++submitted;
        target.submit(&batch);
    }
    bool wait() { return done.reaches(submitted); }

    std::vector<sluice_status> statuses() const {
        std::vector<sluice_status> all;
        for (const PublishBatch::Result& result : batch.results) all.push_back(result.status);
        return all;
    }

    PublishBatch batch;
    Tally done;
    std::uint64_t submitted = 0;

private:
    const std::vector<std::string> bodies_;
};

// Backoffs far shorter than a test's patience.
inline Target::Options quick() {
    Target::Options options;
    options.name = "targets.out";
    options.backoff_first_ns = 1'000;
    options.backoff_max_ns = 1'000'000;
    return options;
}

inline void stop(Target& target, const Clock& clock) {
    const std::int64_t deadline = clock.now() + std::chrono::nanoseconds(test_deadline).count();
    target.request_stop(deadline);
    ASSERT_TRUE(target.join(deadline));
}

}  // namespace sluice
