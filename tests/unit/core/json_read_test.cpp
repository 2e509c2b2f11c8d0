#include "core/json_read.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(JsonRead, GivesEachTypeItsNode) {
    const Result<Node> read = read_json(R"({"t":"a\u0000é","i":-7,"u":18446744073709551615,"r":1.5,"b":true,"n":null,"l":[1,"x"]})");
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

TEST(JsonRead, RefusesWhatIsNoJson) {
    for (const char* text : {"", "{", "{\"a\":1,}", "nul", "[1] 2"}) EXPECT_FALSE(read_json(text)) << text;
    EXPECT_FALSE(read_json(std::string(100, '[') + std::string(100, ']'))) << "too deep";
    EXPECT_FALSE(read_json("\"\xff\""));
}

}  // namespace
}  // namespace sluice
