#include "text/scalar.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace sluice {
namespace {

Node inferred(const char* text) {
    Node node;
    node.text = text;
    EXPECT_EQ(infer_type(node), ScalarForm::fine) << text;
    EXPECT_EQ(node.text, text);
    return node;
}

TEST(Scalars, AreWholeNumbers) {
    for (const auto& [text, value] : {std::pair{"0", 0ll},
                                      {"42", 42ll},
                                      {"-7", -7ll},
                                      {"+7", 7ll},
                                      {"-0", 0ll},
                                      {"0x1F", 31ll},
                                      {"9223372036854775807", INT64_MAX + 0ll}}) {
        const Node node = inferred(text);
        EXPECT_EQ(node.kind, Node::Kind::integer) << text;
        EXPECT_EQ(node.integer, value) << text;
        EXPECT_EQ(node.real, static_cast<double>(value)) << text;
    }
}

TEST(Scalars, AreRealNumbers) {
    for (const auto& [text, value] : {std::pair{"1.5", 1.5},
                                      {"-.5", -.5},
                                      {"1.", 1.0},
                                      {"1e3", 1000.0},
                                      {"+2.5E-1", .25},
                                      {"9223372036854775808", 9223372036854775808.0}}) {
        const Node node = inferred(text);
        EXPECT_EQ(node.kind, Node::Kind::real) << text;
        EXPECT_EQ(node.real, value) << text;
    }
}

TEST(Scalars, AreTrueOrFalse) {
    for (const auto* text : {"true", "True", "TRUE"}) EXPECT_EQ(inferred(text).kind, Node::Kind::boolean);
    EXPECT_EQ(inferred("true").integer, 1);
    EXPECT_EQ(inferred("false").integer, 0);
}

TEST(Scalars, AreTextOtherwise) {
    for (const auto* text :
         {"",    "yes",   "on", "tRUE", "-",    "+",    ".",   "+-5", "--5",   "1_000", "0x",  "0x-5", "-0x5",
          "0xg", "1.2.3", "1e", "e3",   ".inf", ".nan", "inf", "nan", "1e999", "12:30", "10s", "0b1",  "1 "})
        EXPECT_EQ(inferred(text).kind, Node::Kind::text) << text;
}

TEST(Scalars, ThatSomeTakeForOctalAreReported) {
    for (const auto* text : {"017", "0o17", "-017", "+01", "00", "089"}) {
        Node node;
        node.text = text;
        EXPECT_EQ(infer_type(node), ScalarForm::octal) << text;
        EXPECT_EQ(node.kind, Node::Kind::text);
    }
}

TEST(Scalars, AreShownShortAndOnOneLine) {
    Node node = inferred("two\nlines");
    EXPECT_EQ(shown(node), "\"two lines\"");
    node.text = std::string(100, 'a');
    EXPECT_EQ(shown(node), "\"" + std::string(60, 'a') + "...\"");
    EXPECT_EQ(shown(Node{}), "nothing");
}

}  // namespace
}  // namespace sluice
