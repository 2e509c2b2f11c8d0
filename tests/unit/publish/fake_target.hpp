// An adapter whose answers a test decides, and batches a test can wait for.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/port/plugin_queue.hpp"
#include "publish/target.hpp"

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
        table.create = [](const sluice_setup* setup, void** self, sluice_fault*) -> sluice_status {
            *self = const_cast<char*>(setup->identity.data);
            return SLUICE_OK;
        };
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
        port_ = create_port();
    }

    QueuePort& port() { return *port_; }
    std::unique_ptr<QueuePort> create_port() {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.role = SLUICE_ROLE_TARGET;
        setup.name = {"targets.out", 11};
        setup.identity = {reinterpret_cast<const char*>(this), 0};
        return PluginQueue::create(table, setup).value();
    }

    void answer(std::uint64_t token, std::uint64_t count, sluice_status status, std::string_view text = {}) {
        sink_->published(sink_->context, token, count, status, {text.data(), text.size()});
    }

    std::vector<Call> calls_made() {
        const std::lock_guard lock(mutex_);
        return made_;
    }

    // Before the target starts; without them the table has no such function.
    void serve(std::function<sluice_status(std::uint32_t& next_ms, sluice_fault*)> on_service) {
        on_service_ = std::move(on_service);
        table.service = [](void* self, std::uint32_t* next_ms, sluice_fault* fault) {
            return static_cast<FakeTarget*>(self)->on_service_(*next_ms, fault);
        };
    }
    void limit(std::function<sluice_status(sluice_queue_limits&, sluice_fault*)> on_limits) {
        on_limits_ = std::move(on_limits);
        table.limits = [](void* self, sluice_queue_limits* limits, sluice_fault* fault) {
            return static_cast<FakeTarget*>(self)->on_limits_(*limits, fault);
        };
    }

    sluice_queue table{};  // what a test changes holds from the next call on
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
    std::function<sluice_status(std::uint32_t&, sluice_fault*)> on_service_;
    std::function<sluice_status(sluice_queue_limits&, sluice_fault*)> on_limits_;
    const sluice_target_sink* sink_ = nullptr;
    std::mutex mutex_;
    std::vector<Call> made_;
    std::unique_ptr<QueuePort> port_;
};

inline sluice_status say(sluice_fault* fault, sluice_status status, std::string_view text) {
    return sluice_fault_set(fault, status, text.data(), text.size());
}

class TestBatch {
public:
    // The key of a body such as "k:1" is "k"; without a colon it has none.
    explicit TestBatch(std::vector<std::string> bodies) : bodies_(std::move(bodies)) {
        for (const std::string& body : bodies_) {
            sluice_outgoing outgoing{};
            outgoing.struct_size = sizeof outgoing;
            outgoing.body = {body.data(), body.size()};
            if (const std::size_t size = body.find(':'); size != body.npos) outgoing.key = {body.data(), size};
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
