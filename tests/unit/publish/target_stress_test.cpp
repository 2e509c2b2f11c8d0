// Several submitters, an adapter of every mood, answers from another thread. For the thread sanitizer, and for what must hold
// through all of it: every message answered once, stored once, and in its submitter's order.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "publish/fake_target.hpp"
#include "publish/target.hpp"

namespace sluice {
namespace {

// Stores in the order it took; when a connection is "lost", everything it had not stored yet fails together.
class MoodyAdapter {
public:
    MoodyAdapter() : answerer_([this] { answer_all(); }) {}
    ~MoodyAdapter() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
            changed_.notify_all();
        }
        answerer_.join();
    }

    sluice_status publish(const Call& call, sluice_fault* fault) {
        const std::lock_guard lock(mutex_);
        const bool refused = std::ranges::any_of(call.bodies, [](const std::string& body) { return body.ends_with("bad"); });
        if (std::exchange(lost_, false)) return SLUICE_UNAVAILABLE;  // nothing may overtake what was lost
        switch (random_() % 8) {
            case 0: return say(fault, SLUICE_UNAVAILABLE, "away");
            case 1: return SLUICE_FULL;
            case 2:
            case 3:
                if (!queue_.empty()) return SLUICE_FULL;
                if (refused) return say(fault, SLUICE_INVALID, "bad");
                stored.insert(stored.end(), call.bodies.begin(), call.bodies.end());
                return SLUICE_OK;
            default:
                for (std::size_t at = 0; at < call.bodies.size(); ++at) queue_.emplace_back(call.token + at, call.bodies[at]);
                changed_.notify_all();
                return SLUICE_QUEUED;
        }
    }

    FakeTarget fake{[this](const Call& call, sluice_fault* fault) { return publish(call, fault); }};
    std::vector<std::string> stored;

private:
    void answer_all() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return ending_ || !queue_.empty(); });
            if (queue_.empty()) return;
            if (random_() % 50 == 0) {
                const auto lost = std::exchange(queue_, {});
                lost_ = true;
                for (const auto& [token, body] : lost) fake.answer(token, 1, SLUICE_UNAVAILABLE, "lost");
                continue;
            }
            const auto [token, body] = queue_.front();
            queue_.pop_front();
            const bool bad = body.ends_with("bad");
            if (!bad) stored.push_back(body);
            fake.answer(token, 1, bad ? SLUICE_INVALID : SLUICE_OK, "bad");
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::pair<std::uint64_t, std::string>> queue_;
    std::mt19937_64 random_{7};
    bool lost_ = false;
    bool ending_ = false;
    std::thread answerer_;
};

TEST(TargetStress, StoresEveryMessageOnceAndInItsSubmittersOrder) {
    constexpr int submitters = 4;
    constexpr int batches = 150;
    MoodyAdapter adapter;
    SystemClock clock;
    Target target(adapter.fake.port(), quick(), clock, {});
    ASSERT_TRUE(target.start());

    std::vector<std::vector<std::string>> expected(submitters);
    std::vector<std::thread> threads;
    for (int submitter = 0; submitter < submitters; ++submitter)
        threads.emplace_back([&, submitter] {
            std::mt19937_64 random(static_cast<std::uint64_t>(submitter));
            std::vector<std::unique_ptr<TestBatch>> mine;
            int number = 0;
            for (int at = 0; at < batches; ++at) {
                std::vector<std::string> bodies;
                for (std::uint64_t left = random() % 20; left > 0; --left) {
                    const bool bad = random() % 40 == 0;
                    bodies.push_back(std::to_string(submitter) + ":" + std::to_string(number++) + (bad ? "bad" : ""));
                    if (!bad) expected[static_cast<std::size_t>(submitter)].push_back(bodies.back());
                }
                mine.push_back(std::make_unique<TestBatch>(bodies));
                mine.back()->submit_to(target);
                if (random() % 8 == 0) {
                    ASSERT_TRUE(mine.back()->wait());
                }
            }
            for (const auto& batch : mine) {
                ASSERT_TRUE(batch->wait());
                for (std::size_t at = 0; at < batch->batch.messages.size(); ++at) {
                    const sluice_bytes body = batch->batch.messages[at].body;
                    const bool bad = std::string_view(body.data, static_cast<std::size_t>(body.size)).ends_with("bad");
                    EXPECT_EQ(batch->batch.results[at].status, bad ? SLUICE_INVALID : SLUICE_OK);
                }
            }
        });
    for (std::thread& thread : threads) thread.join();
    stop(target, clock);

    std::vector<std::vector<std::string>> stored(submitters);
    for (const std::string& body : adapter.stored) stored[static_cast<std::size_t>(body[0] - '0')].push_back(body);
    EXPECT_EQ(stored, expected);
    EXPECT_EQ(target.counts().published, adapter.stored.size());
    EXPECT_EQ(target.counts().pending, 0u);
    EXPECT_GT(target.counts().retried, 0u);
}

}  // namespace
}  // namespace sluice
