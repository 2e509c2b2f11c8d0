#include "statement.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sluice::sql {
namespace {

using Names = std::vector<std::string>;

TEST(StatementScanner, ReplacesNamesInOrder) {
    const Statement made = scan("INSERT INTO t VALUES(:a, :b2,:_key) ON CONFLICT DO UPDATE SET a = :a");
    EXPECT_EQ(made.sql, "INSERT INTO t VALUES(?, ?,?) ON CONFLICT DO UPDATE SET a = ?");
    EXPECT_EQ(made.parameters, (Names{"a", "b2", "_key", "a"}));
}

TEST(StatementScanner, LeavesOutWhatIsBlankAtTheEnd) {
    EXPECT_EQ(scan("SELECT :a\n \n").sql, "SELECT ?");
}

TEST(StatementScanner, LeavesStringsNamesCommentsAndCastsAlone) {
    for (const char* text :
         {"SELECT ':a', 'it''s :a', ''':a'", R"(SELECT ":a", "x"":a", `:a`)", "SELECT 1 -- :a ?\n, 2",
          "SELECT 1 /* :a ' ? */ + 2", "SELECT 1::int, '1'::text", "SELECT E'it\\'s :a'", "SELECT x[1:2]", "SELECT 1 -- :a"}) {
        const Statement made = scan(text);
        EXPECT_EQ(made.sql, text);
        EXPECT_TRUE(made.parameters.empty()) << text;
    }
}

TEST(StatementScanner, LeavesTheQuestionMarksOfOperatorsToTheDatabase) {
    const Statement made = scan("UPDATE t SET seen = 1 WHERE tags ?? :tag AND tags ??| '{a??}' AND a = :a");
    EXPECT_EQ(made.sql, "UPDATE t SET seen = 1 WHERE tags ?? ? AND tags ??| '{a??}' AND a = ?");
    EXPECT_EQ(made.parameters, (Names{"tag", "a"}));
}

TEST(StatementScanner, LeavesTextsInDollarsAlone) {
    for (const char* text : {"DO $$ a ? :b $$", "SELECT $x$ :a $$ ? $y$ $x$", "SELECT a$b$ + 1"})
        EXPECT_EQ(scan(text).sql, text);
    EXPECT_EQ(scan("SELECT a$b$:c$d").sql, "SELECT a$b$?$d");
}

TEST(StatementScanner, FindsParametersRightBehindThem) {
    const Statement made = scan("SELECT 'x':a, :b::int, ARRAY[:c], type':d', /**/:e--\n:f, 'a\\':g");
    EXPECT_EQ(made.parameters, (Names{"a", "b", "c", "e", "f", "g"}));
    EXPECT_EQ(made.sql, "SELECT 'x'?, ?::int, ARRAY[?], type':d', /**/?--\n?, 'a\\'?");
}

TEST(StatementScanner, RefusesWhatItCannotUnderstand) {
    const auto refusal = [](const char* text) {
        try {
            (void)scan(text);
            return std::string("accepted");
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
    };
    EXPECT_EQ(refusal("SELECT ?"),
              "`?` cannot be used here: name the parameter, as `:origin`, or write `??` for an operator, in \"SELECT ?\"");
    EXPECT_EQ(refusal("SELECT ???"),
              "`?` cannot be used here: name the parameter, as `:origin`, or write `??` for an operator, in \"SELECT ???\"");
    EXPECT_EQ(refusal("DO $x$ a $y$"), "a quote $ does not end in \"DO $x$ a $y$\"");
    EXPECT_EQ(refusal("SELECT 'a"), "a quote ' does not end in \"SELECT 'a\"");
    EXPECT_EQ(refusal("SELECT \"a''"), "a quote \" does not end in \"SELECT \"a''\"");
    EXPECT_EQ(refusal("SELECT /* a"), "a comment does not end in \"SELECT /* a\"");
    for (const char* nothing : {"", "  \n", " ; ", "-- only a comment"}) EXPECT_EQ(refusal(nothing), "the statement is empty");
}

}  // namespace
}  // namespace sluice::sql
