// Chance: publishes, polls, settlements of every kind, removals and crashes in any order, beside a model that says what may
// come.
#include <random>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

class QueueModel : public QueueTest, public ::testing::WithParamInterface<unsigned> {
protected:
    struct Stored {
        std::string body;
        std::uint32_t attempt = 1;
        bool is_in_flight = false;
        bool was_delayed = false;  // comes when it is due, whatever stands before it
    };

    int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

    void open() {
        publisher_ = std::make_unique<Publisher>(settings());
        receiver_ = std::make_unique<Receiver>(settings());
    }
    void crash() {
        publisher_.reset();
        receiver_.reset();
        for (auto& [number, stored] : model_) stored.is_in_flight = false;
        open();
    }

    void publish() {
        std::vector<Sent> messages;
        for (int i = pick(20); i >= 0; --i) {
            Sent message{std::to_string(next_) + std::string(static_cast<std::size_t>(pick(600)), 'x')};
            if (pick(8) == 0) message.delay_ms = 1 + pick(5);
            model_[next_++] = {message.body, 1, false, message.delay_ms != 0};
            messages.push_back(message);
        }
        ASSERT_EQ(publisher_->publish(messages), SLUICE_OK);
    }

    void poll() {
        std::uint64_t last = 0;
        for (const Delivered& each : receiver_->poll(static_cast<std::uint32_t>(1 + pick(30)))) {
            ASSERT_TRUE(model_.contains(each.tag)) << each.tag << " was acked or removed";
            Stored& stored = model_[each.tag];
            ASSERT_FALSE(stored.is_in_flight) << each.tag;
            ASSERT_EQ(each.body, stored.body);
            ASSERT_EQ(each.attempt, stored.attempt);
            if (!stored.was_delayed) {
                // What stands before it is in flight or delayed.
                for (auto before = model_.begin(); before->first < each.tag; ++before)
                    ASSERT_TRUE(before->second.is_in_flight || before->second.was_delayed)
                        << each.tag << " came before " << before->first;
                ASSERT_GT(each.tag, last);
                last = each.tag;
            }
            stored.is_in_flight = true;
        }
    }

    void settle() {
        std::vector<sluice_settlement> items;
        for (auto& [number, stored] : model_) {
            if (!stored.is_in_flight || pick(3) == 0) continue;
            const int what = pick(10);
            if (what < 6) {
                items.push_back({number, SLUICE_ACK, 0, 0, {}, 0, 0});
            } else if (what < 8) {
                const auto attempt = static_cast<std::uint32_t>(pick(2) * (2 + pick(5)));
                const std::int64_t delay_ms = pick(3) == 0 ? 1 + pick(5) : 0;
                items.push_back({number, SLUICE_RELEASE, attempt, delay_ms, {}, 0, 0});
                stored.is_in_flight = false;
                if (attempt != 0) stored.attempt = attempt;
                if (delay_ms != 0) stored.was_delayed = true;
            } else {
                stored.attempt = static_cast<std::uint32_t>(2 + pick(9));
                items.push_back({number, SLUICE_ATTEMPTED, stored.attempt, 0, {}, 0, 0});
            }
        }
        const Status taken = (*receiver_)->settle(items);
        ASSERT_TRUE(taken.ok() || taken.code() == SLUICE_QUEUED);
        if (pick(2) == 0) poll();  // while it is on its way
        ASSERT_TRUE((*receiver_)->flush().ok());
        for (const sluice_settlement& item : items)
            if (item.action == SLUICE_ACK) model_.erase(item.tag);
    }
    void remove() {
        const std::uint64_t number = 1 + random_() % next_;
        const std::string place = std::to_string(number);
        const sluice_bytes view = bytes(place);
        std::uint64_t removed = 0;
        ASSERT_TRUE((*publisher_)->remove(std::span(&view, 1), removed).ok());
        const auto found = model_.find(number);
        const bool was_there = found != model_.end() && !found->second.is_in_flight;
        ASSERT_EQ(removed, was_there ? 1u : 0u);
        if (was_there) model_.erase(found);
    }

    void compare() {
        const sluice_queue_depths now = depths(**publisher_);
        std::uint64_t in_flight = 0, bytes = 0;
        for (const auto& [number, stored] : model_) {
            in_flight += stored.is_in_flight;
            bytes += stored.body.size();
        }
        ASSERT_EQ(now.in_flight, in_flight);
        ASSERT_EQ(now.bytes, bytes);
        ASSERT_EQ(now.ready + now.delayed, model_.size() - in_flight);
    }

    std::minstd_rand random_{GetParam()};
    std::map<std::uint64_t, Stored> model_;  // what is not acked, by number
    std::uint64_t next_ = 1;
    std::unique_ptr<Publisher> publisher_;
    std::unique_ptr<Receiver> receiver_;
};

TEST_P(QueueModel, IsFollowed) {
    open();
    for (int step = 0; step < 250; ++step) {
        switch (pick(12)) {
            case 0:
            case 1:
            case 2: publish(); break;
            case 3:
            case 4:
            case 5:
            case 6: poll(); break;
            case 7:
            case 8:
            case 9: settle(); break;
            case 10: remove(); break;
            default: crash();
        }
        compare();
        if (HasFatalFailure()) FAIL() << "at step " << step;
    }
    crash();
    // All of it comes once more, and then nothing does.
    std::set<std::uint64_t> came;
    for (const Delivered& each : receiver_->receive(model_.size())) came.insert(each.tag);
    EXPECT_EQ(came.size(), model_.size());
    ASSERT_EQ(receiver_->settle(std::vector(came.begin(), came.end()), SLUICE_ACK), SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM sluice_queue_1"), 0);
    EXPECT_EQ(number("SELECT count(*) FROM sluice_queue_1"), number("SELECT messages FROM sluice_queue"));
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueueModel, ::testing::Range(1u, 7u));

}  // namespace
}  // namespace sluice::sqlite
