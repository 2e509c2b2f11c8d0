// Statements and units of work.
#include "database_fixture.hpp"

namespace sluice::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Statements : public DatabaseContract {};

TEST_P(Statements, ThatAreNoneAreInvalid) {
    for (const std::string_view sql : {std::string_view(), std::string_view(""), std::string_view(" "), std::string_view(";"),
                                       std::string_view(" ; \n"), std::string_view("-- nothing"), std::string_view("/* */")}) {
        std::uint32_t statement = 77;
        const Answer answer = worker->prepare(sql, statement);
        EXPECT_EQ(answer.status, SLUICE_INVALID) << "\"" << sql << "\": " << answer;
        EXPECT_THAT(answer.text, Not(IsEmpty()));
    }
}

TEST_P(Statements, ThatCouldNeverRunInAUnitAreRefused) {
    for (const char* sql :
         {"NONSENSE", "SELECT * FROM no_such_table", "INSERT INTO item VALUES(?, ?, ?, ?)", "SELECT no_such FROM item", "BEGIN",
          "COMMIT", "ROLLBACK", "SAVEPOINT a", "SELECT 1; SELECT 2", "INSERT INTO item VALUES(?, ?"}) {
        std::uint32_t statement = 0;
        const Answer answer = worker->prepare(sql, statement);
        EXPECT_EQ(answer.status, SLUICE_INVALID) << sql << ": " << answer;
    }
}

TEST_P(Statements, OfTheSameTextMayShareANumber) {
    std::uint32_t one = 0, other = 0, again = 0;
    EXPECT_TRUE(worker->prepare(insert, one).ok());
    EXPECT_TRUE(worker->prepare(count, other).ok());
    EXPECT_TRUE(worker->prepare(insert, again).ok());
    EXPECT_NE(one, other);
    EXPECT_NE(again, other);
}

TEST_P(Statements, AreDescribed) {
    if (database.table().describe == nullptr) GTEST_SKIP() << "it describes nothing";
    sluice_statement description{};
    ASSERT_TRUE(worker->describe(worker->prepared(insert), description).ok());
    EXPECT_EQ(description.parameters, 2u);
    EXPECT_EQ(description.reads_only, 0u);
    ASSERT_TRUE(worker->describe(worker->prepared("SELECT id FROM item WHERE id = ?"), description).ok());
    EXPECT_EQ(description.parameters, 1u);
    EXPECT_EQ(description.reads_only, 1u);
    EXPECT_FALSE(worker->describe(77, description).ok());
}

TEST_P(Statements, WithTheWrongNumberOfValuesAreInvalid) {
    const auto unit = worker->begun();
    EXPECT_EQ(worker->execute(unit, 1, insert, {integer(1)}).status, SLUICE_INVALID);
    EXPECT_EQ(worker->execute(unit, 1, insert, {integer(1), null(), null()}).status, SLUICE_INVALID);
    Rows none;
    EXPECT_EQ(worker->query(0, 0, count, none, {integer(1)}).status, SLUICE_INVALID);
    worker->abandon(unit);
}

TEST_P(Statements, ThatWriteAreNotQueriedOutsideAUnit) {
    Rows none;
    EXPECT_FALSE(worker->query(0, 0, insert, none, {integer(1), null()}).ok());
    EXPECT_EQ(rows(), "0");
}

TEST_P(Statements, TakeAndGiveValuesOfAllKinds) {
    const auto unit = worker->begun();
    const std::string words = "text", raw("\0\xff", 2), empty;
    EXPECT_TRUE(worker
                    ->execute(unit, 1, "INSERT INTO kind VALUES(?, ?, ?, ?, ?)",
                              {integer(INT64_MIN), real(0.5), text(words), blob(raw), boolean(true)})
                    .is_taken());
    EXPECT_TRUE(worker
                    ->execute(unit, 1, "INSERT INTO kind VALUES(?, ?, ?, ?, ?)",
                              {null(), null(), text(empty), blob(empty), boolean(false)})
                    .is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    Rows found;
    EXPECT_TRUE(worker->query(0, 0, "SELECT * FROM kind", found).ok());
    EXPECT_THAT(found, ElementsAre(Row{std::to_string(INT64_MIN), std::to_string(0.5), "'text'", "x'" + raw + "'", "1"},
                                   Row{"NULL", "NULL", "''", "x''", "0"}));
}

TEST_P(Statements, ViewValuesOfAUnitUntilItHasEnded) {
    const auto unit = worker->begun();
    const std::string of_the_unit(1'000, 'u');
    EXPECT_TRUE(worker->execute(unit, 1, insert, {integer(1), text(of_the_unit, SLUICE_LIFE_UNIT)}).is_taken());
    EXPECT_TRUE(worker->execute(unit, 1, insert, {integer(2), text(std::string(1'000, 'c'))}).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(worker->value("SELECT value FROM item WHERE id = 1"), "'" + of_the_unit + "'");
    EXPECT_EQ(worker->value("SELECT value FROM item WHERE id = 2"), "'" + std::string(1'000, 'c') + "'");
}

TEST_P(Statements, BringAsManyRowsAsAreWanted) {
    const auto unit = worker->begun();
    for (std::int64_t id = 0; id < 10; ++id) EXPECT_TRUE(write(unit, 1, id).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    for (std::size_t most = 1; most <= 10; ++most) {
        Rows found;
        const Answer answer = worker->query(0, 0, "SELECT id FROM item ORDER BY id", found, {}, most);
        EXPECT_TRUE(answer.ok()) << "enough is no error: " << answer;
        EXPECT_EQ(found.size(), most);
    }
    Rows none;
    EXPECT_TRUE(worker->query(0, 0, "SELECT id FROM item WHERE id = ?", none, {integer(77)}).ok());
    EXPECT_THAT(none, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, Statements, testing::ValuesIn(databases()), name_of);

// ---- units -----------------------------------------------------------------------------------------------------------------

class Units : public DatabaseContract {};

TEST_P(Units, AreDurableOnceTheyHaveEnded) {
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
    reconnect();
    EXPECT_EQ(rows(), "1");
}

TEST_P(Units, MayBeEmpty) {
    const auto unit = worker->begun();
    const Ended ended = worker->commit(unit);
    EXPECT_EQ(ended.status, SLUICE_OK);
    EXPECT_THAT(ended.results, IsEmpty());
}

TEST_P(Units, AreNotSeenByOthersBeforeTheyEnd) {
    Worker other(database);
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    EXPECT_EQ(other.value(count), "0");
    EXPECT_EQ(rows(), "0");
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(other.value(count), "1");
}

TEST_P(Units, SeeTheirOwnWrites) {
    const auto unit = worker->begun();
    for (sluice_ticket ticket = 1; ticket <= 3; ++ticket) {
        EXPECT_TRUE(write(unit, ticket, static_cast<std::int64_t>(ticket)).is_taken());
        Rows found;
        EXPECT_TRUE(worker->query(unit, ticket, count, found).ok());
        EXPECT_THAT(found, ElementsAre(Row{std::to_string(ticket)}));
    }
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    EXPECT_EQ(rows(), "3");
}

TEST_P(Units, ThatAreAbandonedLeaveNothing) {
    for (const bool reads : {false, true})
        for (const bool sealed : {false, true}) {
            const auto unit = worker->begun();
            EXPECT_TRUE(write(unit, 1, 1).is_taken());
            Rows found;
            if (reads) (void)worker->query(unit, 1, count, found);
            if (sealed) (void)worker->seal(unit);
            worker->abandon(unit);
            EXPECT_EQ(rows(), "0");
        }
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
}

TEST_P(Units, ForgetWhatIsDropped) {
    for (const bool reads : {false, true}) {
        const std::int64_t base = reads ? 10 : 0;
        const auto unit = worker->begun();
        EXPECT_TRUE(write(unit, 1, base + 1).is_taken());
        EXPECT_TRUE(write(unit, 2, base + 2).is_taken());
        Rows found;
        if (reads) {
            EXPECT_TRUE(worker->query(unit, 2, count, found).ok());
        }
        worker->drop(unit, 2);
        EXPECT_TRUE(write(unit, 3, base + 3).is_taken());
        worker->forget(unit, 3);
        EXPECT_TRUE(write(unit, 4, base + 4).is_taken());
        worker->drop(unit, 77);  // which it does not know
        const Ended ended = worker->commit(unit);
        EXPECT_EQ(ended.status, SLUICE_OK) << ended.text;
        EXPECT_THAT(ended.results, IsEmpty());
    }
    Rows found;
    EXPECT_TRUE(worker->query(0, 0, "SELECT id FROM item ORDER BY id", found).ok());
    EXPECT_THAT(found, ElementsAre(Row{"1"}, Row{"4"}, Row{"11"}, Row{"14"}));
}

TEST_P(Units, ThatAreSealedTakeNothingMore) {
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    EXPECT_TRUE(worker->seal(unit).ok());
    EXPECT_FALSE(write(unit, 1, 2).is_taken());
    Rows found;
    EXPECT_FALSE(worker->query(unit, 1, count, found).ok());
    worker->submit(unit, 5);
    EXPECT_EQ(worker->wait(5).status, SLUICE_OK);
    EXPECT_EQ(rows(), "1");
}

TEST_P(Units, ThatAreNoneAreRefused) {
    const auto unit = worker->begun();
    worker->abandon(unit);
    Rows found;
    EXPECT_FALSE(write(unit, 1, 1).is_taken());
    EXPECT_FALSE(worker->query(unit, 1, count, found).ok());
    EXPECT_FALSE(worker->seal(unit).ok());
    worker->drop(unit, 1);
    worker->forget(unit, 1);
    worker->abandon(unit);
    EXPECT_EQ(rows(), "0");
}

TEST_P(Units, ASecondSubmitOfAUnitDoesNotCommitItAgain) {
    const auto unit = worker->begun();
    EXPECT_TRUE(write(unit, 1, 1).is_taken());
    EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    worker->submit(unit, 9);
    EXPECT_NE(worker->wait(9).status, SLUICE_OK);
    EXPECT_EQ(rows(), "1");
}

TEST_P(Units, OfOneConnectionBecomeDurableInTheOrderOfTheirSubmit) {
    constexpr std::uint64_t units = 20;
    for (std::uint64_t token = 1; token <= units; ++token) {
        const auto unit = worker->begun();
        EXPECT_TRUE(worker
                        ->execute(unit, token, "INSERT INTO item SELECT ?, count(*) FROM item",
                                  {integer(static_cast<std::int64_t>(token))})
                        .is_taken());
        EXPECT_TRUE(worker->seal(unit).ok());
        worker->submit(unit, token);
    }
    for (std::uint64_t token = 1; token <= units; ++token) EXPECT_EQ(worker->wait(token).status, SLUICE_OK);
    EXPECT_EQ(worker->value("SELECT count(*) FROM item WHERE CAST(value AS INTEGER) = id - 1"), std::to_string(units));
}

TEST_P(Units, DisconnectWaitsForWhatWasSubmitted) {
    for (std::uint64_t token = 1; token <= 10; ++token) {
        const auto unit = worker->begun();
        EXPECT_TRUE(write(unit, 1, static_cast<std::int64_t>(token)).is_taken());
        worker->submit(unit, token);  // not sealed: it need not be
    }
    reconnect();  // the worker looks whether all have ended
    EXPECT_EQ(rows(), "10");
}

TEST_P(Units, ManyMayBeBegun) {
    std::vector<std::uint64_t> begun;
    for (;;) {
        std::uint64_t unit = 0;
        const Answer answer = worker->begin(unit);
        if (!answer.ok() || begun.size() == 1'000) {
            EXPECT_TRUE(answer.ok() || answer.status == SLUICE_FULL) << answer;
            break;
        }
        EXPECT_EQ(std::count(begun.begin(), begun.end(), unit), 0);
        begun.push_back(unit);
    }
    EXPECT_GT(begun.size(), 2u);
    for (const std::uint64_t unit : begun) worker->abandon(unit);
    EXPECT_EQ(commit_row(1).status, SLUICE_OK);
}

INSTANTIATE_TEST_SUITE_P(, Units, testing::ValuesIn(databases()), name_of);

}  // namespace
}  // namespace sluice::contract
