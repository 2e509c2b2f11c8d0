#include "config/override.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "config/yaml/environment.hpp"
#include "config/yaml/reader.hpp"

namespace sluice {
namespace {

struct Overridden {
    Node root;
    std::string problems;
};

Overridden override_in(const std::string& yaml, const std::vector<std::string>& arguments) {
    Problems problems;
    Overridden result;
    result.root = *read_yaml(yaml, "f", problems);
    for (std::size_t i = 0; i < arguments.size(); ++i)
        apply_override(result.root, arguments[i], static_cast<std::uint32_t>(i), problems);
    finish_tree(
        result.root, [](const std::string&) { return std::nullopt; }, problems);
    result.problems = problems.text();
    return result;
}

TEST(Overrides, ReplaceAValueAndSayWhereItComesFrom) {
    const Overridden result = override_in("pools: { a: { workers: 10 } }", {"pools.a.workers=4"});
    ASSERT_EQ(result.problems, "");
    const Node* workers = result.root.find("pools")->find("a")->find("workers");
    EXPECT_EQ(workers->integer, 4);
    EXPECT_EQ(workers->mark.where, "--set pools.a.workers");
    EXPECT_EQ(workers->path, "pools.a.workers");
}

TEST(Overrides, MakeTheMapsThatAreMissing) {
    const Overridden result = override_in("name: x\nqueue:\n", {"queue.capacity=5", "a.b.c={ d: [1, 2] }"});
    ASSERT_EQ(result.problems, "");
    EXPECT_EQ(result.root.find("queue")->find("capacity")->integer, 5);
    EXPECT_EQ(result.root.find("a")->find("b")->find("c")->find("d")->list[1].integer, 2);
    EXPECT_EQ(override_in("", {"name=x"}).root.find("name")->text, "x");
}

TEST(Overrides, TakeTheValueAsYaml) {
    const Overridden result = override_in("", {"a=true", "b='5'", "c=", "d=x=y", "e=a b"});
    EXPECT_EQ(result.root.find("a")->kind, Node::Kind::boolean);
    EXPECT_EQ(result.root.find("b")->kind, Node::Kind::text);
    EXPECT_EQ(result.root.find("c")->kind, Node::Kind::null);
    EXPECT_EQ(result.root.find("d")->text, "x=y");
    EXPECT_EQ(result.root.find("e")->text, "a b");
}

TEST(Overrides, ReachKeysWithDotsAndEntriesOfLists) {
    const Overridden result = override_in("l: [a, { b: 1 }]", {"log.levels.\"sources.x\"=debug", "l.1.b=2"});
    ASSERT_EQ(result.problems, "");
    EXPECT_EQ(result.root.find("log")->find("levels")->find("sources.x")->text, "debug");
    EXPECT_EQ(result.root.find("l")->list[1].find("b")->integer, 2);
}

TEST(Overrides, ApplyInOrderSoThatTheLastWins) {
    EXPECT_EQ(override_in("", {"a=1", "a=2"}).root.find("a")->integer, 2);
    EXPECT_EQ(override_in("", {"a.b=1", "a=2"}).root.find("a")->integer, 2);
}

TEST(Overrides, HideTheProblemOfAValueTheyReplace) {
    EXPECT_EQ(override_in("a: ${GONE}", {"a=1"}).problems, "");
}

TEST(Overrides, WithAWrongPathAreProblems) {
    EXPECT_EQ(override_in("a: 1", {"a.b=2"}).problems, "--set a.b: a is not a map, so it has no key \"b\"\n");
    EXPECT_EQ(override_in("l: [x]", {"l.1=2"}).problems, "--set l.1: l is a list of 1; name an entry by its number, from 0\n");
    EXPECT_EQ(override_in("l: [x]", {"l.one=2"}).problems,
              "--set l.one: l is a list of 1; name an entry by its number, from 0\n");
    for (const auto* argument : {"", "a", "=1", ".a=1", "a..b=1", "a.=1", "\"a=1"})
        EXPECT_NE(override_in("", {argument}).problems.find("write KEY=VALUE"), std::string::npos) << argument;
}

TEST(Overrides, WithAWrongValueAreProblems) {
    EXPECT_EQ(override_in("", {"a={ b: 1"}).problems,
              "--set a: not valid YAML: end of map flow not found; a \"{\" has no \"}\"\n");
    EXPECT_EQ(override_in("", {"a={ b: 1, b: 2 }"}).problems, "--set a: b: duplicate key\n");
    EXPECT_EQ(override_in("", {"a=017"}).problems,
              "--set a: \"017\" may be read as an octal number; write it without the leading zero, or between quotes\n");
}

}  // namespace
}  // namespace sluice
