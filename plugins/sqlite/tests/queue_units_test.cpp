// Acks inside a unit of work: queue and database are one file, and an ack is one of the writes of a unit.
#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class QueueUnits : public QueueTest {
protected:
    std::vector<Delivered> deliver(const std::vector<Sent>& messages) {
        EXPECT_EQ(publisher.publish(messages), SLUICE_OK);
        return receiver.poll();
    }

    const std::unique_ptr<Store> store = [this] {
        Settings settings;
        settings.path = path();
        settings.setup = "CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY, value INTEGER NOT NULL)";
        auto opened = std::make_unique<Store>(settings);
        opened->open();
        return opened;
    }();
    Publisher publisher{settings()};
    Receiver receiver{settings()};
    Worker worker{*store};
};

TEST_F(QueueUnits, AckAndEffectAreOneTransaction) {
    const auto got = deliver(numbered(0, 3));
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, "INSERT INTO item VALUES(1, 10)");
    (void)worker.write(unit, 2, "INSERT INTO item VALUES(1, 20)");  // fails, and so its message is not acked
    EXPECT_EQ(worker.settle(unit, receiver->name_in_unit(), {{1, got[0].tag}, {2, got[1].tag}}).code(), SLUICE_QUEUED);
    EXPECT_EQ(worker.commit(unit).of(2), SLUICE_CONSTRAINT);
    EXPECT_EQ(number("SELECT count(*) FROM sluice_queue_1"), 2);
    EXPECT_EQ(number("SELECT messages * 100 + bytes FROM sluice_queue"), 202);
    EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_ACKED_IN_UNIT), SLUICE_OK);
    EXPECT_EQ(depths(*receiver).in_flight, 2u);
    EXPECT_EQ(depths(*receiver).bytes, 2u);
}

TEST_F(QueueUnits, AnAckNeedsNoEffect) {
    const auto got = deliver(numbered(0, 3));
    const auto unit = worker.begin();
    (void)worker.write(unit, 2, "INSERT INTO item VALUES(2, 20)");
    const std::string queue(receiver->name_in_unit());
    EXPECT_EQ(worker.settle(unit, queue, {{1, got[0].tag}, {2, got[1].tag}, {3, got[2].tag}}).code(), SLUICE_QUEUED);
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT messages FROM sluice_queue"), 0);
}

TEST_F(QueueUnits, AnAckOfWhatIsGoneTakesTheEffectsOfItsMessageWithIt) {
    const auto got = deliver(numbered(0, 2));
    ASSERT_EQ(receiver.settle(got[0].tag, SLUICE_ACK), SLUICE_OK);
    const auto unit = worker.begin();
    (void)worker.write(unit, 1, "INSERT INTO item VALUES(1, 10)");
    (void)worker.write(unit, 2, "INSERT INTO item VALUES(2, 20)");
    EXPECT_TRUE(worker.settle(unit, receiver->name_in_unit(), {{1, got[0].tag}, {2, got[1].tag}}).code() == SLUICE_QUEUED);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.of(1), SLUICE_LOST_LEASE);
    EXPECT_THAT(ended.results.at(1).second, HasSubstr("the delivery is settled already"));
    EXPECT_EQ(ended.of(2), SLUICE_OK);
    EXPECT_EQ(number("SELECT sum(value) FROM item"), 20);
    EXPECT_EQ(number("SELECT messages FROM sluice_queue"), 0);
}

// What was applied before the ack cannot be taken back alone.
TEST_F(QueueUnits, AnAckOfWhatIsGoneLetsTheRestOfAUnitThatHasReadRunAgain) {
    const auto got = deliver(numbered(0, 2));
    ASSERT_EQ(receiver.settle(got[0].tag, SLUICE_ACK), SLUICE_OK);
    const auto run = [&](bool with_lost) {
        const auto unit = worker.begin();
        std::vector<std::int64_t> rows;
        std::vector<std::pair<sluice_ticket, std::uint64_t>> acks;
        if (with_lost) {
            (void)worker.write(unit, 1, "INSERT INTO item VALUES(1, 10)");
            acks.emplace_back(1, got[0].tag);
        }
        EXPECT_TRUE(worker.read(unit, 2, rows, "SELECT count(*) FROM item").ok());
        (void)worker.write(unit, 2, "INSERT INTO item VALUES(2, 20)");
        acks.emplace_back(2, got[1].tag);
        EXPECT_EQ(worker.settle(unit, receiver->name_in_unit(), acks).code(), SLUICE_QUEUED);
        return worker.commit(unit);
    };
    const Ended lost = run(true);
    EXPECT_EQ(lost.status, SLUICE_CONFLICT);
    EXPECT_EQ(lost.of(1), SLUICE_LOST_LEASE);
    EXPECT_EQ(number("SELECT count(*) FROM item"), 0);
    EXPECT_EQ(number("SELECT messages FROM sluice_queue"), 1);
    worker->restart();
    EXPECT_EQ(run(false).status, SLUICE_OK);
    EXPECT_EQ(number("SELECT sum(value) FROM item"), 20);
    EXPECT_EQ(number("SELECT messages FROM sluice_queue"), 0);
}

TEST_F(QueueUnits, AnAckIsUndoneWithAnAbandonedUnit) {
    const auto got = deliver({{"a"}});
    const auto unit = worker.begin();
    std::vector<std::int64_t> rows;
    EXPECT_TRUE(worker.read(unit, 1, rows, "SELECT count(*) FROM sluice_queue_1").ok());
    EXPECT_THAT(rows, ElementsAre(1));
    EXPECT_EQ(worker.settle(unit, receiver->name_in_unit(), {{1, got[0].tag}}).code(), SLUICE_QUEUED);
    worker->abandon_unit(unit);
    EXPECT_EQ(number("SELECT messages FROM sluice_queue"), 1);
    EXPECT_EQ(receiver.settle(got[0].tag, SLUICE_RELEASE), SLUICE_OK);
    EXPECT_THAT(receiver.bodies(), ElementsAre("a"));
}

TEST_F(QueueUnits, AnAckIsRefusedOfWhatIsNoQueueAndOfASealedUnit) {
    const auto got = deliver({{"a"}});
    const auto unit = worker.begin();
    for (const char* name : {"", "sluice_settle_", "sluice_settle_1; DROP TABLE item", "sluice_queue_1"})
        EXPECT_EQ(worker.settle(unit, name, {{1, got[0].tag}}).code(), SLUICE_INVALID) << name;
    EXPECT_TRUE(worker->seal(unit).ok());
    EXPECT_EQ(worker.settle(unit, receiver->name_in_unit(), {{1, got[0].tag}}).code(), SLUICE_CONTRACT);
    EXPECT_EQ(worker.settle(unit + 256, receiver->name_in_unit(), {{1, got[0].tag}}).code(), SLUICE_CONTRACT);
    worker->abandon_unit(unit);
}

TEST_F(QueueUnits, AcksPublishesAndUnitsCommitTogether) {
    const auto got = deliver({{"a"}});
    const sluice_settlement ack{got[0].tag, SLUICE_ACK, 0, 0, {}, 0, 0};
    int commits = 0;
    {
        HeldWriter held(store->writer());
        sqlite3_commit_hook(
            held.connection().handle(), [](void* count) { return ++*static_cast<int*>(count), 0; }, &commits);
        const auto unit = worker.begin();
        (void)worker.write(unit, 1, "INSERT INTO item VALUES(1, 10)");
        worker.submit(unit, 5);
        EXPECT_EQ(publisher.submit({{"b"}}, 7).code(), SLUICE_QUEUED);
        EXPECT_EQ(receiver->settle(std::span(&ack, 1)).code(), SLUICE_QUEUED);
    }
    EXPECT_EQ(worker.wait(5).status, SLUICE_OK);
    EXPECT_EQ(publisher.wait(7).first, SLUICE_OK);
    EXPECT_TRUE(receiver->flush().ok());
    EXPECT_EQ(commits, 1);
    EXPECT_THAT(receiver.bodies(), ElementsAre("b"));
}

}  // namespace
}  // namespace sluice::sqlite
