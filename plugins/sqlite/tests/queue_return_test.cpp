// Messages that come back to a queue: in which order and when it delivers them again.
#include <thread>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Queues = QueueTest;
using namespace std::chrono_literals;

TEST_F(Queues, DeliverWhatIsGivenBackBeforeWhatIsNewer) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 8)), SLUICE_OK);
    Receiver receiver(settings());
    const auto got = receiver.poll(5);
    EXPECT_EQ(receiver.settle({got[3].tag, got[1].tag}, SLUICE_RELEASE), SLUICE_OK);
    const auto next = receiver.poll(4);
    std::vector<std::pair<std::string, std::uint32_t>> bodies_and_flags;
    for (const Delivered& each : next) bodies_and_flags.emplace_back(each.body, each.flags);
    EXPECT_THAT(bodies_and_flags, ElementsAre(Pair("1", SLUICE_MESSAGE_REDELIVERED), Pair("3", SLUICE_MESSAGE_REDELIVERED),
                                              Pair("5", 0u), Pair("6", 0u)));
    EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE), SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("0", "7"));
}

TEST_F(Queues, KeepTheOrderOfWhatIsGivenBackWithAnAttemptWhileThatIsStored) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 3)), SLUICE_OK);
    Receiver receiver(settings());
    const auto got = receiver.poll(1);
    const FileUse file = File::share(path(), {}, interruption);
    const sluice_settlement back{got[0].tag, SLUICE_RELEASE, 4, 0, {}, 0, 0};
    {
        const HeldWriter held(file->writer());
        EXPECT_EQ(receiver->settle(std::span(&back, 1)).code(), SLUICE_QUEUED);
        EXPECT_THAT(receiver.bodies(), IsEmpty());  // nothing newer before it
    }
    const auto again = receiver.receive(3);
    EXPECT_EQ(again.at(0).body, "0");
    EXPECT_EQ(again.at(0).attempt, 4u);
}

TEST_F(Queues, DeliverWhatIsGivenBackWithADelayWhenItIsDue) {
    Publisher publisher(settings());
    ASSERT_EQ(publisher.publish(numbered(0, 3)), SLUICE_OK);
    Receiver receiver(settings());
    const auto got = receiver.poll(2);
    const auto began = std::chrono::steady_clock::now();
    ASSERT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE, 2, 80), SLUICE_OK);
    EXPECT_EQ(depths(*receiver).delayed, 1u);
    EXPECT_THAT(receiver.bodies(), ElementsAre("2"));
    const auto again = receiver.receive(1);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 79ms);
    EXPECT_EQ(again.at(0).body, "0");
    EXPECT_EQ(again.at(0).attempt, 2u);
    EXPECT_EQ(depths(*receiver).in_flight, 3u);
}

TEST_F(Queues, DeliverADelayedMessageOnceThatCameBeforeItsTurnAndWasGivenBack) {
    Publisher publisher(settings());
    Receiver receiver(settings());
    ASSERT_EQ(publisher.publish({{"a"}, {"b"}, {"late", {}, {}, 1}}), SLUICE_OK);
    std::this_thread::sleep_for(2ms);  // let it be due: nothing tells when it is
    const auto first = receiver.poll(1);
    ASSERT_EQ(first.at(0).body, "late");
    ASSERT_EQ(receiver.settle(first[0].tag, SLUICE_RELEASE, 2), SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("late", "a", "b"));
    EXPECT_THAT(receiver.bodies(), IsEmpty());
}

TEST_F(Queues, DeliverADelayedMessageWhenItIsDueAlsoAfterARestart) {
    {
        Publisher publisher(settings());
        ASSERT_EQ(publisher.publish({{"late", {}, {}, 100}, {"later", {}, {}, 3'600'000}, {"now"}}), SLUICE_OK);
    }
    Receiver receiver(settings());
    const auto got = receiver.receive(2);
    EXPECT_EQ(got.at(0).body, "now");
    EXPECT_EQ(got.at(1).body, "late");
    EXPECT_EQ(depths(*receiver).delayed, 1u);
    EXPECT_EQ(depths(*receiver).ready, 0u);
}

TEST_F(Queues, DeliverWhatWasDelayedAndInFlightAtACrashInTheOldOrder) {
    {
        Publisher publisher(settings());
        ASSERT_EQ(publisher.publish({{"a", {}, {}, 60}, {"b"}, {"c", {}, {}, 1}}), SLUICE_OK);
        Receiver receiver(settings());
        ASSERT_EQ(receiver.receive(3).size(), 3u);
    }
    Receiver receiver(settings());
    EXPECT_THAT(receiver.bodies(), ElementsAre("a", "b", "c"));
    EXPECT_THAT(receiver.bodies(), IsEmpty());
}

TEST_F(Queues, KeepAttemptsOverARestart) {
    {
        Publisher publisher(settings());
        ASSERT_EQ(publisher.publish(numbered(0, 2)), SLUICE_OK);
        Receiver receiver(settings());
        const auto got = receiver.poll();
        EXPECT_EQ(receiver.settle(got[1].tag, SLUICE_ATTEMPTED, 3), SLUICE_OK);
        EXPECT_TRUE(receiver->flush().ok());
        EXPECT_THAT(receiver.settled, IsEmpty());  // never answered
    }
    Receiver receiver(settings());
    const auto again = receiver.poll();
    EXPECT_EQ(again.at(0).attempt, 1u);
    EXPECT_EQ(again.at(0).flags, 0u) << "it has not failed, so that nothing is known of its delivery";
    EXPECT_EQ(again.at(1).attempt, 3u);
    EXPECT_EQ(again.at(1).flags, SLUICE_MESSAGE_REDELIVERED);
}

TEST_F(Queues, TakeNoSettlementThatTheyDoNotKnowForAnAck) {
    ASSERT_EQ(Publisher(settings()).publish(numbered(0, 1)), SLUICE_OK);
    Receiver receiver(settings());
    const auto got = receiver.poll();
    EXPECT_EQ(receiver.settle(got.at(0).tag, 99), SLUICE_INVALID);
    EXPECT_EQ(depths(*receiver).in_flight, 1u) << "it can still be settled";
    EXPECT_EQ(receiver.settle(got.at(0).tag, SLUICE_RELEASE), SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("0"));
}

TEST_F(Queues, KeepWhatIsDeadAndDoNotDeliverIt) {
    ASSERT_EQ(Publisher(settings()).publish(numbered(0, 2)), SLUICE_OK);
    bury(1);
    Receiver receiver(settings());
    EXPECT_THAT(receiver.bodies(), ElementsAre("1"));
    EXPECT_EQ(depths(*receiver).dead, 1u);
}

}  // namespace
}  // namespace sluice::sqlite
