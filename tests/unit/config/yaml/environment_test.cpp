#include "config/yaml/environment.hpp"

#include <gtest/gtest.h>

#include <map>

#include "config/yaml/reader.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

std::optional<std::string> variables(const std::string& name) {
    static const std::map<std::string, std::string> set{{"NAME", "flights"},
                                                        {"N", "4"},
                                                        {"EMPTY", ""},
                                                        {"OCTAL", "0123"},
                                                        {"NIL", "null"},
                                                        {"TRICK", "${NAME}: [x]"},
                                                        {"BIG", std::string(limits::config_replaced_bytes / 2, 'x')}};
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
}

struct Finished {
    Node value;
    std::string problems;
};

Finished finish(const std::string& scalar) {
    Problems problems;
    std::optional<Node> root = read_yaml("a: " + scalar + "\n", "f", problems);
    finish_tree(*root, variables, problems);
    return {*root->find("a"), problems.text()};
}

std::string text_of(const std::string& scalar) {
    const Finished finished = finish(scalar);
    EXPECT_EQ(finished.problems, "") << scalar;
    return finished.value.text;
}

TEST(Environment, IsPutIntoScalars) {
    EXPECT_EQ(text_of("${NAME}"), "flights");
    EXPECT_EQ(text_of("\"a ${NAME} b ${N}${N}\""), "a flights b 44");
    EXPECT_EQ(text_of("|\n  x ${NAME}\n  y\n"), "x flights\ny\n");
}

TEST(Environment, HasDefaultsForWhatIsUnsetOrEmpty) {
    EXPECT_EQ(text_of("${GONE:-there}"), "there");
    EXPECT_EQ(text_of("${EMPTY:-there}"), "there");
    EXPECT_EQ(text_of("${NAME:-there}"), "flights");
    EXPECT_EQ(text_of("${GONE:-}"), "");
    EXPECT_EQ(text_of("${GONE:-a:-b}"), "a:-b");
}

TEST(Environment, LeavesDoubledDollarsAndLonelyOnesAlone) {
    EXPECT_EQ(text_of("$${NAME}"), "${NAME}");
    EXPECT_EQ(text_of("\"$NAME $ $$ }\""), "$NAME $ $$ }");
    EXPECT_EQ(text_of("a$${b}${NAME}$${"), "a${b}flights${");
}

TEST(Environment, IsTypedAfterwardsUnlessQuoted) {
    EXPECT_EQ(finish("${N}").value.kind, Node::Kind::integer);
    EXPECT_EQ(finish("${N}").value.integer, 4);
    EXPECT_EQ(finish("\"${N}\"").value.kind, Node::Kind::text);
    EXPECT_EQ(finish("${GONE:-true}").value.kind, Node::Kind::boolean);
}

TEST(Environment, GivesTextWhereAFileWouldGiveNullOrAnOctalNumber) {
    for (const auto* scalar : {"${OCTAL}", "${NIL}", "${EMPTY}"}) {
        const Finished finished = finish(scalar);
        EXPECT_EQ(finished.problems, "") << scalar;
        EXPECT_EQ(finished.value.kind, Node::Kind::text) << scalar;
    }
    EXPECT_EQ(text_of("${OCTAL}"), "0123");
}

TEST(Environment, IsNeitherParsedNorReplacedAgain) {
    EXPECT_EQ(text_of("${TRICK}"), "${NAME}: [x]");
}

TEST(Environment, ThatIsNotSetIsAProblemWithItsLine) {
    const Finished finished = finish("${GONE}");
    EXPECT_EQ(finished.problems,
              "f:1:4: a: environment variable GONE is not set; set it, or give a default: ${GONE:-default}\n");
    EXPECT_TRUE(finished.value.broken);
}

TEST(Environment, RefusesWhatNamesNoVariable) {
    for (const auto* scalar : {"${}", "${1A}", "${A-B}", "${ A}", "${:-x}"})
        EXPECT_NE(finish(std::string("\"") + scalar + "\"").problems.find("names no environment variable"), std::string::npos)
            << scalar;
    EXPECT_EQ(finish("\"a ${NAME\"").problems, "f:1:4: a: \"${\" has no \"}\"; write \"$${\" for the two signs themselves\n");
}

TEST(Environment, IsBoundedInAll) {
    EXPECT_EQ(finish("${BIG}${BIG}").problems, "");
    EXPECT_NE(finish("${BIG}${BIG}${N}").problems.find("bytes come from the environment"), std::string::npos);
}

}  // namespace
}  // namespace sluice
