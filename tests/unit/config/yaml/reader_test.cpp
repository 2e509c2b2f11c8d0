#include "config/yaml/reader.hpp"

#include <gtest/gtest.h>

#include "config/yaml/environment.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

struct Read {
    std::optional<Node> root;
    std::string problems;
};

Read read(std::string_view text) {
    Problems problems;
    Read result;
    result.root = read_yaml(text, "f", problems);
    if (result.root)
        finish_tree(
            *result.root, [](const std::string&) { return std::nullopt; }, problems);
    result.problems = problems.text();
    return result;
}

std::string problems_of(std::string_view text) {
    return read(text).problems;
}

TEST(YamlReader, KnowsLineColumnAndPathOfEverything) {
    const Read result = read("pools:\n  airports: { workers: 10 }\n  list:\n    - a\n    - b: ~\n");
    ASSERT_EQ(result.problems, "");
    const Node* pool = result.root->find("pools")->find("airports");
    EXPECT_EQ(pool->mark.where, "f:2:13");
    EXPECT_EQ(pool->find("workers")->integer, 10);
    EXPECT_EQ(pool->find("workers")->place, "f:2:24: pools.airports.workers");
    EXPECT_EQ(pool->map[0].mark.where, "f:2:15");
    const Node* list = result.root->find("pools")->find("list");
    EXPECT_EQ(list->list[1].find("b")->path, "pools.list.1.b");
    EXPECT_EQ(list->list[1].find("b")->kind, Node::Kind::null);
}

TEST(YamlReader, InfersTypesOnlyWithoutQuotes) {
    const Read result = read("[1, \"1\", '1', true, \"true\", null, \"null\", \"017\"]");
    ASSERT_EQ(result.problems, "");
    const auto kind = [&](std::size_t i) { return result.root->list[i].kind; };
    EXPECT_EQ(kind(0), Node::Kind::integer);
    EXPECT_EQ(kind(1), Node::Kind::text);
    EXPECT_EQ(kind(2), Node::Kind::text);
    EXPECT_EQ(kind(3), Node::Kind::boolean);
    EXPECT_EQ(kind(4), Node::Kind::text);
    EXPECT_EQ(kind(5), Node::Kind::null);
    EXPECT_EQ(kind(6), Node::Kind::text);
    EXPECT_EQ(kind(7), Node::Kind::text);
}

TEST(YamlReader, RefusesDuplicateKeysWhereverTheyAre) {
    EXPECT_EQ(problems_of("a: 1\nb: 2\na: 3\n"), "f:3:1: a: duplicate key; the first stands in line 1\n");
    EXPECT_EQ(
        problems_of("x: { \"k\": 1, k: 2 }\nl:\n- { a: 1, a: 2 }\n"),
        "f:1:14: x.k: duplicate key; the first stands in line 1\nf:3:11: l.0.a: duplicate key; the first stands in line 3\n");
}

TEST(YamlReader, RefusesASecondDocument) {
    EXPECT_EQ(problems_of("a: 1\n---\nb: 2\n"), "f:2:1: a second document begins here; write one document per file\n");
    EXPECT_EQ(problems_of("a: 1\n---\n"), "f:2:1: a second document begins here; write one document per file\n");
    EXPECT_EQ(problems_of("---\na: 1\n...\n"), "");
}

TEST(YamlReader, RefusesMergeKeysButTakesAliases) {
    EXPECT_EQ(problems_of("a: &x { b: 1 }\nc:\n  <<: *x\n"),
              "f:3:3: c.<<: merge keys are not read; write the keys out, or use *NAME for a whole value\n");
    const Read result = read("a: &x { b: 1 }\nc: *x\nd: [*x, *x]\n");
    ASSERT_EQ(result.problems, "");
    EXPECT_EQ(result.root->find("d")->list[1].find("b")->path, "d.1.b");
    EXPECT_EQ(problems_of("\"<<\": 1"), "");
}

TEST(YamlReader, RefusesOctalNumbers) {
    EXPECT_EQ(problems_of("a: 017\n"),
              "f:1:4: a: \"017\" may be read as an octal number; write it without the leading zero, or between quotes\n");
    EXPECT_EQ(problems_of("a: [0o17]\n"),
              "f:1:5: a.0: \"0o17\" may be read as an octal number; write it without the leading zero, or between quotes\n");
}

TEST(YamlReader, RefusesTags) {
    EXPECT_EQ(problems_of("a: !!str 5\n"),
              "f:1:4: a: tags such as !!str are not read; put a text that looks like a number between quotes\n");
    EXPECT_EQ(problems_of("a: !x { b: 1 }\n").substr(0, 22), "f:1:4: a: tags such as");
}

TEST(YamlReader, RefusesKeysThatAreNoText) {
    for (const auto* text : {"{ [1]: 2 }", "? { a: 1 }\n: 2\n", "null: 1", "~: 1", ": 1"})
        EXPECT_NE(problems_of(text).find("a key must be text; put null between quotes if that is its name"), std::string::npos)
            << text;
}

TEST(YamlReader, RefusesWhatIsNestedTooDeep) {
    const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_EQ(problems_of(nested(limits::config_depth)), "");
    EXPECT_NE(problems_of(nested(limits::config_depth + 1)).find("nested deeper than 64 levels"), std::string::npos);
    EXPECT_NE(problems_of(std::string(100'000, '[')).find("nested deeper than 64 levels"), std::string::npos);
}

TEST(YamlReader, StopsABillionLaughs) {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) text += (j == 0 ? "*a" : ", *a") + std::to_string(i - 1);
        text += "]\n";
    }
    EXPECT_NE(problems_of(text).find("more than 100000 values, anchors and aliases counted in full"), std::string::npos);
}

TEST(YamlReader, BoundsKeysAndTheTextThatAliasesMultiply) {
    const std::string long_key(limits::config_key_bytes, 'k');
    EXPECT_EQ(problems_of("? " + long_key + "\n: 1\n"), "");
    EXPECT_EQ(problems_of("? " + long_key + "k\n: 1\n"), "f:1:3: a key of 1025 bytes; the longest has 1024\n");
    EXPECT_EQ(problems_of("a: &a " + std::string(100'000, 'k') + "\nb: { *a : 1, *a : 2 }\n"),
              "f:1:4: b: a key of 100000 bytes; the longest has 1024\n");
    std::string laughs = "a: &a " + std::string(20'000, 'x') + "\nb:\n";
    for (int i = 0; i < 40'000; ++i) laughs += "- *a\n";
    EXPECT_NE(problems_of(laughs).find("more than 16MiB of text, anchors and aliases counted in full"), std::string::npos);
    std::string anchors = "a0: &a0 " + std::string(20'000, 'x') + "\n";
    for (int i = 1; i < 2'000; ++i) anchors += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [ *a0 ]\n";
    EXPECT_NE(problems_of(anchors).find("more than 16MiB of text"), std::string::npos);
}

TEST(YamlReader, BoundsThePathsOfDeepTrees) {
    std::string text;
    for (std::size_t level = 0; level < 40; ++level) text += std::string(level, ' ') + std::string(900, 'k') + ":\n";
    text += std::string(40, ' ') + "- [";
    for (int i = 0; i < 50'000; ++i) text += "1, ";
    EXPECT_NE(problems_of(text + "1]\n").find("keys this long are nested too deep; shorten them"), std::string::npos);
}

TEST(YamlReader, StopsReadingWhatIsNeverClosed) {
    const std::string sentence =
        "brackets, quotes and other signs of YAML in one value; close what is open, or put a long text into a file of its own";
    for (const char* part : {"[", "{", "[{", "[ ", "[\"a\"", "[a,", "{a: ", "[[],"}) {
        std::string text = "a: 1\nb: ";
        while (text.size() < limits::config_file_bytes - 8) text += part;
        const std::string problems = problems_of(text);
        EXPECT_TRUE(problems.find(sentence) != std::string::npos || problems.find("nested deeper") != std::string::npos ||
                    problems.find("more than 100000 values") != std::string::npos ||
                    problems.find("not valid YAML") != std::string::npos)
            << part << problems.substr(0, 300);
    }
    std::string text = "setup: |\n";
    while (text.size() < 3'000'000) text += "  INSERT INTO t VALUES(1, 'some text that is somewhat long');\n";
    EXPECT_EQ(problems_of(text), "") << "a long text is none of that";
}

TEST(YamlReader, RefusesAnAliasInsideItsOwnAnchor) {
    EXPECT_EQ(problems_of("a: &x\n  b: *x\n"), "f:2:6: a.b: an alias cannot stand inside the value it names\n");
}

TEST(YamlReader, ExplainsSyntaxErrors) {
    EXPECT_EQ(
        problems_of("a: b: c\n"),
        "f:1:5: not valid YAML: illegal map value; put text that has \": \" in it between quotes, and check the indentation\n");
    EXPECT_EQ(problems_of("a: { b: ${X} }\n"),
              "f:1:10: not valid YAML: end of map flow not found; inside { } and [ ] put text that has ${NAME} in it between "
              "quotes\n");
    EXPECT_EQ(problems_of("a: { b: 1\n"), "f:2:1: not valid YAML: end of map flow not found; a \"{\" has no \"}\"\n");
    EXPECT_NE(problems_of("a: *nowhere\n").find("write &NAME at the value first"), std::string::npos);
}

TEST(YamlReader, SeesWhatTheParserWouldPassOver) {
    EXPECT_EQ(problems_of("a: 1\nb: \x04\nc: 3\n"),
              "f:2:4: control character 0x04; write it as \"\\x04\" between double quotes\n");
    EXPECT_EQ(problems_of("a: \"caf\xe9\"\n"), "f:1:8: byte 0xe9 is not UTF-8; save the file as UTF-8\n");
    EXPECT_EQ(problems_of(std::string("a\0b", 3)),
              "f:1:2: control character 0x00; write it as \"\\x00\" between double quotes\n");
    for (const auto* wrong : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"})
        EXPECT_NE(problems_of(wrong).find("is not UTF-8"), std::string::npos);
    EXPECT_EQ(problems_of("a: \"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"\n"), "");
}

TEST(YamlReader, SeesAQuoteThatIsNotClosed) {
    EXPECT_EQ(problems_of("a: \"x\nb: 1\n"), "f:1:4: not valid YAML: this quote is not closed\n");
    EXPECT_EQ(problems_of("a: 'it''s\nb: 1\n"), "f:1:4: not valid YAML: this quote is not closed\n");
    EXPECT_EQ(problems_of("a: &x \"x\\\"\n"), "f:1:4: not valid YAML: this quote is not closed\n");
    for (const auto* closed : {"a: \"x\\\\\"\n", "a: 'it''s'\n", "a: &x\n  \"x\"\n", "a: |\n  \"x\n", "\"a\": |\n  'x",
                               "- \"x\"\n- x", "a: \"x\n  y\"\n", "a: \"\"\n", "a: &x |\n  x\n"})
        EXPECT_EQ(problems_of(closed), "") << closed;
}

TEST(YamlReader, PointsAtTabsInTheIndentation) {
    EXPECT_EQ(problems_of("a:\n\tb: c\n"), "f:2:3: not valid YAML: a tab in the indentation; indent with spaces\n");
}

TEST(YamlReader, RefusesAFileThatIsTooLarge) {
    EXPECT_EQ(problems_of(std::string(limits::config_file_bytes + 1, '#')),
              "f:1:1: larger than 4MiB, the most a configuration may be\n");
    EXPECT_EQ(problems_of(std::string(limits::config_file_bytes, '#')), "");
}

TEST(YamlReader, TakesNothingForNull) {
    for (const auto* text : {"", "# only a comment\n", "---\n"}) {
        const Read result = read(text);
        EXPECT_EQ(result.problems, "") << text;
        EXPECT_EQ(result.root->kind, Node::Kind::null) << text;
    }
}

}  // namespace
}  // namespace sluice
