// Deliveries of a queue that are acked in the unit of their effects.
#include "database_fixture.hpp"
#include "source.hpp"

namespace sluice::contract {
namespace {

using testing::SizeIs;

class QueueInUnits : public DatabaseContract {
protected:
    QueueInUnits() : DatabaseContract(far_longer, false), source(queue(engine.queue), folder) {
        queue(engine.queue).fill(folder, numbered_bodies());
        EXPECT_TRUE(source.open().ok());
        got = source.take(stored);
        EXPECT_THAT(got, SizeIs(stored));
    }

    // A unit that writes a row for each of these deliveries and acks them; their tickets are their numbers, from 1 on.
    std::uint64_t unit_of(const std::vector<std::size_t>& numbers, bool reads = false) {
        const auto unit = worker->begun();
        std::vector<std::pair<sluice_ticket, std::uint64_t>> acks;
        for (const std::size_t number : numbers) {
            EXPECT_TRUE(write(unit, number + 1, static_cast<std::int64_t>(number)).is_taken());
            Rows found;
            if (reads) {
                EXPECT_TRUE(worker->query(unit, number + 1, count, found).ok());
            }
            acks.emplace_back(number + 1, got[number].tag);
        }
        const Answer answer = worker->settle(unit, source.name_in_unit(), acks);
        EXPECT_TRUE(answer.is_taken()) << answer;
        return unit;
    }
    // What is acked in a unit is only forgotten by its queue.
    void forget(const std::vector<std::size_t>& numbers) {
        std::vector<sluice_settlement> items;
        for (const std::size_t number : numbers) items.push_back(settlement(got[number].tag, SLUICE_ACKED_IN_UNIT));
        EXPECT_TRUE(source.settle(items).is_taken());
        EXPECT_TRUE(source.flush().ok());
        for (const std::size_t number : numbers)
            EXPECT_EQ(source.settled[got[number].tag], std::vector<sluice_status>{SLUICE_OK});
    }
    Bodies left() {
        source.close();
        EXPECT_TRUE(source.open().ok());
        return bodies_of(source.take_what_is_there());
    }

    Source source;
    std::vector<Delivery> got;
};

TEST_P(QueueInUnits, LivesInTheSameResourceAndHasAName) {
    EXPECT_EQ(source.resource_id(), database.resource_id());
    EXPECT_FALSE(source.resource_id().empty());
    EXPECT_FALSE(source.name_in_unit().empty());
}

TEST_P(QueueInUnits, IsAckedWithTheEffects) {
    for (const bool reads : {false, true}) {
        const std::vector<std::size_t> numbers = reads ? std::vector<std::size_t>{2, 3} : std::vector<std::size_t>{0, 1};
        EXPECT_EQ(worker->commit(unit_of(numbers, reads)).status, SLUICE_OK);
        forget(numbers);
    }
    EXPECT_EQ(rows(), "4");
    EXPECT_THAT(left(), SizeIs(stored - 4));
}

TEST_P(QueueInUnits, IsGoneEvenIfTheQueueHearsNothingOfIt) {
    EXPECT_EQ(worker->commit(unit_of({0, 1, 2})).status, SLUICE_OK);
    EXPECT_THAT(left(), SizeIs(stored - 3));
}

TEST_P(QueueInUnits, IsNotAckedByAUnitThatIsAbandoned) {
    for (const bool reads : {false, true}) worker->abandon(unit_of({0, 1}, reads));
    EXPECT_EQ(rows(), "0");
    EXPECT_EQ(left(), numbered_bodies());
}

TEST_P(QueueInUnits, IsNotAckedByAMessageThatFails) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    const Ended ended = worker->commit(unit_of({0, 1, 2}));
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.of(2), SLUICE_CONSTRAINT);
    EXPECT_EQ(left(), (Bodies{numbered_bodies()[1], numbered_bodies()[3], numbered_bodies()[4], numbered_bodies()[5],
                              numbered_bodies()[6], numbered_bodies()[7]}));
}

TEST_P(QueueInUnits, IsNotAckedForWhatIsDropped) {
    const auto unit = unit_of({0, 1});
    worker->drop(unit, 2);
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(rows(), "1");
    EXPECT_THAT(left(), SizeIs(stored - 1));
}

TEST_P(QueueInUnits, MayBeAckedWithoutAnyEffect) {
    const auto unit = worker->begun();
    EXPECT_TRUE(worker->settle(unit, source.name_in_unit(), {{1, got[0].tag}, {2, got[1].tag}}).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_THAT(left(), SizeIs(stored - 2));
}

TEST_P(QueueInUnits, ADeliveryThatIsGoneLosesItsMessageAndNoOther) {
    source.ack({got[1]});
    const Ended ended = worker->commit(unit_of({0, 1, 2}));
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.of(1), SLUICE_OK);
    EXPECT_EQ(ended.of(2), SLUICE_LOST_LEASE);
    EXPECT_EQ(ended.of(3), SLUICE_OK);
    EXPECT_EQ(rows(), "2");
}

TEST_P(QueueInUnits, ADeliveryThatIsGoneDoesNotHoldUpTheUnitsBehindIt) {
    source.ack({got[1]});
    std::uint64_t token = 1;
    for (const std::size_t number : {0, 1, 2, 3}) {
        const auto unit = unit_of({number});
        EXPECT_TRUE(worker->seal(unit).ok());
        worker->submit(unit, token++);
    }
    for (token = 1; token <= 4; ++token) {
        const Ended ended = worker->wait(token);
        EXPECT_EQ(ended.status, SLUICE_OK) << ended.text;
        EXPECT_EQ(ended.of(token), token == 2 ? SLUICE_LOST_LEASE : SLUICE_OK);
    }
    EXPECT_EQ(rows(), "3");
}

TEST_P(QueueInUnits, AllDeliveriesThatAreGoneEndTheirMessages) {
    source.ack(got);
    const Ended ended = worker->commit(unit_of({0, 1, 2, 3}));
    EXPECT_EQ(ended.status, SLUICE_OK);
    for (sluice_ticket ticket = 1; ticket <= 4; ++ticket) EXPECT_EQ(ended.of(ticket), SLUICE_LOST_LEASE);
    EXPECT_EQ(rows(), "0");
    EXPECT_EQ(commit_row(100).status, SLUICE_OK);
}

TEST_P(QueueInUnits, ADeliveryThatIsGoneIsSaidAlsoWhereAllOfTheUnitRunsAgain) {
    source.ack({got[0]});
    const Ended ended = worker->commit(unit_of({0, 1}, true));
    EXPECT_EQ(ended.of(1), SLUICE_LOST_LEASE);
    EXPECT_THAT(ended.of(2), testing::AnyOf(SLUICE_OK, SLUICE_CONFLICT));
    EXPECT_EQ(rows(), ended.status == SLUICE_OK ? "1" : "0");
    if (ended.status == SLUICE_OK) return;
    worker->restart();
    EXPECT_EQ(worker->commit(unit_of({1}, true)).status, SLUICE_OK);
    EXPECT_EQ(rows(), "1");
}

TEST_P(QueueInUnits, ATagThatWasNeverGivenIsLost) {
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    EXPECT_TRUE(worker->settle(unit, source.name_in_unit(), {{1, 999'999}}).is_taken());
    EXPECT_EQ(worker->commit(unit).of(1), SLUICE_LOST_LEASE);
    EXPECT_EQ(rows(), "0");
}

TEST_P(QueueInUnits, OfANameThatIsNoneIsRefused) {
    for (const char* name : {"", "no such queue", "item"}) {
        const auto unit = worker->begun();
        EXPECT_FALSE(worker->settle(unit, name, {{1, got[0].tag}}).is_taken()) << name;
        worker->abandon(unit);
    }
    EXPECT_EQ(left(), numbered_bodies());
}

TEST_P(QueueInUnits, IsNotSettledInASealedUnitOrInNone) {
    const auto unit = worker->begun();
    EXPECT_TRUE(worker->seal(unit).ok());
    EXPECT_FALSE(worker->settle(unit, source.name_in_unit(), {{1, got[0].tag}}).is_taken());
    worker->abandon(unit);
    EXPECT_FALSE(worker->settle(unit, source.name_in_unit(), {{1, got[0].tag}}).is_taken());
}

TEST_P(QueueInUnits, IsOnlyAckedThere) {
    const auto unit = worker->begun();
    EXPECT_FALSE(worker->settle(unit, source.name_in_unit(), {{1, got[0].tag}}, SLUICE_RELEASE).is_taken());
    worker->abandon(unit);
}

INSTANTIATE_TEST_SUITE_P(, QueueInUnits, testing::ValuesIn(databases([](auto& engine) {
                             return (engine.capabilities & SLUICE_DATABASE_SETTLES) != 0 && !engine.queue.empty();
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
