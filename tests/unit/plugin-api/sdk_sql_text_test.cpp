#include <gtest/gtest.h>

#include <string>

#include "sluice/sdk/sql_text.hpp"

namespace sluice {
namespace {

// The statement with a dot for each character of what is quoted.
std::string masked(std::string_view sql) {
    std::string made;
    for (std::size_t at = 0; at < sql.size();) {
        const std::size_t size = quoted_sql(sql, at);
        if (size == sql.npos) return made + "(no end)";
        made.append(size == 0 ? sql.substr(at, 1) : std::string(size, '.'));
        at += size == 0 ? 1 : size;
    }
    return made;
}

TEST(QuotedSql, FindsTextsAndNames) {
    EXPECT_EQ(masked("a'b''?'c"), "a......c");
    EXPECT_EQ(masked(R"(a "b"" ?" `c ?` d)"), "a ....... ..... d");
    EXPECT_EQ(masked("'a'?''"), "...?..");
    EXPECT_EQ(masked("ARRAY[?]"), "ARRAY[?]");
}

TEST(QuotedSql, KnowsBackslashesBehindE) {
    EXPECT_EQ(masked(R"(E'\'?'?)"), "E.....?");
    EXPECT_EQ(masked(R"(e'\\'?)"), "e....?");
    EXPECT_EQ(masked(R"('\'?'')"), "...?..");
    EXPECT_EQ(masked(R"(type'\'?)"), "type...?") << "a word that ends with e";
}

TEST(QuotedSql, FindsTextsInDollars) {
    EXPECT_EQ(masked("$$ ? $$?"), ".......?");
    EXPECT_EQ(masked("$a1$ ? $$ $b$ $a1$?"), "..................?");
    EXPECT_EQ(masked("a$b$c ?"), "a$b$c ?") << "a name with dollars";
    EXPECT_EQ(masked("$1 + $2 + $"), "$1 + $2 + $");
}

TEST(QuotedSql, FindsComments) {
    EXPECT_EQ(masked("a -- ?\n?"), "a ....\n?");
    EXPECT_EQ(masked("a -- ?"), "a ....");
    EXPECT_EQ(masked("a/* ' ? */?"), "a.........?");
    EXPECT_EQ(masked("a - -?/ *"), "a - -?/ *");
}

TEST(QuotedSql, SaysThatItDoesNotEnd) {
    for (const char* sql : {"x'", "x'a''", R"( E'\')", "x\"a", "x/* a", "x $$ a $", "x $a$ a $b$"})
        EXPECT_TRUE(masked(sql).ends_with("(no end)")) << sql;
}

}  // namespace
}  // namespace sluice
