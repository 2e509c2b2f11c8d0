// The source thread, ten workers and a handler with failures and odd times: each key in order and alone, nothing lost.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

constexpr std::size_t keys = 100;
constexpr std::uint32_t workers = 10;

// Every key's messages are numbered from 0.
class OrderChecker {
public:
    void begin(std::size_t key, std::uint64_t number) {
        if (key_[key].busy.exchange(true)) violations_.fetch_add(1);
        if (key_[key].next.load() != number) violations_.fetch_add(1);
        const int inside = inside_.fetch_add(1) + 1;
        for (int most = most_.load(); inside > most && !most_.compare_exchange_weak(most, inside);) {
        }
    }
    void end(std::size_t key, bool passed) {
        inside_.fetch_sub(1);
        if (passed) key_[key].next.fetch_add(1);
        key_[key].busy.store(false);
    }
    int violations() const { return violations_; }
    int most_at_once() const { return most_; }

private:
    struct Key {
        std::atomic<bool> busy{false};
        std::atomic<std::uint64_t> next{0};
    };
    std::array<Key, keys> key_;
    std::atomic<int> violations_{0};
    std::atomic<int> inside_{0};
    std::atomic<int> most_{0};
};

struct Name {
    std::size_t key;
    std::uint64_t number;
};
Name parse(const std::string& id) {
    const std::size_t colon = id.find(':');
    return {std::stoul(id.substr(0, colon)), std::stoull(id.substr(colon + 1))};
}

// Messages of random keys, often several of a key in a row, and a record of how each was settled.
class Deliveries {
public:
    Deliveries(FakeSource& source, std::uint64_t total, bool skewed) : total_(total), skewed_(skewed) {
        source.on_poll = [this, &source](std::uint32_t max, std::uint32_t, sluice_fault*) { return poll(source, max); };
        source.on_settle = [this](FakeSource::Settlements items) {
            for (const sluice_settlement& item : items) settle(item);
            return SLUICE_OK;
        };
    }
    // Of each key the first ones are acked, the others given back, both in the order received.
    int violations() const { return violations_; }
    std::uint64_t acked() const { return acked_; }
    std::uint64_t delivered() const { return delivered_; }

private:
    sluice_status poll(FakeSource& source, std::uint32_t max) {
        for (std::uint32_t i = 0; i < max && delivered_ < total_; ++i) {
            if (run_ == 0) {
                run_ = 1 + random_() % 5;
                key_ = random_() % (skewed_ && random_() % 2 == 0 ? 4 : keys);
            }
            --run_;
            const std::string id = std::to_string(key_) + ":" + std::to_string(next_[key_]);
            const std::string body = "{\"k\":" + std::to_string(key_) + "}";
            sluice_incoming incoming{};
            incoming.struct_size = sizeof incoming;
            incoming.body = {body.data(), body.size()};
            incoming.id = {id.data(), id.size()};
            incoming.tag = key_ << 32 | next_[key_];
            if (source.sink->push(source.sink->context, &incoming) != SLUICE_OK) return SLUICE_CONTRACT;
            ++next_[key_];
            ++delivered_;
        }
        return delivered_ == total_ ? SLUICE_END : SLUICE_OK;
    }
    void settle(const sluice_settlement& item) {
        const std::size_t key = item.tag >> 32;
        if ((item.tag & 0xffffffff) != settled_[key]++) ++violations_;
        if (item.action == SLUICE_RELEASE) given_back_[key] = true;
        if (item.action == SLUICE_ACK && given_back_[key]) ++violations_;
        acked_ += item.action == SLUICE_ACK;
    }

    const std::uint64_t total_;
    const bool skewed_;  // half of the messages have one of four keys
    std::minstd_rand random_{1};
    std::uint64_t run_ = 0;
    std::size_t key_ = 0;
    std::atomic<std::uint64_t> delivered_{0};
    std::array<std::uint64_t, keys> next_{};
    std::array<std::uint64_t, keys> settled_{};
    std::array<bool, keys> given_back_{};
    std::uint64_t acked_ = 0;
    int violations_ = 0;
};

class OrderTest : public testing::Test, protected SourceBench {
protected:
    void start(FakeHandler::Handle handle, std::uint64_t total, std::vector<FakeDatabase*> databases = {}) {
        deliveries = std::make_unique<Deliveries>(source, total, skewed);
        WorkPolicy policy;
        policy.queue_capacity = 100;
        policy.batch_max = 16;
        policy.attempts = 1'000;
        policy.backoff_ms = policy.backoff_max_ms = 1;
        policy.park_limit = 12;
        SourceBench::start(std::move(handle), workers, policy, std::move(databases));
    }
    void close() {
        SourceBench::close();
        EXPECT_EQ(loop->state(), SourceLoop::State::finished);
        const SourceCounts counts = loop->counts();
        EXPECT_TRUE(counts.law_holds());
        EXPECT_EQ(counts.in_flight, 0u);
        EXPECT_EQ(counts.received, deliveries->delivered());
        EXPECT_EQ(counts.acked, deliveries->acked());
        EXPECT_EQ(deliveries->violations(), 0);
    }
    // Work of some microseconds that now and then blocks.
    static void work() {
        thread_local std::minstd_rand random{static_cast<unsigned>(std::hash<std::thread::id>()(std::this_thread::get_id()))};
        if (random() % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 100));
        for (volatile unsigned spin = static_cast<unsigned>(random() % 2'000); spin != 0;) spin = spin - 1;
    }
    static bool fails() {
        thread_local std::minstd_rand random{static_cast<unsigned>(std::hash<std::thread::id>()(std::this_thread::get_id()))};
        return random() % 10 == 0;
    }

    bool skewed = false;
    std::unique_ptr<Deliveries> deliveries;
    OrderChecker checker;
};

TEST(OrderChecker, SeesWhatIsOutOfOrderAndWhatIsNotAlone) {
    OrderChecker late, twice;
    late.begin(1, 0);
    late.end(1, false);
    late.begin(1, 1);
    EXPECT_EQ(late.violations(), 1);
    twice.begin(1, 0);
    twice.begin(1, 0);
    EXPECT_EQ(twice.violations(), 1);
    EXPECT_EQ(twice.most_at_once(), 2);
}

TEST_F(OrderTest, KeepsEachKeyInOrderThroughRetries) {
    // The first two workers to come wait for each other: they overlap, whatever the machine.
    Tally met;
    std::atomic<int> first_two{0};
    start(
        [&](const FakeHandler::Call& call) {
            const Name name = parse(call.id());
            checker.begin(name.key, name.number);
            if (first_two.fetch_add(1) < 2) {
                met.add();
                EXPECT_TRUE(met.reaches(2)) << "workers overlap";
            }
            work();
            const bool passed = !fails();
            checker.end(name.key, passed);
            return passed ? SLUICE_DONE : SLUICE_RETRY;
        },
        30'000);
    close();
    EXPECT_EQ(checker.violations(), 0);
    EXPECT_GE(checker.most_at_once(), 2);
    EXPECT_EQ(deliveries->acked(), 30'000u);
}

TEST_F(OrderTest, KeepsEachKeyInOrderWhileKeysLeaveTheWorkersThatHaveTooMuch) {
    skewed = true;
    start(
        [&](const FakeHandler::Call& call) {
            const Name name = parse(call.id());
            checker.begin(name.key, name.number);
            work();
            // what has to be retried is not waited for: the busiest keys move, too
            const bool passed = name.key < 4 || !fails();
            checker.end(name.key, passed);
            return passed ? SLUICE_DONE : SLUICE_RETRY;
        },
        30'000);
    close();
    EXPECT_EQ(checker.violations(), 0);
    EXPECT_EQ(deliveries->acked(), 30'000u);
    EXPECT_GE(loop->slots_moved(), 20u);
}

TEST_F(OrderTest, KeepsEachKeyInOrderWhileFewBusyKeysShareTheWorkersOut) {
    skewed = true;
    start(
        [&](const FakeHandler::Call& call) {
            const Name name = parse(call.id());
            checker.begin(name.key, name.number);
            if (name.key < 4) std::this_thread::sleep_for(std::chrono::microseconds(20));
            checker.end(name.key, true);
            return SLUICE_DONE;
        },
        30'000);
    close();
    EXPECT_EQ(checker.violations(), 0);
    EXPECT_EQ(deliveries->acked(), 30'000u);
    EXPECT_GE(loop->slots_moved(), 20u);
}

TEST_F(OrderTest, MakesEachKeyDurableInOrderThoughCommitsAndMessagesFail) {
    FakeDatabase database;
    database.hold();
    Tally submitted;
    database.on_submit = [&] { submitted.add(); };
    std::atomic<bool> over{false};
    std::thread commits([&] {
        std::minstd_rand random{7};
        for (std::uint64_t unit = 1; submitted.reaches(unit) && !over; ++unit)
            database.answer(random() % 20 == 0 ? SLUICE_CONFLICT : SLUICE_OK);
    });
    start(
        [&](const FakeHandler::Call& call) {
            work();
            if (call.write() != SLUICE_QUEUED || fails()) return SLUICE_RETRY;
            return SLUICE_DONE;
        },
        15'000, {&database});
    close();
    over = true;
    submitted.add();
    commits.join();
    std::array<std::uint64_t, keys> next{};
    int out_of_order = 0;
    for (const std::string& id : database.durable()) {
        const Name name = parse(id);
        out_of_order += name.number != next[name.key]++;
    }
    EXPECT_EQ(out_of_order, 0);
    EXPECT_EQ(database.durable().size(), 15'000u) << "each once";
}

TEST_F(OrderTest, GivesBackOnStopOnlyWhatFollowsTheFinishedMessagesOfItsKey) {
    FakeDatabase database;
    start(
        [&](const FakeHandler::Call& call) {
            work();
            return call.write() != SLUICE_QUEUED || fails() ? SLUICE_RETRY : SLUICE_DONE;
        },
        UINT64_MAX, {&database});
    const std::int64_t deadline = soon();
    while (loop->counts().acked < 1'000 && clock.now() < deadline) std::this_thread::yield();
    loop->request_stop();
    pool->stop(StopMode::finish_current);
    close();
    EXPECT_GE(deliveries->acked(), 1'000u);
    EXPECT_EQ(loop->counts().acked + loop->counts().released, deliveries->delivered());
    EXPECT_EQ(database.durable().size(), deliveries->acked());
}

}  // namespace
}  // namespace sluice
