// Units from their last message to their end, without a worker.
#include "unit/commits.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "observe/memory_log.hpp"
#include "publish/fake_target.hpp"
#include "work/fake_database.hpp"

namespace sluice {
namespace {

using Ids = std::vector<std::string>;

class CommitsTest : public testing::Test {
protected:
    CommitsTest() {
        for (FakeDatabase* database : {&records, &other}) {
            database->database.circuit = std::make_unique<Circuit>(clock, logging.logger("databases." + database->name()));
            dependencies.databases.emplace_back(database->name(), &database->database);
        }
        EXPECT_EQ(session.use(0, false, nullptr), SLUICE_OK);
        EXPECT_EQ(session.use(1, false, nullptr), SLUICE_OK);
        EXPECT_TRUE(session.open());
        for (FakeDatabase* database : {&records, &other}) database->hold();
    }
    ~CommitsTest() override {
        for (FakeDatabase* database : {&records, &other})
            while (database->submitted() != 0) database->answer();
        commits.collect(session);
        session.close();
        commits.wait_for_tellers();
    }

    // A unit whose messages are done; of key 'a' is "a1". They write their ids to the databases at these positions.
    Unit& fill(const Ids& ids, const std::vector<std::size_t>& positions = {0}) {
        Unit& unit = commits.begin();
        for (const std::string& id : ids) {
            names_.push_back(id);
            Message& message = messages_.emplace_back();
            message.view.id = {names_.back().data(), names_.back().size()};
            message.key_hash = static_cast<std::uint64_t>(id[0]);
            message.outcome = Outcome::acked;
            unit.messages.push_back(&message);
            const auto index = static_cast<std::uint32_t>(unit.messages.size() - 1);
            for (const std::size_t position : positions) write(unit, index, position);
        }
        return unit;
    }
    void write(Unit& unit, std::uint32_t index, std::size_t position) {
        EXPECT_EQ(session.begin(unit, position, nullptr), SLUICE_OK);
        sluice_value value{};
        value.type = SLUICE_VALUE_TEXT;
        value.as.bytes = unit.messages[index]->view.id;
        EXPECT_EQ(
            session.connections()[position]->port().execute(unit.handles[position], unit.ticket(index), 1, &value, 1, nullptr),
            SLUICE_QUEUED);
    }
    Unit& submit(const Ids& ids, const std::vector<std::size_t>& positions = {0}) {
        Unit& unit = fill(ids, positions);
        commits.submit(unit, session);
        return unit;
    }
    void answer(FakeDatabase& database, sluice_status status = SLUICE_OK,
                const std::vector<FakeDatabase::Result>& results = {}) {
        database.answer(status, results);
        commits.collect(session);
    }
    // The ids of the oldest unit, which is given back; empty if it has not ended.
    Ids finished() {
        Ids ids;
        if (Unit* unit = commits.take_finished()) {
            failed = unit->failed;
            for (const Message* message : unit->messages) ids.emplace_back(message->view.id.data, message->view.id.size);
            commits.release(*unit);
        }
        return ids;
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::debug, false, {}}, clock, log.file()};
    FakeDatabase records{"records", true}, other{"other"};
    Dependencies dependencies;
    Tally news;
    Commits commits{logging.logger("pools.p"), [this] { news.add(); }};
    Session session{dependencies, commits, clock, logging.logger("pools.p")};
    bool failed = false;  // the unit that finished() gave back last
    std::deque<std::string> names_;
    std::deque<Message> messages_;
};

TEST_F(CommitsTest, EndUnitsInTheOrderInWhichTheyWereSubmitted) {
    submit({"a1"});
    submit({"b1"});
    EXPECT_EQ(records.submitted(), 2u) << "one connection keeps their order";
    EXPECT_EQ(finished(), Ids{});
    answer(records);
    EXPECT_EQ(finished(), Ids{"a1"});
    EXPECT_EQ(finished(), Ids{});
    answer(records);
    EXPECT_EQ(finished(), Ids{"b1"});
    EXPECT_TRUE(commits.empty());
}

TEST_F(CommitsTest, FinishAUnitWithoutEffectsAtOnceAndGiveItBackBehindThoseBefore) {
    submit({"a1"});
    submit({"b1"}, {});
    EXPECT_EQ(finished(), Ids{});
    answer(records);
    EXPECT_EQ(finished(), Ids{"a1"});
    EXPECT_EQ(finished(), Ids{"b1"});
    EXPECT_EQ(records.durable(), Ids{"a1"});
}

TEST_F(CommitsTest, HaveSoManyUnits) {
    for (std::uint32_t i = 0; i < limits::units_in_flight; ++i) {
        EXPECT_TRUE(commits.has_free_unit());
        submit({"a" + std::to_string(i)});
    }
    EXPECT_FALSE(commits.has_free_unit());
    answer(records);
    EXPECT_FALSE(commits.has_free_unit()) << "not before it is given back";
    EXPECT_EQ(finished(), Ids{"a0"});
    EXPECT_TRUE(commits.has_free_unit());
}

TEST_F(CommitsTest, CommitLastWhereMessagesAreRecognised) {
    submit({"a1"}, {0, 1});
    EXPECT_EQ(records.submitted(), 0u);
    EXPECT_EQ(other.submitted(), 1u);
    answer(other);
    EXPECT_EQ(records.submitted(), 1u);
    EXPECT_EQ(finished(), Ids{});
    answer(records);
    EXPECT_EQ(finished(), Ids{"a1"});
}

TEST_F(CommitsTest, LetNoUnitOvertakeOneThatCommitsElsewhere) {
    submit({"a1"}, {1});
    submit({"a2"}, {0});
    EXPECT_EQ(records.submitted(), 0u);
    answer(other);
    EXPECT_EQ(records.submitted(), 1u);
}

TEST_F(CommitsTest, FailAllUnitsAfterOneThatFails) {
    submit({"a1"}, {1});
    submit({"b1"}, {0});
    answer(other, SLUICE_UNAVAILABLE);
    EXPECT_EQ(finished(), Ids{"a1"});
    EXPECT_TRUE(failed);
    EXPECT_EQ(finished(), Ids{"b1"});
    EXPECT_TRUE(failed);
    EXPECT_EQ(records.abandoned, 1) << "never submitted";
    EXPECT_EQ(records.durable(), Ids{});
    EXPECT_FALSE(session.connections()[1]->circuit().closed());
}

TEST_F(CommitsTest, FailAUnitThatCannotBeSealed) {
    records.seal_answer = SLUICE_CONFLICT;
    submit({"a1"});
    EXPECT_TRUE(commits.has_news());
    commits.collect(session);
    EXPECT_EQ(finished(), Ids{"a1"});
    EXPECT_TRUE(failed);
    EXPECT_EQ(records.abandoned, 1);
}

TEST_F(CommitsTest, AbandonAUnitOfWhichNothingEndsNow) {
    Unit& unit = fill({"a1"});
    unit.messages[0]->deferred = true;
    commits.submit(unit, session);
    EXPECT_EQ(finished(), Ids{"a1"});
    EXPECT_EQ(records.abandoned, 1);
    EXPECT_EQ(records.submitted(), 0u);
}

TEST_F(CommitsTest, MakeADeadLetterOfTheOneMessageThatTheDatabaseRefused) {
    Unit& unit = submit({"a1", "b1"});
    answer(records, SLUICE_OK, {{"b1", SLUICE_CONSTRAINT}});
    EXPECT_EQ(unit.messages[0]->outcome, Outcome::acked);
    EXPECT_EQ(unit.messages[1]->outcome, Outcome::dead_letter);
    EXPECT_EQ(records.durable(), Ids{"a1"});
    EXPECT_EQ(finished().size(), 2u);
    EXPECT_FALSE(failed);
}

TEST_F(CommitsTest, LeaveNoOutcomeToAMessageThatRunsAgainAndToWhatFollowsItsKey) {
    Unit& unit = fill({"a1", "b1", "a2"});
    unit.keeps_order = true;
    commits.submit(unit, session);
    answer(records, SLUICE_OK, {{"a1", SLUICE_CONFLICT}});
    EXPECT_EQ(unit.messages[0]->outcome, Outcome::none);
    EXPECT_EQ(unit.messages[1]->outcome, Outcome::acked);
    EXPECT_EQ(unit.messages[2]->outcome, Outcome::none);
    EXPECT_TRUE(unit.partly_failed);
}

TEST_F(CommitsTest, TakeAnAnswerOfAnotherThread) {
    submit({"a1"});
    std::thread([&] { records.answer(); }).join();
    ASSERT_TRUE(news.reaches(1));
    EXPECT_TRUE(commits.has_news());
    EXPECT_EQ(finished(), Ids{}) << "not before the worker looks";
    commits.collect(session);
    EXPECT_FALSE(commits.has_news());
    EXPECT_EQ(finished(), Ids{"a1"});
}

TEST_F(CommitsTest, IgnoreAnswersThatNobodyWaitsFor) {
    for (const std::uint64_t token : {0u, 1u, 255u, 0x1234'00u}) commits.committed(token, SLUICE_OK, nullptr, 0, {});
    EXPECT_FALSE(commits.has_news());
    EXPECT_NE(log.text().find("answered a commit that nobody waits for"), std::string::npos);
}

TEST_F(CommitsTest, CountTheMessagesOfAKeyThatHaveNotEnded) {
    submit({"a1", "b1"});
    submit({"a2"});
    EXPECT_EQ(commits.count('a'), 2u);
    EXPECT_EQ(commits.count('c'), 0u);
    answer(records);
    EXPECT_EQ(finished().size(), 2u);
    EXPECT_EQ(commits.count('a'), 1u);
}

TEST_F(CommitsTest, GiveOutNoTicketTwice) {
    Unit& first = submit({"a1"}, {});
    const sluice_ticket ticket = first.ticket(0);
    EXPECT_NE(ticket, 0u);
    EXPECT_EQ(finished(), Ids{"a1"});
    Unit& second = submit({"a2"}, {});
    EXPECT_EQ(&second, &first) << "the same memory";
    EXPECT_NE(second.ticket(0), ticket);
    EXPECT_EQ(Unit::index_of(ticket), 0u);
}

}  // namespace
}  // namespace sluice
