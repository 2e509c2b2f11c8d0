#include <gtest/gtest.h>

#include "component.hpp"
#include "sluice/sdk/testing.hpp"

namespace sluice::sql {
namespace {

using Values = std::vector<std::string>;

std::string refusal(const FakeOptions& options) {
    FakeHost host;
    host.databases = {"delays"};
    try {
        auto handler = host.handler(component, options);
        return "accepted";
    } catch (const Failure& failure) {
        return failure.what();
    }
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(SqlHandler, BindsFieldsOfTheBody) {
    FakeHost host;
    auto handler = host.handler(
        component, {{"database", "delays"}, {"statement", "INSERT INTO airport VALUES(:origin, 1, :delay, :origin)"}});
    const FakeOutcome outcome = handler.handle(R"({"delay":-5,"origin":"LAS"})");
    EXPECT_EQ(outcome.verdict, SLUICE_DONE);
    ASSERT_EQ(outcome.writes.size(), 1u);
    EXPECT_EQ(outcome.writes[0].database, "delays");
    EXPECT_EQ(outcome.writes[0].sql, "INSERT INTO airport VALUES(?, 1, ?, ?)");
    EXPECT_EQ(outcome.writes[0].values, (Values{"'LAS'", "-5", "'LAS'"}));
}

TEST(SqlHandler, RunsSeveralStatementsInTheirOrder) {
    FakeHost host;
    auto handler =
        host.handler(component, {{"database", "delays"},
                                 {"statements", FakeValue::list({"UPDATE a SET b = :deep", "DELETE FROM c WHERE d = :e"})},
                                 {"params", FakeValue::map({{"deep", "/x/0/y"}})}});
    const FakeOutcome outcome = handler.handle(R"({"x":[{"y":true}],"e":1.5})");
    ASSERT_EQ(outcome.writes.size(), 2u);
    EXPECT_EQ(outcome.writes[0].sql, "UPDATE a SET b = ?");
    EXPECT_EQ(outcome.writes[0].values, Values{"TRUE"});
    EXPECT_EQ(outcome.writes[1].values, Values{"1.5"});
}

TEST(SqlHandler, BindsTheMessagesOwnAndNeedsNoJsonForThem) {
    FakeHost host;
    auto handler =
        host.handler(component, {{"database", "delays"}, {"statement", "INSERT INTO raw VALUES(:_key, :_id, :_body)"}});
    const FakeOutcome outcome = handler.handle({.body = "no JSON", .key = "k", .id = "i-7"});
    EXPECT_EQ(outcome.verdict, SLUICE_DONE);
    EXPECT_EQ(outcome.writes.at(0).values, (Values{"'k'", "'i-7'", "'no JSON'"}));
    EXPECT_EQ(handler.handle("\xff\x01").writes.at(0).values.at(2), "x'ff01'");  // bytes that are no text
}

TEST(SqlHandler, RejectsWhatCannotBeBound) {
    FakeHost host;
    auto handler = host.handler(component, {{"database", "delays"}, {"statement", "INSERT INTO t VALUES(:a)"}});
    const FakeOutcome outcome = handler.handle(R"({"a":[1]})");
    EXPECT_EQ(outcome.verdict, SLUICE_REJECT);
    EXPECT_EQ(outcome.text, "the field /a cannot be bound: it is an array");
    EXPECT_TRUE(outcome.writes.empty());
    EXPECT_EQ(handler.handle("[]").verdict, SLUICE_REJECT);
    EXPECT_EQ(handler.handle(R"({"a":1})").verdict, SLUICE_DONE);  // and goes on
}

TEST(SqlHandler, TellsAnOutageFromAFaultOfTheMessage) {
    FakeHost host;
    sluice_status answer = SLUICE_UNAVAILABLE;
    host.on_execute = [&](const FakeWrite&) { return Status(answer, "no"); };
    auto handler = host.handler(component, {{"database", "delays"}, {"statement", "INSERT INTO t VALUES(:a)"}});
    EXPECT_EQ(handler.handle("{}").verdict, SLUICE_RETRY);
    answer = SLUICE_CONSTRAINT;
    EXPECT_EQ(handler.handle("{}").verdict, SLUICE_REJECT);
}

TEST(SqlHandler, DoesNotStartWithAStatementThatTheDatabaseRefuses) {
    FakeHost host;
    host.on_prepare = [](const FakeWrite&) { return Status(SLUICE_INVALID, "no such table: nowhere"); };
    try {
        auto handler = host.handler(component, {{"database", "delays"}, {"statement", "INSERT INTO nowhere VALUES(:a)"}});
        FAIL() << "started";
    } catch (const Failure& failure) {
        EXPECT_TRUE(has(failure.what(), "no such table: nowhere")) << failure.what();
    }
}

TEST(SqlHandler, DoesNotStartWithAStatementThatOnlyReads) {
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", "SELECT a FROM t WHERE a = :a"}}), "only reads"));
}

TEST(SqlHandler, RefusesConfigurationsThatMakeNoSense) {
    const FakeValue sql = "INSERT INTO t VALUES(:origin)";
    EXPECT_TRUE(has(refusal({{"database", "delays"}}), "`statement` is missing"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", sql}, {"statements", FakeValue::list({sql})}}),
                    "exclude each other"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statements", FakeValue::list({})}}), "`statements` is empty"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", " "}}), "the statement is empty"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", "SELECT ?"}}), "`?` cannot be used here"));
    EXPECT_TRUE(has(refusal({{"database", "nowhere"}, {"statement", sql}}), "there is no database nowhere"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", sql}, {"params", FakeValue::map({{"orgin", "/o"}})}}),
                    "no statement uses :orgin; did you mean :origin?"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", sql}, {"params", FakeValue::map({{"entirely", "/o"}})}}),
                    "no statement uses :entirely"));
    EXPECT_TRUE(has(refusal({{"database", "delays"}, {"statement", sql}, {"params", FakeValue::map({{"origin", "o"}})}}),
                    "must begin with \"/\""));
    EXPECT_TRUE(
        has(refusal({{"database", "delays"}, {"statement", "SELECT :_boddy"}}), ":_boddy is nothing that a message has"));
    EXPECT_EQ(refusal({{"database", "delays"}, {"statement", sql}}), "accepted");
}

}  // namespace
}  // namespace sluice::sql
