// Records of messages, so that none takes effect twice, and what is kept with them.
#include "database_fixture.hpp"

namespace sluice::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Records : public DatabaseContract {
protected:
    // A unit of one message with a record and a row.
    Ended commit_with(const Identity& identity, std::int64_t id) {
        const auto unit = worker->begun();
        const Answer answer = worker->record(unit, 1, identity);
        if (answer.status == SLUICE_SEEN) {
            worker->abandon(unit);
            return {SLUICE_SEEN, {}, {}};
        }
        EXPECT_TRUE(answer.ok()) << answer;
        EXPECT_TRUE(write(unit, 1, id).is_taken());
        return worker->commit(unit);
    }
};

TEST_P(Records, OfAnIdAreFoundAgain) {
    EXPECT_EQ(commit_with({"a"}, 1).of(1), SLUICE_OK);
    EXPECT_EQ(commit_with({"b"}, 2).of(1), SLUICE_OK);
    EXPECT_EQ(commit_with({"a"}, 3).of(1), SLUICE_SEEN);
    reconnect();
    EXPECT_EQ(commit_with({"b"}, 4).of(1), SLUICE_SEEN);
    EXPECT_EQ(rows(), "2");
}

TEST_P(Records, OfAPositionAreFoundAgain) {
    for (const std::uint64_t position : {0, 1, 5})
        EXPECT_EQ(commit_with(Identity::at(position), static_cast<std::int64_t>(position)).of(1), SLUICE_OK);
    reconnect();
    for (const std::uint64_t position : {0, 1, 5}) EXPECT_EQ(commit_with(Identity::at(position), 100).of(1), SLUICE_SEEN);
    EXPECT_EQ(commit_with(Identity::at(2), 2).of(1), SLUICE_OK);
    EXPECT_EQ(rows(), "4");
}

TEST_P(Records, OfAnotherSourceAreOthers) {
    EXPECT_EQ(commit_with({"a", "one"}, 1).of(1), SLUICE_OK);
    EXPECT_EQ(commit_with({"a", "two"}, 2).of(1), SLUICE_OK);
    EXPECT_EQ(commit_with({"a", "one"}, 3).of(1), SLUICE_SEEN);
}

TEST_P(Records, OfAMessageThatComesTwiceInAUnitCountOnce) {
    for (const Identity& identity : {Identity{"a"}, Identity::at(7)}) {
        const auto unit = worker->begun();
        const std::int64_t base = identity.stream_size == 0 ? 0 : 10;
        for (sluice_ticket ticket = 1; ticket <= 2; ++ticket) {
            const Answer answer = worker->record(unit, ticket, identity);
            EXPECT_TRUE(answer.ok() || answer.status == SLUICE_SEEN) << answer;
            if (answer.ok()) {
                EXPECT_TRUE(write(unit, ticket, base + static_cast<std::int64_t>(ticket)).is_taken());
            }
        }
        const Ended ended = worker->commit(unit);
        EXPECT_EQ(ended.of(1), SLUICE_OK);
    }
    EXPECT_EQ(rows(), "2");
}

TEST_P(Records, OfWhatIsDroppedStay) {
    for (const Identity& identity : {Identity{"a"}, Identity::at(7)}) {
        const auto unit = worker->begun();
        EXPECT_TRUE(worker->record(unit, 1, identity).ok());
        EXPECT_TRUE(write(unit, 1, 1).is_taken());
        worker->drop(unit, 1);
        EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
        EXPECT_EQ(rows(), "0");
        EXPECT_EQ(commit_with(identity, 1).of(1), SLUICE_SEEN);
    }
}

TEST_P(Records, OfWhatIsForgottenAreGone) {
    for (const Identity& identity : {Identity{"a"}, Identity::at(7)}) {
        const auto unit = worker->begun();
        EXPECT_TRUE(worker->record(unit, 1, identity).ok());
        EXPECT_TRUE(write(unit, 1, 1).is_taken());
        worker->forget(unit, 1);
        EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
        EXPECT_EQ(commit_with(identity, identity.stream_size == 0 ? 1 : 2).of(1), SLUICE_OK);
    }
    EXPECT_EQ(rows(), "2");
}

TEST_P(Records, OfAnAbandonedUnitAreGone) {
    const auto unit = worker->begun();
    EXPECT_TRUE(worker->record(unit, 1, {"a"}).ok());
    worker->abandon(unit);
    EXPECT_EQ(commit_with({"a"}, 1).of(1), SLUICE_OK);
}

TEST_P(Records, OfAMessageThatFailsAreGone) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    EXPECT_EQ(commit_with({"a"}, 1).of(1), SLUICE_CONSTRAINT);
    EXPECT_EQ(commit_with({"a"}, 2).of(1), SLUICE_OK);
}

TEST_P(Records, MayBeOfAnIdAndAPosition) {
    const auto unit = worker->begun();
    EXPECT_TRUE(worker->record(unit, 1, {"a"}).ok());
    EXPECT_TRUE(worker->record(unit, 1, Identity::at(3)).ok());
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(commit_with({"a"}, 2).of(1), SLUICE_SEEN);
    EXPECT_EQ(commit_with(Identity::at(3), 3).of(1), SLUICE_SEEN);
}

TEST_P(Records, AreListedAsRanges) {
    if (database.table().recorded == nullptr) GTEST_SKIP() << "it lists none";
    for (const std::uint64_t position : {0, 1, 2, 7})
        EXPECT_EQ(commit_with(Identity::at(position), static_cast<std::int64_t>(position)).of(1), SLUICE_OK);
    reconnect();
    Ranges ranges;
    EXPECT_TRUE(database.recorded(ranges).ok());
    std::set<std::uint64_t> positions;
    for (const auto& [stream, from, to] : ranges) {
        EXPECT_EQ(stream, "stream");
        for (std::uint64_t position = from; position < to; ++position) positions.insert(position);
    }
    EXPECT_THAT(positions, ElementsAre(0, 1, 2, 7));
    Ranges first;
    EXPECT_TRUE(database.recorded(first, 1).ok());
    EXPECT_EQ(first.size(), 1u);
}

TEST_P(Records, BelowWhatIsConfirmedAreStillKnown) {
    for (std::uint64_t position = 0; position < 5; ++position)
        EXPECT_EQ(commit_with(Identity::at(position), static_cast<std::int64_t>(position)).of(1), SLUICE_OK);
    worker->confirm_below("stream", 4);
    worker->confirm_below("stream", UINT64_MAX / 2);
    EXPECT_EQ(commit_with({"x"}, 100).of(1), SLUICE_OK);  // takes it along
    reconnect();
    for (std::uint64_t position = 0; position < 5; ++position)
        EXPECT_EQ(commit_with(Identity::at(position), 200).of(1), SLUICE_SEEN);
}

INSTANTIATE_TEST_SUITE_P(, Records, testing::ValuesIn(databases([](auto& engine) {
                             return (engine.capabilities & SLUICE_DATABASE_DEDUPLICATES) != 0;
                         })),
                         name_of);

// ---- publishes that are kept -----------------------------------------------------------------------------------------------

class KeptPublishes : public Records {
protected:
    KeptPublishes() { can = database.table().keep_publishes != nullptr; }

    void keep(const Identity& identity, std::int64_t id, const std::string& publishes) {
        const auto unit = worker->begun();
        EXPECT_TRUE(worker->record(unit, 1, identity).ok());
        EXPECT_TRUE(write(unit, 1, id).is_taken());
        EXPECT_TRUE(worker->keep(unit, 1, publishes).ok());
        EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    }
    Rows kept(const Identity& identity) {
        Rows rows;
        const Answer answer = worker->kept(identity, rows);
        EXPECT_TRUE(answer.ok()) << answer;
        return rows;
    }

    bool can = false;
};

TEST_P(KeptPublishes, AreThereAfterAReopen) {
    if (!can) GTEST_SKIP() << "it keeps none";
    keep({"a"}, 1, std::string("one\0two", 7));
    keep(Identity::at(7), 2, "three");
    reconnect();
    EXPECT_THAT(kept({"a"}), ElementsAre(Row{"x'" + std::string("one\0two", 7) + "'"}));
    EXPECT_THAT(kept(Identity::at(7)), ElementsAre(Row{"x'three'"}));
    EXPECT_THAT(kept({"b"}), IsEmpty());
    EXPECT_THAT(kept(Identity::at(8)), IsEmpty());
    EXPECT_THAT(kept({"a", "another source"}), IsEmpty());
}

TEST_P(KeptPublishes, OfAnAbandonedUnitAreGone) {
    if (!can) GTEST_SKIP() << "it keeps none";
    const auto unit = worker->begun();
    EXPECT_TRUE(worker->record(unit, 1, {"a"}).ok());
    EXPECT_TRUE(worker->keep(unit, 1, "one").ok());
    worker->abandon(unit);
    EXPECT_THAT(kept({"a"}), IsEmpty());
}

TEST_P(KeptPublishes, GoOnceTheyAreDone) {
    if (!can) GTEST_SKIP() << "it keeps none";
    keep({"a"}, 1, "one");
    keep({"b"}, 2, "two");
    keep(Identity::at(7), 3, "three");
    worker->publishes_done({});
    worker->publishes_done({{"a"}, Identity::at(7), {"unknown"}});
    EXPECT_EQ(commit_row(10).status, SLUICE_OK);  // it may go with the next unit
    reconnect();
    EXPECT_THAT(kept({"a"}), IsEmpty());
    EXPECT_THAT(kept(Identity::at(7)), IsEmpty());
    EXPECT_THAT(kept({"b"}), ElementsAre(Row{"x'two'"}));
    EXPECT_EQ(commit_with({"a"}, 20).of(1), SLUICE_SEEN) << "the record stays";
}

TEST_P(KeptPublishes, NeedARecord) {
    if (!can) GTEST_SKIP() << "it keeps none";
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    EXPECT_FALSE(worker->keep(unit, 1, "one").ok());
    worker->abandon(unit);
}

INSTANTIATE_TEST_SUITE_P(, KeptPublishes, testing::ValuesIn(databases([](auto& engine) {
                             return (engine.capabilities & SLUICE_DATABASE_DEDUPLICATES) != 0;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
