// The fakes that drive queue adapters: what they hand over, and which broken rules they see.
#include <gmock/gmock.h>

#include <deque>
#include <optional>

#include "sluice/sdk/queue.hpp"
#include "sluice/sdk/testing_queue.hpp"

namespace {

using sluice::FakeHost;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A source over a list of texts, which confirms when it is flushed; each flag breaks a rule.
struct List : sluice::Source {
    static inline bool twice = false, confirms_strangers = false, forgets = false, backwards = false;
    static inline sluice::Poll polled;  // the last time

    explicit List(const sluice::Setup& setup) : texts_(setup.list("texts")) {}
    std::uint64_t capabilities() const noexcept override { return SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_STABLE_IDS; }
    sluice::Status open(sluice::SourceSink sink) override {
        sink_ = sink;
        for (std::uint64_t tag = 0; tag < texts_.size(); ++tag) ready_.push_back(tag);
        return SLUICE_OK;
    }
    sluice::Status poll(const sluice::Poll& poll) override {
        polled = poll;
        for (std::uint32_t max = poll.max; max != 0 && !ready_.empty(); --max) {
            auto message = sluice::incoming();
            const std::string id = "list:" + std::to_string(ready_.front());
            message.body = sluice::bytes(texts_[ready_.front()]);
            message.id = sluice::bytes(id);
            message.stream_size = 5;
            message.tag = message.position = ready_.front();
            message.position_end = message.position + (backwards ? 0 : 1);
            message.message_key = message.body;
            message.subject = sluice::bytes("lists");
            message.flags = SLUICE_MESSAGE_REDELIVERED;
            message.deliveries = 2;
            if (sink_.push(message) != SLUICE_OK) break;
            if (twice) (void)sink_.push(message);
            ready_.pop_front();
        }
        return ready_.empty() ? SLUICE_END : SLUICE_OK;
    }
    sluice::Status settle(std::span<const sluice_settlement> items) override {
        for (const sluice_settlement& item : items) {
            if (item.action == SLUICE_RELEASE) ready_.push_front(item.tag);
            done_.push_back(item.tag);
        }
        return SLUICE_QUEUED;
    }
    sluice::Status flush() override {
        if (confirms_strangers) done_.push_back(4711);
        if (!forgets) sink_.settled(done_, SLUICE_OK);
        done_.clear();
        sink_.confirmed_below("list:", backwards ? 0 : 1);
        return SLUICE_OK;
    }

private:
    const std::vector<std::string> texts_;
    std::deque<std::uint64_t> ready_;
    std::vector<std::uint64_t> done_;
    sluice::SourceSink sink_;
};
// A target that answers at once or through its sink.
struct Heap : sluice::Target {
    static inline bool answers_twice = false;
    explicit Heap(const sluice::Setup& setup) : at_once_(setup.boolean("at_once")) {}
    sluice::Status open(sluice::TargetSink sink) override {
        sink_ = sink;
        return SLUICE_OK;
    }
    sluice::Status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first) override {
        if (at_once_) return SLUICE_OK;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            const bool is_bad = sluice::view(messages[i]->body) == "bad";
            sink_.published(first + i, 1, is_bad ? SLUICE_INVALID : SLUICE_OK, is_bad ? "no such thing" : "");
        }
        if (answers_twice) sink_.published(first, 1, SLUICE_OK);
        return SLUICE_QUEUED;
    }

private:
    const bool at_once_;
    sluice::TargetSink sink_;
};
constexpr auto queue = sluice::queue<List, Heap>("list", "A list.", sluice::list("texts", "T.").for_source(),
                                                 sluice::boolean("at_once", "A.").otherwise(false).for_target());

class FakeSources : public testing::Test {
protected:
    FakeSources() { List::twice = List::confirms_strangers = List::forgets = List::backwards = false; }
    FakeHost host;
};

TEST_F(FakeSources, AreDrivenThroughTheLifeOfADelivery) {
    auto source = host.source(queue, {{"texts", sluice::FakeValue::list({"one", "two", "three"})}});
    ASSERT_TRUE(source.open().ok());
    EXPECT_TRUE(source.poll(2).ok());
    ASSERT_THAT(source.received, SizeIs(2));
    EXPECT_EQ(source.received[1].body, "two");
    EXPECT_EQ(source.received[1].stream, "list:");
    EXPECT_EQ(source.received[1].message_key, "two");
    EXPECT_EQ(source.received[1].subject, "lists");
    EXPECT_EQ(source.received[1].flags, SLUICE_MESSAGE_REDELIVERED);
    EXPECT_EQ(source.received[1].deliveries, 2u);
    EXPECT_EQ(source.poll().code(), SLUICE_END);
    EXPECT_EQ(source.ack(0).code(), SLUICE_QUEUED);
    EXPECT_EQ(source.release(1).code(), SLUICE_QUEUED);
    EXPECT_THAT(source.settled, IsEmpty());
    EXPECT_TRUE(source.flush().ok());
    EXPECT_THAT(source.settled, ElementsAre(testing::Pair(0, SLUICE_OK), testing::Pair(1, SLUICE_OK)));
    EXPECT_EQ(source.confirmed["list:"], 1u);
    EXPECT_TRUE(source.poll_until(4));
    EXPECT_EQ(source.received[3].body, "two") << "given back, it comes again";
    EXPECT_THAT(source.broken, IsEmpty());
}

TEST_F(FakeSources, SayWhenThereIsNoRoom) {
    auto source = host.source(queue, {{"texts", sluice::FakeValue::list({"one", "two"})}});
    ASSERT_TRUE(source.open().ok());
    source.room_bytes = 2;
    EXPECT_TRUE(source.poll(7, std::chrono::milliseconds(5)).ok());
    EXPECT_THAT(source.received, SizeIs(1));
    EXPECT_EQ(List::polled.max, 7u);
    EXPECT_EQ(List::polled.max_bytes, 2u) << "the source is told how much there is";
    EXPECT_EQ(List::polled.wait.count(), 5);
}

TEST_F(FakeSources, SeeTheRulesThatAreBroken) {
    const auto broken_by = [&](bool& flag) {
        flag = true;
        auto source = host.source(queue, {{"texts", sluice::FakeValue::list({"one", "two"})}});
        EXPECT_TRUE(source.open().ok());
        (void)source.poll();
        (void)source.ack(0);
        (void)source.flush();
        flag = false;
        return testing::PrintToString(source.broken);
    };
    EXPECT_THAT(broken_by(List::twice), HasSubstr("tag 0 is delivered twice"));
    EXPECT_THAT(broken_by(List::confirms_strangers), HasSubstr("delivery 4711 was confirmed, which waits for no confirmation"));
    EXPECT_THAT(broken_by(List::forgets), HasSubstr("flush has returned SLUICE_OK, and 1 settlements are not confirmed"));
    EXPECT_THAT(broken_by(List::backwards), HasSubstr("covers no position"));
}

TEST_F(FakeSources, TakeTheOptionsOfTheirRoleOnly) {
    EXPECT_THROW(host.source(queue, {{"at_once", true}}), sluice::Failure);
    EXPECT_THROW(host.target(queue, {{"texts", sluice::FakeValue::list({})}}), sluice::Failure);
}

TEST(FakeTargets, HandOverAResultForEachMessageInOrder) {
    FakeHost host;
    auto target = host.target(queue);
    ASSERT_TRUE(target.open().ok());
    const auto results = target.publish_all({{.body = "good"}, {.body = "bad"}, {.body = "good"}});
    ASSERT_THAT(results, SizeIs(3));
    EXPECT_TRUE(results[0].ok());
    EXPECT_EQ(results[1].code(), SLUICE_INVALID);
    EXPECT_EQ(results[1].text(), "no such thing");
    EXPECT_TRUE(results[2].ok());
    EXPECT_TRUE(host.target(queue, {{"at_once", true}}).publish({.body = "x"}).ok());
    EXPECT_THAT(target.broken(), IsEmpty());
}

TEST(FakeTargets, SeeAnAnswerThatNobodyWaitsFor) {
    FakeHost host;
    auto target = host.target(queue);
    ASSERT_TRUE(target.open().ok());
    Heap::answers_twice = true;
    (void)target.publish({.body = "x"});
    Heap::answers_twice = false;
    EXPECT_THAT(target.broken(), ElementsAre("an answer about message 1, which waits for none"));
}

// One that confirms in its service what a settlement has asked for; and pushes there, which it may not.
struct TendedList : List {
    static inline bool pushes = false;
    using List::List;
    sluice::Status service(std::optional<std::chrono::milliseconds>& next) override {
        if (pushes) (void)poll(sluice::Poll{.max = 1});
        next = std::chrono::milliseconds(40);
        return flush();
    }
    sluice::Status limits(sluice_queue_limits& limits) override {
        limits.in_flight_max = 2;
        return SLUICE_OK;
    }
};
constexpr auto tended_queue = sluice::queue<TendedList>("list", "A list.", sluice::list("texts", "T."));

TEST_F(FakeSources, AreServicedAndAskedForTheirLimits) {
    auto source = host.source(tended_queue, {{"texts", sluice::FakeValue::list({"one", "two"})}});
    ASSERT_TRUE(source.open().ok());
    EXPECT_TRUE(source.limits().status.ok());
    EXPECT_EQ(source.limits().values.in_flight_max, 2u);
    (void)source.poll(1);
    EXPECT_EQ(source.ack(0).code(), SLUICE_QUEUED);
    const auto serviced = source.service();
    EXPECT_TRUE(serviced.status.ok());
    EXPECT_EQ(serviced.next, std::chrono::milliseconds(40));
    EXPECT_EQ(source.settled[0], SLUICE_OK);
    EXPECT_THAT(source.broken, IsEmpty());
}

TEST_F(FakeSources, SeeAServiceThatPushes) {
    auto source = host.source(tended_queue, {{"texts", sluice::FakeValue::list({"one", "two"})}});
    ASSERT_TRUE(source.open().ok());
    TendedList::pushes = true;
    (void)source.service();
    TendedList::pushes = false;
    EXPECT_THAT(source.broken, ElementsAre("service has called push, and never pushes"));
    EXPECT_THAT(source.received, IsEmpty());
}

TEST(FakeTargets, HaveNoServiceAndNoLimitsWhereTheAdapterHasNone) {
    FakeHost host;
    auto target = host.target(queue);
    ASSERT_TRUE(target.open().ok());
    EXPECT_TRUE(target.service().status.ok());
    EXPECT_FALSE(target.service().next);
    EXPECT_EQ(target.limits().values.message_bytes_max, 0u);
}

}  // namespace
