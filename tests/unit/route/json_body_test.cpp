#include "route/json_body.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "core/limits.hpp"
#include "route/bodies.hpp"

namespace sluice {
namespace {

using Found = std::optional<std::string>;

Found find(std::string_view pointer, std::string_view text) {
    const Body body(text);
    JsonBody json;
    json.open(body.view());
    std::string scratch;
    const auto found = json.find(*parse_json_pointer(pointer), scratch);
    json.close();
    return found ? Found(*found) : std::nullopt;
}

const Found missing = std::nullopt;

TEST(JsonBody, FindsScalarsOfEveryType) {
    constexpr auto text = R"({"s":"JFK","n":-12.50e+3,"i":7,"t":true,"f":false})";
    EXPECT_EQ(find("/s", text), "JFK");
    EXPECT_EQ(find("/n", text), "-12500");
    EXPECT_EQ(find("/i", text), "7");
    EXPECT_EQ(find("/t", text), "true");
    EXPECT_EQ(find("/f", text), "false");
}

TEST(JsonBody, FindsEqualNumbersAsTheSameText) {
    for (const char* text : {"1", "1.0", "10e-1", "1E0", "1.0 "})
        EXPECT_EQ(find("/n", "{\"n\":" + std::string(text) + "}"), "1") << text;
    for (const char* text : {"0", "-0", "0.0"}) EXPECT_EQ(find("", text), "0") << text;
    EXPECT_EQ(find("/0", "[123456789012345678901234567890]"), "123456789012345678901234567890");
    EXPECT_EQ(find("/0", "[1e400]"), "1e400");
    EXPECT_EQ(find("/0", "[\"1.0\"]"), "1.0") << "a string stays what it is";
}

TEST(JsonBody, TreatsNullObjectsArraysAndAbsentFieldsAsMissing) {
    constexpr auto text = R"({"null":null,"object":{"a":1},"array":[1]})";
    for (const char* pointer : {"/null", "/object", "/array", "/absent", "/object/b", "/array/1", ""})
        EXPECT_EQ(find(pointer, text), missing) << pointer;
}

std::string typed(std::string_view pointer, std::string_view text) {
    const Body body(text);
    JsonBody json;
    json.open(body.view());
    std::string scratch;
    const JsonValue found = json.at(*parse_json_pointer(pointer), scratch);
    json.close();
    constexpr const char* names[] = {"missing", "null", "boolean", "number", "string", "array", "object"};
    return found.text.empty() ? names[found.type] : std::string(names[found.type]) + " " + std::string(found.text);
}

TEST(JsonBody, TellsTheTypeOfAValueToWhoWantsToKnow) {
    constexpr auto text =
        R"({"s":"J\u0046K","n":1234567890123456789012.50e+3 ,"t":true,"z":null,"a":[0],"o":{"a":1},"":"","w":tru})";
    EXPECT_EQ(typed("/s", text), "string JFK");
    EXPECT_EQ(typed("/n", text), "number 1234567890123456789012.50e+3") << "as it is written";
    EXPECT_EQ(typed("/t", text), "boolean true");
    EXPECT_EQ(typed("/z", text), "null");
    EXPECT_EQ(typed("/a", text), "array");
    EXPECT_EQ(typed("/o", text), "object");
    EXPECT_EQ(typed("/", text), "string");
    EXPECT_EQ(typed("/w", text), "missing");
    EXPECT_EQ(typed("/absent", text), "missing");
    EXPECT_EQ(typed("/a", "{"), "missing");
    EXPECT_EQ(typed("", text), "object");
    EXPECT_EQ(typed("", " [1] "), "array");
    EXPECT_EQ(typed("", "7"), "number 7");
    EXPECT_EQ(typed("", "7 8"), "missing");
}

TEST(JsonBody, DoesNotStepIntoScalars) {
    EXPECT_EQ(find("/a/b", R"({"a":1})"), missing);
    EXPECT_EQ(find("/a/0", R"({"a":"xyz"})"), missing);
    EXPECT_EQ(find("/0", "7"), missing);
}

TEST(JsonBody, FollowsNestedPointers) {
    constexpr auto text = R"({"x":{"b":0},"a":{"x":[],"b":[{"c":1},[10,20,{"d":"deep"}]]}})";
    EXPECT_EQ(find("/a/b/0/c", text), "1");
    EXPECT_EQ(find("/a/b/1/1", text), "20");
    EXPECT_EQ(find("/a/b/1/2/d", text), "deep");
}

TEST(JsonBody, TakesATokenOfDigitsAsIndexOrAsNameByWhatItMeets) {
    EXPECT_EQ(find("/0", R"(["first"])"), "first");
    EXPECT_EQ(find("/0", R"({"0":"member"})"), "member");
    EXPECT_EQ(find("/00", R"({"00":"member"})"), "member");
    EXPECT_EQ(find("/00", R"(["first"])"), missing);
    EXPECT_EQ(find("/-", R"(["first"])"), missing);
    EXPECT_EQ(find("/-", R"({"-":1})"), "1");
}

TEST(JsonBody, FindsNamesWithSlashesTildesSpacesAndQuotes) {
    EXPECT_EQ(find("/a~1b", R"({"a/b":1})"), "1");
    EXPECT_EQ(find("/a~0b", R"({"a~b":1})"), "1");
    EXPECT_EQ(find("/a b", R"({"a b":1})"), "1");
    EXPECT_EQ(find("/", R"({"":1})"), "1");
    EXPECT_EQ(find("/a\"b", R"({"a\"b":1})"), "1");
    EXPECT_EQ(find("/a\\b", R"({"a\\b":1})"), "1");
}

TEST(JsonBody, ComparesNamesUnescapedWhicheverWayTheyAreWritten) {
    EXPECT_EQ(find("/café", R"({"caf\u00e9":1})"), "1");
    EXPECT_EQ(find("/café", R"({"café":1})"), "1");
    EXPECT_EQ(find("/a~1b", R"({"a\/b":1})"), "1");
    EXPECT_EQ(find("/😀", R"({"\ud83d\ude00":1})"), "1");
    EXPECT_EQ(find("/abc", R"({"ab\u0063d":1,"\u0061bc":2})"), "2");
}

TEST(JsonBody, DoesNotTakeAnEscapeForTheBytesItIsWrittenWith) {
    EXPECT_EQ(find("/a\\", R"({"a\"":1,"b":2})"), missing);
    EXPECT_EQ(find("/a\":\"b", R"({"a":"b"})"), missing);
    EXPECT_EQ(find("/caf\\u00e9", R"({"caf\u00e9":1})"), missing);
}

TEST(JsonBody, DoesNotTakeAPrefixForTheName) {
    EXPECT_EQ(find("/key", R"({"ke":1,"keys":2,"k":3})"), missing);
    EXPECT_EQ(find("/key", R"({"ke":1,"keys":2,"key":3})"), "3");
}

TEST(JsonBody, TakesTheFirstOfEqualNames) {
    EXPECT_EQ(find("/a", R"({"a":1,"a":2})"), "1");
    EXPECT_EQ(find("/a", R"({"\u0061":1,"a":2})"), "1");
    EXPECT_EQ(find("/a/b", R"({"a":{"c":1},"a":{"b":2}})"), missing);
}

TEST(JsonBody, UnescapesValues) {
    EXPECT_EQ(find("/a", R"({"a":"x\ny\u00e9\"\\\/"})"), "x\nyé\"\\/");
    EXPECT_EQ(find("/a", R"({"a":"\ud83d\ude00"})"), "😀");
    EXPECT_EQ(find("/a", R"({"a":"\u0000"})"), std::string(1, '\0'));
    EXPECT_EQ(find("/a", R"({"a":""})"), "");
}

TEST(JsonBody, DoesNotMindTheWayOfWritingSpace) {
    EXPECT_EQ(find("/a/1", " {\r\n \"a\" :\t[ 1 , \"x\" ] } \n"), "x");
    EXPECT_EQ(find("/a", "{\"a\" : 12 \t\r\n }"), "12");
}

TEST(JsonBody, FindsAScalarThatIsTheWholeDocument) {
    EXPECT_EQ(find("", R"("JFK")"), "JFK");
    EXPECT_EQ(find("", R"( "caf\u00e9" )"), "café");
    EXPECT_EQ(find("", "42\n"), "42");
    EXPECT_EQ(find("", "true"), "true");
    for (const char* text : {"null", "{}", "[]", "[1]", "1 2", "\"a\" \"b\"", "1,", "tru", "truex", "01", "-", "", " ", "\""})
        EXPECT_EQ(find("", text), missing) << text;
}

TEST(JsonBody, TreatsMalformedScalarsAsMissing) {
    for (const char* value :
         {"01",  "1.",   ".5",     "+1",  "-",   "1e",       "1e+",     "0x10",        "12abc",       "1_000", "--1",
          "tru", "True", "falsey", "nul", "NaN", "Infinity", R"("\q")", R"("\ud800")", R"("\u12g4")", ""})
        EXPECT_EQ(find("/a", std::string("{\"a\":") + value + "}"), missing) << value;
}

TEST(JsonBody, TreatsMalformedBodiesAsMissing) {
    for (const char* text :
         {"", " ", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\" 1}", "{a:1}", "{'a':1}", "{\"a:1}", "[\"a\":1]",
          "{\"b\":1 \"a\":2}", "{,\"a\":1}", "{\"b\":[1,2,\"a\":1}", "not json", "\xef\xbb\xbf{\"a\":1}"})
        EXPECT_EQ(find("/a", text), missing) << text;
}

TEST(JsonBody, TreatsAnyInvalidUtf8AsMissingWhereverItStands) {
    EXPECT_EQ(find("/a", "{\"a\":\"\xff\"}"), missing);
    EXPECT_EQ(find("/a", "{\"a\":1,\"b\":\"\xc3\"}"), missing);
    EXPECT_EQ(find("/a", "{\"a\":1,\"b\":\"\xed\xa0\x80\"}"), missing);
    EXPECT_EQ(find("/a", "{\"a\":1}\xff"), missing);
}

TEST(JsonBody, TreatsControlCharactersInStringsAsMissing) {
    EXPECT_EQ(find("/a", "{\"a\":\"x\ny\"}"), missing);
    EXPECT_EQ(find("/a", std::string("{\"a\":\"x\0y\"}", 11)), missing);
}

TEST(JsonBody, LooksNoFurtherThanTheValue) {
    EXPECT_EQ(find("/a", R"({"a":1,"b":[1,2}})"), "1");
}

TEST(JsonBody, GivesAViewOfTheBodyWhenNothingIsEscaped) {
    const Body body(R"({"a":"JFK","b":12,"c":"x\ty"})");
    JsonBody json;
    json.open(body.view());
    std::string scratch = "untouched";
    for (const char* pointer : {"/a", "/b"}) {
        const auto found = json.find(*parse_json_pointer(pointer), scratch);
        ASSERT_TRUE(found);
        EXPECT_GE(found->data(), body.view().data());
        EXPECT_LE(found->data() + found->size(), body.view().data() + body.view().size());
    }
    EXPECT_EQ(scratch, "untouched");
    EXPECT_EQ(json.find(*parse_json_pointer("/c"), scratch)->data(), scratch.data());
}

TEST(JsonBody, AnswersAnyNumberOfQuestionsInAnyOrder) {
    const Body body(R"({"a":"\u0061","b":[1,2]})");
    JsonBody json;
    json.open(body.view());
    std::string scratch;
    for (int round = 0; round < 1000; ++round) {
        EXPECT_EQ(json.find(*parse_json_pointer("/b/1"), scratch), "2");
        EXPECT_EQ(json.find(*parse_json_pointer("/a"), scratch), "a");
        EXPECT_EQ(json.find(*parse_json_pointer("/c"), scratch), std::nullopt);
    }
}

TEST(JsonBody, AnswersForABodyOfAnySizeAndForSmallOnesAfterIt) {
    JsonBody json;
    std::string scratch;
    const JsonPointer last = *parse_json_pointer("/last");
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, limits::parser_bytes_first, limits::parser_bytes_kept,
                                   limits::parser_bytes_kept * 3, std::size_t{2}}) {
        const Body body("{\"fill\":\"" + std::string(size, 'x') + "\",\"last\":" + std::to_string(size) + "}");
        json.open(body.view());
        EXPECT_EQ(json.find(last, scratch), std::to_string(size));
        json.close();
    }
}

TEST(JsonBody, FindsNothingOnceClosed) {
    const Body body(R"({"a":1})");
    JsonBody json;
    std::string scratch;
    EXPECT_EQ(json.find(*parse_json_pointer("/a"), scratch), std::nullopt);
    json.open(body.view());
    EXPECT_EQ(json.find(*parse_json_pointer("/a"), scratch), "1");
    json.close();
    EXPECT_EQ(json.find(*parse_json_pointer("/a"), scratch), std::nullopt);
}

TEST(JsonBody, SurvivesNestingDeeperThanAnyStack) {
    const std::string open(100'000, '[');
    const std::string close(100'000, ']');
    EXPECT_EQ(find("/a", "{\"b\":" + open + close + ",\"a\":1}"), "1");
    EXPECT_EQ(find("/a", "{\"b\":" + open + ",\"a\":1}"), missing);
}

}  // namespace
}  // namespace sluice
