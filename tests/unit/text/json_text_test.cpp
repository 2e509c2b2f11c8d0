#include "text/json_text.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>

namespace sluice {
namespace {

std::string quoted(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

// What a strict parser, which also checks UTF-8, reads back.
std::string read_back(std::string_view text) {
    simdjson::dom::parser parser;
    const simdjson::padded_string json(quoted(text));
    std::string_view value;
    const auto error = parser.parse(json).get(value);
    EXPECT_EQ(error, simdjson::SUCCESS) << quoted(text);
    return error == simdjson::SUCCESS ? std::string(value) : std::string("unreadable");
}

TEST(JsonText, KeepsEveryAsciiCharacterIncludingControlCharactersAndQuotes) {
    for (int byte = 0; byte < 128; ++byte) {
        const std::string text = std::string("a") + static_cast<char>(byte) + "z";
        EXPECT_EQ(read_back(text), text) << byte;
    }
}

TEST(JsonText, KeepsUtf8OfEveryLength) {
    for (const char* text : {"caf\u00e9", "\u20ac", "\U0001f600", "\u07ff\u0800\uffff\U00010000\U0010ffff"})
        EXPECT_EQ(quoted(text), std::string("\"") + text + "\"");
}

TEST(JsonText, ReplacesEveryByteThatIsNotUtf8) {
    EXPECT_EQ(read_back("a\xff z"), "a\ufffd z");
    EXPECT_EQ(read_back("cut \xe2\x82"), "cut \ufffd\ufffd");
    EXPECT_EQ(read_back("overlong \xc0\xaf"), "overlong \ufffd\ufffd");
    EXPECT_EQ(read_back("surrogate \xed\xa0\x80"), "surrogate \ufffd\ufffd\ufffd");
    EXPECT_EQ(read_back("above \xf4\x90\x80\x80"), "above \ufffd\ufffd\ufffd\ufffd");
    EXPECT_EQ(read_back("\xe2\"quote"), "\ufffd\"quote");
}

TEST(JsonText, TellsUtf8FromOtherBytes) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain and caf\u00e9 and \U0001f600"));
    EXPECT_FALSE(is_utf8("caf\xe9"));
    EXPECT_FALSE(is_utf8("\xe0\x80\xaf"));
}

TEST(JsonText, WritesFieldsInTheOrderOfTheCalls) {
    JsonFields fields;
    fields.add("text", "a\"b").add("count", std::uint64_t{18446744073709551615u}).add("delay", std::int64_t{-5});
    fields.add("share", 0.25).add("nothing", std::numeric_limits<double>::infinity()).add("yes", true).add_raw("list", "[1,2]");
    EXPECT_EQ(fields.view(),
              R"("text":"a\"b","count":18446744073709551615,"delay":-5,"share":0.25,"nothing":null,"yes":true,"list":[1,2])");
}

}  // namespace
}  // namespace sluice
