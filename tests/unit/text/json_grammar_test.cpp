#include "text/json_grammar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::string fault_of(std::string_view text) {
    JsonGrammar grammar;
    const auto fault = grammar.check(text);
    return fault ? std::to_string(fault->at) + ": " + fault->expected : "";
}

TEST(JsonGrammar, TakesWhatRfc8259Allows) {
    for (const char* text : {"0", "-0", "-0.0e-0", "1e400", "123456789012345678901234567890", "0.95000000000000000000", "1E+5",
                             "\"\"", "null", " [ ] ", "{}", "[1,[2,{\"a\":[]}],\"\\u00e4\\n\"]", "{\"a\":1,\"a\":2}",
                             "\t{\r\n}\n", "\"\xc3\xa4\xf0\x9f\x98\x80\"", "\"\\ud800\""})
        EXPECT_EQ(fault_of(text), "") << text;
}

TEST(JsonGrammar, TakesAnyDepth) {
    constexpr std::size_t depth = 100'000;
    EXPECT_EQ(fault_of(std::string(depth, '[') + std::string(depth, ']')), "");
    std::string objects;
    for (int level = 0; level < 2'000; ++level) objects += "{\"a\":";
    EXPECT_EQ(fault_of(objects + "1" + std::string(2'000, '}')), "");
}

TEST(JsonGrammar, SaysWhereATextStopsBeingJsonAndWhatWasExpected) {
    EXPECT_EQ(fault_of(""), "0: a value");
    EXPECT_EQ(fault_of("{\"n\":"), "5: a value");
    EXPECT_EQ(fault_of("{\"n\":1"), "6: \",\" or \"}\"");
    EXPECT_EQ(fault_of("{\"n\":1,}"), "7: a member's name in quotes");
    EXPECT_EQ(fault_of("{\"n\" 1}"), "5: \":\"");
    EXPECT_EQ(fault_of("[1,]"), "3: a value");
    EXPECT_EQ(fault_of("[1}"), "2: \",\" or \"]\"");
    EXPECT_EQ(fault_of("1 2"), "2: nothing more");
    EXPECT_EQ(fault_of("\"a"), "2: the end of the string");
    EXPECT_EQ(fault_of("\"\\x\""), "2: one of \" \\ / b f n r t u behind \"\\\"");
    EXPECT_EQ(fault_of("\"\\u12g4\""), "5: four hexadecimal digits");
    EXPECT_EQ(fault_of("\"\xff\""), "1: UTF-8");
    EXPECT_EQ(fault_of("\"\xed\xa0\x80\""), "1: UTF-8") << "a surrogate";
}

TEST(JsonGrammar, RefusesWhatOtherParsersForgive) {
    for (const char* text : {"01",
                             "-",
                             "+1",
                             ".5",
                             "1.",
                             "1e",
                             "1e+",
                             "0x10",
                             "NaN",
                             "Infinity",
                             "-Infinity",
                             "True",
                             "nul",
                             "nullx",
                             "'a'",
                             "[1 2]",
                             "{a:1}",
                             "{1:2}",
                             "[,1]",
                             "{,}",
                             "]",
                             "}",
                             "[",
                             "{",
                             "// a",
                             "1 /**/",
                             "\"a\nb\"",
                             "\"\t\"",
                             "\xef\xbb\xbf{}",
                             "[1]]"})
        EXPECT_NE(fault_of(text), "") << text;
    EXPECT_NE(fault_of(std::string_view("1\0", 2)), "");
}

}  // namespace
}  // namespace sluice
