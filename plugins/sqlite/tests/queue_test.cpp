// Publishing and receiving: order, redelivery, delays, attempts, several components on one file.
#include <thread>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Queues = QueueTest;
using namespace std::chrono_literals;

TEST_F(Queues, HandOutWhatWasPublishedInItsOrder) {
    Publisher publisher(settings());
    EXPECT_EQ(publisher.publish(numbered(0, 5)), SLUICE_OK);
    Receiver receiver(settings());
    EXPECT_THAT(receiver.bodies(3), ElementsAre("0", "1", "2"));
    EXPECT_EQ(publisher.publish("5"), SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("3", "4", "5"));
    EXPECT_THAT(receiver.bodies(), IsEmpty());
    EXPECT_EQ(receiver.last.code(), SLUICE_OK);
}

TEST_F(Queues, HandOutTheMessageAsItWasPublished) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    const std::string body("\0\xff body", 7);
    ASSERT_EQ(publisher.publish({{body, "k1", "order-7", 0, {}, {{"type", "order"}, {"empty", ""}}}, {""}}), SLUICE_OK);
    const auto got = receiver.poll();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].body, body);
    EXPECT_THAT(got[0].headers,
                ElementsAre(Pair("empty", ""), Pair("id", "order-7"), Pair("key", "k1"), Pair("type", "order")));
    EXPECT_EQ(got[0].message_key, "k1");
    EXPECT_EQ(got[0].attempt, 1u);
    EXPECT_EQ(got[0].flags, 0u);
    EXPECT_EQ(got[1].body, "");
    EXPECT_EQ(got[1].message_key, "");
    EXPECT_THAT(got[1].headers, IsEmpty());
}

TEST_F(Queues, LeaveAHeaderNamedKeyAsThePublisherWroteIt) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    ASSERT_EQ(publisher.publish({{"b", "k1", {}, 0, {}, {{"key", "mine"}}}}), SLUICE_OK);
    const auto got = receiver.poll();
    EXPECT_THAT(got.at(0).headers, ElementsAre(Pair("key", "mine")));
    EXPECT_EQ(got.at(0).message_key, "k1") << "which no header hides";
}

TEST_F(Queues, NameAMessageTheSameAfterARestartAndNeverTwo) {
    std::vector<std::string> ids;
    {
        Publisher publisher(settings());
        ASSERT_EQ(publisher.publish({{"a", {}, "same"}, {"b", {}, "same"}}), SLUICE_OK);
        Receiver receiver(settings());
        for (const Delivered& each : receiver.poll()) ids.push_back(each.id);
        ASSERT_EQ(ids.size(), 2u);
        EXPECT_NE(ids[0], ids[1]);
    }
    Publisher publisher(settings());
    Receiver receiver(settings());
    const auto again = receiver.poll();
    EXPECT_EQ(again.at(0).id, ids[0]);
    EXPECT_EQ(again.at(1).id, ids[1]);
    ASSERT_EQ(receiver.ack(again), SLUICE_OK);
    ASSERT_EQ(publisher.publish("c"), SLUICE_OK);
    EXPECT_GT(receiver.poll().at(0).position, again.at(1).position);
}

TEST_F(Queues, StoreAMessageWithAKnownIdOnceIfTheyDeduplicate) {
    QueueSettings deduplicating = settings();
    deduplicating.deduplicate = true;
    {
        Publisher publisher(deduplicating);
        Receiver receiver(settings());
        EXPECT_EQ(publisher.publish({{"a", {}, "1"}, {"b", {}, "2"}, {"a again", {}, "1"}, {"c"}, {"d"}}), SLUICE_OK);
        const auto got = receiver.poll();
        ASSERT_EQ(got.size(), 4u);
        ASSERT_EQ(receiver.ack(got), SLUICE_OK);
    }
    Publisher publisher(deduplicating);
    Publisher other(settings());
    EXPECT_EQ(publisher.publish({{"b again", {}, "2"}, {"e", {}, "3"}}), SLUICE_OK);
    EXPECT_EQ(other.publish({{"b as another", {}, "2"}}), SLUICE_OK);
    Receiver receiver(settings());
    EXPECT_THAT(receiver.bodies(), ElementsAre("e", "b as another"));
    EXPECT_EQ(depths(*receiver).in_flight, 2u);
    EXPECT_EQ(depths(*receiver).ready, 0u);
}

TEST_F(Queues, DeliverAMessageUnderTheIdItWasGivenIfTheyDeduplicate) {
    QueueSettings deduplicating = settings();
    deduplicating.deduplicate = true;
    const std::string own("order \0\xc3\xa4\xff", 10);
    std::string given;
    {
        Publisher plain(settings());
        Publisher publisher(deduplicating);
        ASSERT_EQ(plain.publish({{"a", {}, "order 1"}}), SLUICE_OK);
        ASSERT_EQ(publisher.publish({{"b", {}, own}, {"c", {}, own}, {"d"}}), SLUICE_OK);
        Receiver receiver(settings());
        const auto received = receiver.receive(3);
        given = received[0].id;
        EXPECT_THAT(given, testing::EndsWith(":1")) << "the queue does not know whether another has the id";
        EXPECT_EQ(received[0].headers.at("id"), "order 1");
        EXPECT_EQ(received[1].id, own);
        EXPECT_EQ(received[1].headers.at("id"), own);
        EXPECT_EQ(received[1].position, 0u) << "it has no place in the stream of the queue's own ids";
        EXPECT_THAT(received[2].id, testing::EndsWith(":3"));
        EXPECT_EQ(depths(*receiver).bytes, 3 + own.size() + 7) << "bytes, not characters";
    }
    {
        Publisher publisher(deduplicating);  // one that forwards to its own queue
        ASSERT_EQ(publisher.publish({{"a again", {}, given}}), SLUICE_OK);
    }
    Receiver receiver(settings());
    const auto received = receiver.receive(4);
    EXPECT_EQ(received[1].id, own) << "after a restart, too";
    EXPECT_THAT(received[3].id, testing::EndsWith(":4")) << "the other id names the message that the queue gave it to";
    EXPECT_EQ(receiver.ack(received), SLUICE_OK);
    EXPECT_EQ(depths(*receiver).bytes, 0u);
    EXPECT_EQ(number("SELECT bytes FROM sluice_queue"), 0);
}

TEST_F(Queues, CountTheBytesOfIdsInFilesOfBefore) {
    QueueSettings deduplicating = settings();
    deduplicating.deduplicate = true;
    Publisher(deduplicating).close();
    run_sql(
        "DROP TRIGGER sluice_settle_1; CREATE TRIGGER sluice_settle_1 INSTEAD OF INSERT ON sluice_settle_1 BEGIN "
        "SELECT length(id) FROM sluice_queue_1; END");
    Publisher publisher(deduplicating);
    EXPECT_EQ(number("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%CAST(id AS BLOB)%'"), 1);
}

TEST_F(Queues, ForgetIdsAfterAWhile) {
    QueueSettings deduplicating = settings();
    deduplicating.deduplicate = true;
    deduplicating.keep = 1ms;
    Publisher publisher(deduplicating);
    EXPECT_EQ(publisher.publish({{"a", {}, "1"}}), SLUICE_OK);
    const auto deadline = std::chrono::steady_clock::now() + 60s;  // each transaction that adds an id looks for old ones
    for (int i = 2;
         number("SELECT count(*) FROM sluice_ids_1 WHERE id = x'31'") != 0 && std::chrono::steady_clock::now() < deadline; ++i)
        EXPECT_EQ(publisher.publish({{"b", {}, std::to_string(i)}}), SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM sluice_ids_1 WHERE id = x'31'"), 0);
}

TEST_F(Queues, HaveAName) {
    QueueSettings nameless = settings();
    nameless.queue = "";
    EXPECT_THROW(QueueSource{nameless}, Failure);
}

TEST_F(Queues, DeliverEverythingUnsettledAgainAfterACrashBeforeWhatIsNewer) {
    {
        Publisher publisher(settings());
        ASSERT_EQ(publisher.publish(numbered(0, 10)), SLUICE_OK);
        Receiver receiver(settings());
        const auto got = receiver.poll(8);
        ASSERT_EQ(receiver.settle({got[1].tag, got[2].tag, got[5].tag}, SLUICE_ACK), SLUICE_OK);
    }
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish("10"), SLUICE_OK);
    Receiver receiver(settings());
    EXPECT_THAT(receiver.bodies(), ElementsAre("0", "3", "4", "6", "7", "8", "9", "10"));
}

TEST_F(Queues, ConfirmAnAckOnlyWhenItIsDurable) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 3)), SLUICE_OK);
    Receiver receiver(settings());
    const auto got = receiver.poll();
    const FileUse file = File::share(path(), {}, interruption);
    std::vector<sluice_settlement> items;
    for (const Delivered& each : got) items.push_back({each.tag, SLUICE_ACK, 0, 0, {}, 0, 0});
    {
        const HeldWriter held(file->writer());
        EXPECT_EQ(receiver->settle(items).code(), SLUICE_QUEUED);
        EXPECT_THAT(receiver.poll(), IsEmpty());
        EXPECT_THAT(receiver.settled, IsEmpty());
        EXPECT_EQ(number("SELECT count(*) FROM sluice_queue_1"), 3);
    }
    const auto deadline = std::chrono::steady_clock::now() + 60s;  // a waiting poll ends when the confirmations come
    while (receiver.settled.size() < 3 && std::chrono::steady_clock::now() < deadline)
        EXPECT_THAT(receiver.poll(10, 60s), IsEmpty());
    EXPECT_THAT(receiver.settled, ElementsAre(Pair(1u, SLUICE_OK), Pair(2u, SLUICE_OK), Pair(3u, SLUICE_OK)));
    EXPECT_EQ(number("SELECT count(*) FROM sluice_queue_1"), 0);
}

TEST_F(Queues, WakeAWaitingPollWhenSomethingIsPublished) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    std::jthread later([&] { EXPECT_EQ(publisher.publish("x"), SLUICE_OK); });
    EXPECT_EQ(receiver.poll(10, 60s).size(), 1u);
}

TEST_F(Queues, EndAWaitingPollWhenTheyAreWoken) {
    Receiver receiver(settings());
    receiver->wake();
    EXPECT_THAT(receiver.poll(10, 60s), IsEmpty());
    std::jthread later([&] { receiver->wake(); });
    EXPECT_THAT(receiver.poll(10, 60s), IsEmpty());
    EXPECT_EQ(receiver.last.code(), SLUICE_OK);
}

TEST_F(Queues, EndWithUntilEmptyOnceNothingIsStoredDelayedOrInFlight) {
    QueueSettings finite = settings();
    finite.until_empty = true;
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish({{"a"}, {"b", {}, {}, 50}}), SLUICE_OK);
    Receiver receiver(finite);
    EXPECT_NE(receiver->capabilities() & SLUICE_QUEUE_FINITE, 0u);
    const auto got = receiver.receive(2);
    EXPECT_THAT(receiver.poll(), IsEmpty());
    EXPECT_EQ(receiver.last.code(), SLUICE_OK);
    ASSERT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE), SLUICE_OK);
    ASSERT_EQ(receiver.settle(got[1].tag, SLUICE_ACK), SLUICE_OK);
    ASSERT_EQ(receiver.ack(receiver.poll()), SLUICE_OK);
    EXPECT_THAT(receiver.poll(), IsEmpty());
    EXPECT_EQ(receiver.last.code(), SLUICE_END);
}

TEST_F(Queues, OfOneFileAreApartByName) {
    QueueSettings other = settings();
    other.queue = "other";
    Publisher publisher(settings());
    Publisher other_publisher(other);
    ASSERT_EQ(publisher.publish("a"), SLUICE_OK);
    ASSERT_EQ(other_publisher.publish("b"), SLUICE_OK);
    Receiver receiver(settings());
    Receiver other_receiver(other);
    EXPECT_THAT(receiver.bodies(), ElementsAre("a"));
    EXPECT_THAT(other_receiver.bodies(), ElementsAre("b"));
}

TEST_F(Queues, ShareTheirFileWithADatabase) {
    Settings of_database;
    of_database.path = path();
    of_database.setup = "CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY, value INTEGER NOT NULL)";
    auto store = std::make_unique<Store>(of_database);
    Publisher publisher(settings());
    store->open();
    Receiver receiver(settings());
    EXPECT_EQ(store->resource_id(), publisher->resource_id());
    EXPECT_EQ(store->resource_id(), receiver->resource_id());
    ASSERT_EQ(publisher.publish("a"), SLUICE_OK);
    {
        Worker worker(*store);
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, "INSERT INTO item VALUES(1, 2)");
        EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    }
    store.reset();
    EXPECT_THAT(receiver.bodies(), ElementsAre("a"));
    EXPECT_EQ(publisher.publish("b"), SLUICE_OK);
}

TEST_F(Queues, HaveOneSource) {
    Receiver receiver(settings());
    QueueSource second(settings());
    try {
        (void)second.open({});
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(), "the queue \"default\" in \"" + path() +
                                      "\" is received by another source of this configuration: configure one source, and let "
                                      "several pools take their messages from it");
    }
    receiver.close();
    EXPECT_TRUE(second.open({}).ok());
}

TEST_F(Queues, TellBelowWhichPositionEverythingIsGone) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 4)), SLUICE_OK);
    Receiver receiver(settings());
    const auto got = receiver.poll();
    ASSERT_EQ(receiver.settle({got[0].tag, got[1].tag, got[3].tag}, SLUICE_ACK), SLUICE_OK);
    EXPECT_EQ(receiver.confirmed_below, got[2].position);
    EXPECT_TRUE(got[2].id.starts_with(receiver.confirmed_stream + ":"));
    ASSERT_EQ(receiver.settle(got[2].tag, SLUICE_ACK), SLUICE_OK);
    EXPECT_EQ(receiver.confirmed_below, got[3].position + 1);
}

TEST_F(Queues, HandAMessageThatTheHostDoesNotTakeOverAsRefused) {
    Publisher publisher(settings());
    const std::string long_key(QueueReader::refused_body_max + 1, 'k');
    ASSERT_EQ(publisher.publish({{std::string(100'000, 'x'), "k"}, {"small"}, {std::string(100'000, 'x'), long_key}}),
              SLUICE_OK);
    Receiver receiver(settings());
    receiver.largest_body = 70'000;
    const auto got = receiver.poll();
    ASSERT_EQ(got.size(), 3u);
    EXPECT_EQ(got[0].message_key, "k");
    EXPECT_EQ(got[2].message_key, "") << "it may be what is too large";
    EXPECT_EQ(got[0].body.size(), QueueReader::refused_body_max);
    EXPECT_EQ(got[0].refused, "the message is larger than the host takes, or has too many headers");
    EXPECT_EQ(got[1].body, "small");
}

}  // namespace
}  // namespace sluice::sqlite
