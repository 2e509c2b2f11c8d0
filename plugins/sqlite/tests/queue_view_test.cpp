// How full a queue is, its bounds, and the look into it from outside.
#include <thread>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using QueueViews = QueueTest;
using namespace std::chrono_literals;

// What a listing shows: place, state, body.
struct Shown {
    std::vector<std::string> lines;
    std::size_t wanted = SIZE_MAX;
    std::string key, id, header;
    std::uint32_t attempt = 0;
    std::int64_t enqueued_ms = 0;

    StoredSink sink() { return StoredSink(&sink_); }

private:
    static sluice_status take(void* context, const sluice_stored* message) {
        auto& self = *static_cast<Shown*>(context);
        const char* const states[] = {"?", "ready", "delayed", "in flight", "dead"};
        self.lines.push_back(std::string(view(message->place)) + " " + states[message->state] + " " +
                             std::string(view(message->body)));
        self.key = view(message->key);
        self.id = view(message->id);
        if (message->header_count != 0)
            self.header = std::string(view(message->headers[0].name)) + "=" + std::string(view(message->headers[0].value));
        self.attempt = message->attempt;
        self.enqueued_ms = message->enqueued_ms;
        return self.lines.size() < self.wanted ? SLUICE_OK : SLUICE_STOPPED;
    }
    const sluice_stored_sink sink_{sizeof(sluice_stored_sink), 0, this, &take};
};

std::uint64_t remove(QueueAdapter& adapter, const std::vector<std::string>& places) {
    std::vector<sluice_bytes> views;
    for (const std::string& place : places) views.push_back(bytes(place));
    std::uint64_t removed = 0;
    const Status status = adapter.remove(views, removed);
    EXPECT_TRUE(status.ok()) << status.text();
    return removed;
}

TEST_F(QueueViews, CountWhatIsThereByItsState) {
    ASSERT_EQ(Publisher(settings()).publish({{"12"}, {"345"}, {"6"}, {"7", {}, {}, 3'600'000}}), SLUICE_OK);
    bury(2);
    Publisher publisher(settings());
    Receiver receiver(settings());
    const auto got = receiver.poll(1);
    for (QueueAdapter* adapter : {static_cast<QueueAdapter*>(&*publisher), static_cast<QueueAdapter*>(&*receiver)}) {
        const sluice_queue_depths now = depths(*adapter);
        EXPECT_EQ(now.ready, 1u);
        EXPECT_EQ(now.delayed, 1u);
        EXPECT_EQ(now.in_flight, 1u);
        EXPECT_EQ(now.dead, 1u);
        EXPECT_EQ(now.bytes, 7u);
        EXPECT_GT(now.oldest_ms, 1'600'000'000'000);
    }
    ASSERT_EQ(receiver.settle(got[0].tag, SLUICE_ACK), SLUICE_OK);
    EXPECT_EQ(depths(*publisher).bytes, 5u);
    EXPECT_EQ(remove(*publisher, {"2", "3", "4"}), 3u);
    EXPECT_EQ(depths(*publisher).bytes, 0u);
    EXPECT_EQ(depths(*publisher).dead, 0u);
    EXPECT_EQ(depths(*publisher).oldest_ms, 0);
}

TEST_F(QueueViews, KnowTheCountsAgainAfterARestart) {
    {
        Publisher publisher(settings());
        Receiver receiver(settings());
        ASSERT_EQ(publisher.publish({{"12", "k"}, {"345", {}, "i"}, {"6", {}, {}, 0, {}, {{"n", "v"}}}}), SLUICE_OK);
        const auto got = receiver.poll(2);
        ASSERT_EQ(receiver.settle(got[0].tag, SLUICE_ACK), SLUICE_OK);
    }
    bury(2);
    Publisher publisher(settings());
    const sluice_queue_depths now = depths(*publisher);
    EXPECT_EQ(now.ready, 1u);
    EXPECT_EQ(now.dead, 1u);
    EXPECT_EQ(now.bytes, 4u + 1u + 14u);  // headers: a count, two sizes, two letters
    EXPECT_EQ(number("SELECT bytes FROM sluice_queue"), 19);
}

TEST_F(QueueViews, CountAgainWhatSomebodyElseHasDeleted) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 5)), SLUICE_OK);
    const auto got = receiver.poll(2);
    run_sql("DELETE FROM sluice_queue_1 WHERE number IN (1, 4)");
    EXPECT_EQ(receiver.ack(got), SLUICE_OK);
    EXPECT_EQ(depths(*publisher).ready, 2u);
    EXPECT_EQ(number("SELECT messages FROM sluice_queue"), 2);
}

TEST_F(QueueViews, ListInTheOrderOfStoringFromAnyPlaceOn) {
    ASSERT_EQ(Publisher(settings()).publish(numbered(0, 12)), SLUICE_OK);
    bury(1);
    Publisher publisher(settings());
    Receiver receiver(settings());
    ASSERT_THAT(receiver.bodies(1), ElementsAre("1"));
    ASSERT_EQ(publisher.publish({{"x", "key", "id", 3'600'000, {}, {{"n", "v"}}}}), SLUICE_OK);
    Shown first;
    first.wanted = 3;
    EXPECT_TRUE(publisher->list("", first.sink()).ok());
    EXPECT_THAT(first.lines, ElementsAre("1 dead 0", "2 in flight 1", "3 ready 2"));
    Shown rest;
    EXPECT_TRUE(receiver->list("9", rest.sink()).ok());
    EXPECT_THAT(rest.lines, ElementsAre("10 ready 9", "11 ready 10", "12 ready 11", "13 delayed x"));
    EXPECT_EQ(rest.key, "key");
    EXPECT_EQ(rest.id, "id");
    EXPECT_EQ(rest.header, "n=v");
    EXPECT_EQ(rest.attempt, 1u);
    EXPECT_GT(rest.enqueued_ms, 1'600'000'000'000);
}

TEST_F(QueueViews, ListMoreThanTheyReadAtOnce) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 2 * QueueView::listed_at_once + 10)), SLUICE_OK);
    Shown all;
    EXPECT_TRUE(publisher->list("", all.sink()).ok());
    ASSERT_EQ(all.lines.size(), 2u * QueueView::listed_at_once + 10);
    EXPECT_EQ(all.lines.back(), "522 ready 521");
}

TEST_F(QueueViews, GetTheMessageAtAPlace) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 3)), SLUICE_OK);
    Shown shown;
    EXPECT_TRUE(publisher->get("2", shown.sink()).ok());
    EXPECT_THAT(shown.lines, ElementsAre("2 ready 1"));
    for (const char* place : {"9", "", "two", "2x", "-1", "99999999999999999999"}) {
        const Status missing = publisher->get(place, shown.sink());
        EXPECT_EQ(missing.code(), SLUICE_INVALID);
        EXPECT_EQ(missing.text(), "there is no message " + std::string(place) + " in the queue \"default\"");
    }
}

TEST_F(QueueViews, RemoveDurablyAllButWhatIsInFlight) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 6)), SLUICE_OK);
    const auto got = receiver.poll(2);
    EXPECT_EQ(remove(*publisher, {"1", "4", "5", "99", "junk"}), 2u);
    EXPECT_EQ(number("SELECT count(*) FROM sluice_queue_1"), 4);
    EXPECT_THAT(receiver.bodies(), ElementsAre("2", "5"));
    EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE), SLUICE_OK);
    EXPECT_EQ(remove(*receiver, {"1"}), 1u);
    EXPECT_THAT(receiver.bodies(), IsEmpty());  // given back, then removed: not delivered again
}

TEST_F(QueueViews, PutAMessageInThePlaceOfAnotherInOneStep) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 2)), SLUICE_OK);
    ASSERT_EQ(publisher.publish({{"new", {}, {}, 0, "1"}, {"more", {}, {}, 0, "77"}}), SLUICE_OK);
    Shown shown;
    EXPECT_TRUE(publisher->list("", shown.sink()).ok());
    EXPECT_THAT(shown.lines, ElementsAre("2 ready 1", "3 ready new", "4 ready more"));
    EXPECT_EQ(depths(*publisher).ready, 3u);
}

TEST_F(QueueViews, AnswerFullWhenNoMessageHasRoomAndTakeThemOnceOneHas) {
    QueueSettings bounded = settings();
    bounded.max_messages = 3;
    Publisher publisher(bounded);
    EXPECT_EQ(publisher.publish(numbered(0, 3)), SLUICE_OK);
    const Status full = publisher.submit(numbered(3, 4), 100);
    EXPECT_EQ(full.code(), SLUICE_FULL);
    EXPECT_EQ(full.text(),
              "the queue \"default\" in \"" + path() +
                  "\" is full: it holds 3 of 3 (`max_messages`) messages, 3 bytes, and has no room for 1 more: they are "
                  "stored once messages have been taken out");
    EXPECT_EQ(depths(*publisher).messages_max, 3u);
    Receiver receiver(settings());
    ASSERT_EQ(receiver.ack(receiver.poll(1)), SLUICE_OK);
    EXPECT_EQ(publisher.submit(numbered(3, 4), 101).code(), SLUICE_QUEUED);
    EXPECT_EQ(publisher.wait(101).first, SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("1", "2", "3"));
}

TEST_F(QueueViews, StoreWhatFitsOfACallThatIsLargerThanTheQueueAndLetNothingOvertakeTheRest) {
    QueueSettings bounded = settings();
    bounded.max_messages = 3;
    Publisher publisher(bounded);
    EXPECT_EQ(publisher.submit(numbered(0, 5), 1).code(), SLUICE_QUEUED);
    for (std::uint64_t token = 1; token <= 3; ++token) EXPECT_EQ(publisher.wait(token).first, SLUICE_OK);
    for (std::uint64_t token = 4; token <= 5; ++token) EXPECT_EQ(publisher.wait(token).first, SLUICE_FULL);
    EXPECT_EQ(publisher.submit(numbered(5, 6), 6).code(), SLUICE_UNAVAILABLE);
    EXPECT_EQ(depths(*publisher).ready, 3u);
    Receiver receiver(settings());
    ASSERT_EQ(receiver.ack(receiver.poll()), SLUICE_OK);
    EXPECT_EQ(publisher.submit(numbered(3, 5), 7).code(), SLUICE_QUEUED);
    EXPECT_EQ(publisher.wait(8).first, SLUICE_OK);
}

TEST_F(QueueViews, BoundBytesAndRefuseForGoodWhatNeverFits) {
    QueueSettings bounded = settings();
    bounded.max_bytes = 10;
    Publisher publisher(bounded);
    EXPECT_EQ(publisher.publish("12345678"), SLUICE_OK);
    EXPECT_EQ(publisher.publish("123"), SLUICE_FULL);
    EXPECT_EQ(publisher.publish("12"), SLUICE_OK);
    const Status never = publisher.submit({{"12345678901"}}, 100);
    EXPECT_EQ(never.code(), SLUICE_INVALID);
    EXPECT_THAT(never.text(), HasSubstr("a message of 11 bytes is larger than the queue \"default\" may be"));
}

TEST_F(QueueViews, SayWhatNeverFitsOfTheirOwnBoundsOnly) {
    QueueSettings tight = settings();
    tight.max_bytes = 10;
    Publisher narrow(tight);
    Publisher wide(settings());
    sluice_queue_limits limits{};
    EXPECT_TRUE(narrow->limits(limits).ok());
    EXPECT_EQ(limits.message_bytes_max, 10u);
    EXPECT_EQ(limits.in_flight_max, 0u);
    EXPECT_TRUE(wide->limits(limits).ok());
    EXPECT_EQ(limits.message_bytes_max, 0u) << "the other may be closed before this one";
}

TEST_F(QueueViews, KeepTheTightestBoundsOfTheTargetsThatAreOpen) {
    QueueSettings tight = settings();
    tight.max_messages = 1;
    Publisher wide(settings());
    {
        Publisher narrow(tight);
        EXPECT_EQ(wide.publish("a"), SLUICE_OK);
        EXPECT_EQ(wide.publish("b"), SLUICE_FULL);
    }
    EXPECT_EQ(wide.publish("b"), SLUICE_OK);
}

TEST_F(QueueViews, LetAPublisherGoOnAsSoonAsThereIsRoom) {
    QueueSettings bounded = settings();
    bounded.max_messages = 64;
    Publisher publisher(bounded);
    Receiver receiver(settings());
    std::jthread producer([&] {
        for (int i = 0; i < 500;) {
            const Status taken = publisher.submit(numbered(i, i + 1), static_cast<std::uint64_t>(i) + 1000);
            i += taken.code() == SLUICE_QUEUED;
        }
    });
    for (int next = 0; next < 500;) {
        const auto got = receiver.poll(10, 1s);
        for (const Delivered& each : got) EXPECT_EQ(each.body, std::to_string(next++));
        EXPECT_LE(depths(*receiver).ready + depths(*receiver).in_flight, 64u);
        EXPECT_EQ(receiver.ack(got), SLUICE_OK);
    }
}

}  // namespace
}  // namespace sluice::sqlite
