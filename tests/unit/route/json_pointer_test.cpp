#include "route/json_pointer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/limits.hpp"

namespace sluice {
namespace {

std::vector<std::string> names(std::string_view text) {
    const Result<JsonPointer> pointer = parse_json_pointer(text);
    EXPECT_TRUE(pointer) << text;
    std::vector<std::string> names;
    if (pointer)
        for (const JsonPointerToken& token : pointer->tokens()) names.push_back(token.name);
    return names;
}

std::string refusal(std::string_view text) {
    const Result<JsonPointer> pointer = parse_json_pointer(text);
    EXPECT_FALSE(pointer) << text;
    return pointer ? "" : pointer.error().message;
}

using Names = std::vector<std::string>;

TEST(JsonPointer, NamesTheWholeDocumentWhenEmpty) {
    EXPECT_EQ(names(""), Names{});
}

TEST(JsonPointer, SplitsAtSlashesAndKeepsEmptyNames) {
    EXPECT_EQ(names("/origin"), Names{"origin"});
    EXPECT_EQ(names("/a/b/0"), (Names{"a", "b", "0"}));
    EXPECT_EQ(names("/"), Names{""});
    EXPECT_EQ(names("//x/"), (Names{"", "x", ""}));
}

TEST(JsonPointer, UnescapesTildesOnceFromTheLeft) {
    EXPECT_EQ(names("/a~1b"), Names{"a/b"});
    EXPECT_EQ(names("/m~0n"), Names{"m~n"});
    EXPECT_EQ(names("/~01"), Names{"~1"});
    EXPECT_EQ(names("/~10"), Names{"/0"});
}

TEST(JsonPointer, KeepsEveryOtherByteAsWritten) {
    EXPECT_EQ(names("/a b"), Names{"a b"});
    EXPECT_EQ(names("/%20"), Names{"%20"});
    EXPECT_EQ(names("/a\\b\"c"), Names{"a\\b\"c"});
    EXPECT_EQ(names("/café"), Names{"café"});
}

TEST(JsonPointer, TakesAsIndexOnlyDigitsWithoutALeadingZero) {
    const auto index = [](std::string_view text) { return parse_json_pointer(text)->tokens().at(0).index; };
    EXPECT_EQ(index("/0"), 0u);
    EXPECT_EQ(index("/10"), 10u);
    EXPECT_EQ(index("/18446744073709551615"), UINT64_MAX);
    for (const char* text : {"/", "/00", "/01", "/-", "/-1", "/+1", "/1a", "/ 1", "/1 ", "/1.0", "/18446744073709551616"})
        EXPECT_EQ(index(text), std::nullopt) << text;
}

TEST(JsonPointer, RefusesTextWithoutALeadingSlashAndShowsOne) {
    EXPECT_EQ(refusal("origin"),
              "\"origin\" is not a JSON pointer: it must begin with \"/\", as in \"/origin\"; only \"\" names "
              "the whole document.");
    EXPECT_EQ(parse_json_pointer("origin").error().kind, ErrorKind::invalid);
}

TEST(JsonPointer, RefusesATildeThatIsNoEscapeAndSaysWhere) {
    EXPECT_EQ(refusal("/a~b"),
              "\"/a~b\" is not a JSON pointer: the \"~\" at byte 3 must be written ~0, and a \"/\" inside a name ~1.");
    refusal("/a~");
    refusal("/~~0");
    refusal("/~/");
}

TEST(JsonPointer, RefusesMoreLevelsThanAConfigurationMayHave) {
    std::string deep;
    for (std::size_t level = 0; level < limits::config_depth; ++level) deep += "/a";
    EXPECT_EQ(names(deep).size(), limits::config_depth);
    EXPECT_EQ(refusal(deep + "/a"), "\"" + deep + "/a\" is not a JSON pointer: it is more than 64 levels deep.");
}

}  // namespace
}  // namespace sluice
