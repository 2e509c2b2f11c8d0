// Calls of several messages of a unit that are mixed, as those of a handler that takes many messages in one call: first all are
// recorded, then written in any order, then some are dropped.
#include "database_fixture.hpp"

namespace sluice::contract {
namespace {

using testing::ElementsAre;

class Mixed : public DatabaseContract {
protected:
    static Identity identity_of(sluice_ticket ticket) { return {"m" + std::to_string(ticket)}; }
    std::uint64_t begun_with(sluice_ticket messages) {
        const auto unit = worker->begun();
        for (sluice_ticket ticket = 1; ticket <= messages; ++ticket)
            EXPECT_TRUE(worker->record(unit, ticket, identity_of(ticket)).ok());
        return unit;
    }
    // Rows 10 times the ticket and what follows, in the order given: of each ticket the next.
    void write_all(std::uint64_t unit, std::initializer_list<sluice_ticket> order) {
        std::map<sluice_ticket, std::int64_t> written;
        for (const sluice_ticket ticket : order)
            EXPECT_TRUE(write(unit, ticket, static_cast<std::int64_t>(ticket) * 10 + written[ticket]++).is_taken());
    }
    // Of all rows, as one text.
    std::string ids() {
        Rows found;
        EXPECT_TRUE(worker->query(0, 0, "SELECT id FROM item ORDER BY id", found).ok());
        std::string all;
        for (const Row& row : found) all += (all.empty() ? "" : ",") + row[0];
        return all;
    }
    bool is_recorded(sluice_ticket ticket) {
        const auto unit = worker->begun();
        const Answer answer = worker->record(unit, 1, identity_of(ticket));
        if (answer.status == SLUICE_SEEN) {
            worker->abandon(unit);
            return true;
        }
        return worker->commit(unit).of(1) == SLUICE_SEEN;
    }
};

TEST_P(Mixed, HaveTheEffectsOfEachMessage) {
    const auto unit = begun_with(4);
    write_all(unit, {3, 1, 2, 1, 4, 3, 1});
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(ids(), "10,11,12,20,30,31,40");
    for (const sluice_ticket ticket : {1, 2, 3, 4}) EXPECT_TRUE(is_recorded(ticket));
}

TEST_P(Mixed, AreWrittenWithoutRecordsToo) {
    const auto unit = worker->begun();
    write_all(unit, {3, 1, 2, 3, 1});
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(ids(), "10,11,20,30,31");
}

TEST_P(Mixed, AreDroppedAndForgottenOneByOne) {
    const auto unit = begun_with(5);
    write_all(unit, {5, 2, 1, 3, 2, 4, 3, 5});
    worker->drop(unit, 2);
    worker->forget(unit, 3);
    worker->drop(unit, 5);
    // What is handled again by itself has another ticket.
    EXPECT_TRUE(worker->record(unit, 6, identity_of(3)).ok());
    EXPECT_TRUE(write(unit, 6, 60).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(ids(), "10,40,60");
    for (const sluice_ticket ticket : {1, 2, 3, 4, 5}) EXPECT_TRUE(is_recorded(ticket)) << ticket;
    EXPECT_FALSE(is_recorded(7));
}

TEST_P(Mixed, HaveNoEffectsOfAMessageThatIsFoundToBeKnownAtTheEnd) {
    Worker other(database);
    const auto unit = begun_with(3);
    const auto before = other.begun();
    EXPECT_TRUE(other.record(before, 1, identity_of(2)).ok());
    EXPECT_EQ(other.commit(before).status, SLUICE_OK);
    write_all(unit, {1, 2, 3, 2, 1});
    const Ended ended = worker->commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.of(2), SLUICE_SEEN);
    EXPECT_EQ(ids(), "10,11,30");
}

TEST_P(Mixed, FailOnlyWhereTheyBreakARule) {
    EXPECT_EQ(commit_row(31).status, SLUICE_OK);
    const auto unit = begun_with(3);
    write_all(unit, {3, 2, 3, 1, 2});  // 31 is there already
    const Ended ended = worker->commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_EQ(ended.of(3), SLUICE_CONSTRAINT);
    EXPECT_EQ(ended.of(1), SLUICE_OK);
    EXPECT_EQ(ids(), "10,20,21,31") << "of the third message nothing";
}

TEST_P(Mixed, MayBeFollowedByMessagesThatQueryInTheUnit) {
    const auto unit = begun_with(2);
    write_all(unit, {2, 1, 2});
    EXPECT_TRUE(worker->record(unit, 3, identity_of(3)).ok());
    Rows found;
    EXPECT_TRUE(worker->query(unit, 3, "SELECT id FROM item ORDER BY id", found).ok());
    EXPECT_THAT(found, ElementsAre(Row{"10"}, Row{"20"}, Row{"21"}));
    EXPECT_TRUE(write(unit, 3, 30).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(ids(), "10,20,21,30");
}

// As a message that is rejected, or tried again, after it has asked.
TEST_P(Mixed, ForgetAMessageThatHasQueriedWithItsRecordAndNothingElse) {
    const auto unit = begun_with(1);
    write_all(unit, {1});
    EXPECT_TRUE(worker->record(unit, 2, identity_of(2)).ok());
    EXPECT_TRUE(write(unit, 2, 20).is_taken());
    Rows found;
    EXPECT_TRUE(worker->query(unit, 2, count, found).ok());
    worker->forget(unit, 2);
    EXPECT_TRUE(worker->record(unit, 3, identity_of(3)).ok());
    EXPECT_TRUE(write(unit, 3, 30).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(ids(), "10,30");
    EXPECT_TRUE(is_recorded(1));
    EXPECT_FALSE(is_recorded(2));
    EXPECT_TRUE(is_recorded(3));
}

INSTANTIATE_TEST_SUITE_P(, Mixed, testing::ValuesIn(databases()), name_of);

}  // namespace
}  // namespace sluice::contract
