#include "text/json_read.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(JsonRead, GivesEachTypeItsNode) {
    const Result<Node> read =
        read_json(R"({"t":"a\u0000é","i":-7,"u":18446744073709551615,"r":1.5,"b":true,"n":null,"l":[1,"x"]})");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(text_of(*read, "t"), std::string_view("a\0é", 4));
    EXPECT_EQ(integer_of(*read, "i"), -7);
    EXPECT_EQ(read->find("u")->text, "18446744073709551615");
    EXPECT_EQ(read->find("r")->real, 1.5);
    EXPECT_TRUE(flag_of(*read, "b"));
    EXPECT_EQ(read->find("n")->kind, Node::Kind::null);
    EXPECT_EQ(read->find("l")->list.at(1).text, "x");
}

TEST(JsonRead, TakesWhatIsAbsentOrOfAnotherTypeAsNothing) {
    const Result<Node> read = read_json(R"({"t":1,"i":"1"})");
    EXPECT_EQ(text_of(*read, "t"), "");
    EXPECT_EQ(integer_of(*read, "i"), 0);
    EXPECT_FALSE(flag_of(*read, "none"));
}

TEST(JsonRead, KeepsTheTextOfNumbersAndConvertsThemToTheNearest) {
    const Result<Node> read =
        read_json(R"([7627.3333333333333333, 0.95000000000000000000, 123456789012345678901234567890, 1e400, -0, 1.50 ])");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->list[0].real, 7627.3333333333333333);
    EXPECT_EQ(read->list[1].real, 0.95);
    EXPECT_EQ(read->list[2].text, "123456789012345678901234567890");
    EXPECT_EQ(read->list[2].kind, Node::Kind::real);
    EXPECT_EQ(read->list[3].text, "1e400");
    EXPECT_EQ(read->list[4].kind, Node::Kind::integer);
    EXPECT_EQ(read->list[5].text, "1.50");
}

TEST(JsonRead, BoundsDepthAndValues) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(read_json(nested(limits::json_depth)));
    EXPECT_EQ(read_json(nested(limits::json_depth + 1)).error().message, "it is nested deeper than 64 levels");
    EXPECT_FALSE(read_json(std::string(1u << 20, '[')));
    EXPECT_TRUE(read_json("[1,2,3]", 4));
    EXPECT_EQ(read_json("[1,2,3]", 3).error().message, "it has more than 3 values");
}

TEST(JsonRead, RefusesWhatIsNoJson) {
    for (const char* text : {"", "{", "{\"a\":1,}", "nul", "[1] 2", "1", "[01]", "[1.]", "[nul]", "[tru]", "[1 2]", "[\"\\x\"]",
                             "{\"a\" 1}", "[1"})
        EXPECT_FALSE(read_json(text)) << text;
    EXPECT_FALSE(read_json(std::string(100, '[') + std::string(100, ']'))) << "too deep";
    EXPECT_FALSE(read_json("\"\xff\""));
}

}  // namespace
}  // namespace sluice
