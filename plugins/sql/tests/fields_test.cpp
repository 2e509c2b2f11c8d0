#include "fields.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>

#include "sluice/sdk/status.hpp"

namespace sluice::sql {
namespace {

// A body as the host hands it out: exactly so much memory, 64 zero bytes behind, so that a sanitizer sees every read too far.
class Body {
public:
    explicit Body(std::string_view text) : size_(text.size()), bytes_(new char[text.size() + SLUICE_BODY_PADDING]()) {
        std::memcpy(bytes_.get(), text.data(), text.size());
    }
    std::string_view view() const { return {bytes_.get(), size_}; }
    bool holds(sluice_bytes part) const {
        const std::less_equal<const char*> not_behind;
        return not_behind(bytes_.get(), part.data) && not_behind(part.data + part.size, bytes_.get() + size_);
    }

private:
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

std::string shown(const sluice_value& value) {
    switch (value.type) {
        case SLUICE_VALUE_NULL: return "NULL";
        case SLUICE_VALUE_INTEGER: return std::to_string(value.as.integer);
        case SLUICE_VALUE_REAL: return "real " + std::to_string(value.as.real);
        case SLUICE_VALUE_BOOLEAN: return value.as.integer ? "true" : "false";
        default: return "'" + std::string(view(value.as.bytes)) + "'";
    }
}

// What one pointer finds, or what is wrong.
std::string found(std::string_view pointer, std::string_view text) {
    Fields fields;
    fields.want(pointer);
    const Body body(text);
    const std::string wrong = fields.read(body.view());
    return wrong.empty() ? shown(fields.values()[0]) : wrong;
}

TEST(Fields, HaveTheTypesOfJson) {
    EXPECT_EQ(found("/a", R"({"a":"x y"})"), "'x y'");
    EXPECT_EQ(found("/a", R"({"a" : "" })"), "''");
    EXPECT_EQ(found("/a", R"({"a":42})"), "42");
    EXPECT_EQ(found("/a", R"({"a":-9223372036854775808})"), "-9223372036854775808");
    EXPECT_EQ(found("/a", R"({"a":9223372036854775807})"), "9223372036854775807");
    EXPECT_EQ(found("/a", R"({"a":1.5})"), "real 1.500000");
    EXPECT_EQ(found("/a", R"({"a":1e2})"), "real 100.000000");
    EXPECT_EQ(found("/a", R"({"a":true})"), "true");
    EXPECT_EQ(found("/a", R"({"a":false})"), "false");
    EXPECT_EQ(found("/a", R"({"a":null})"), "NULL");
    EXPECT_EQ(found("/a", R"({"b":1})"), "NULL");
    EXPECT_EQ(found("/a", "{}"), "NULL");
}

TEST(Fields, ThatCannotBeBoundAreNamed) {
    EXPECT_EQ(found("/a", R"({"a":{"b":1}})"), "the field /a cannot be bound: it is an object");
    EXPECT_EQ(found("/a/b", R"({"a":{"b":[]}})"), "the field /a/b cannot be bound: it is an array");
    EXPECT_EQ(found("/a", R"({"a":9223372036854775808})"),
              "the field /a cannot be bound: it is an integer of more than 64 bits, which reach from -9223372036854775808 to "
              "9223372036854775807");
    EXPECT_EQ(found("/a", R"({"a":-123456789012345678901234567890 })").substr(0, 60),
              "the field /a cannot be bound: it is an integer of more than ");
    EXPECT_EQ(found("/a", R"({"a":1e999})"),
              "the field /a cannot be bound: it is larger than a number of 64 bits can be, about 1.8e308");
    for (const char* body : {R"({"a":01})", R"({"a":1.})", R"({"a":-})", R"({"a":1e})"})
        EXPECT_EQ(found("/a", body), "the field /a cannot be bound: it is no number of JSON") << body;
    for (const char* body : {R"({"a":.5})", R"({"a":+1})", R"({"a":inf})"})  // nothing of JSON begins so
        EXPECT_TRUE(found("/a", body).starts_with("the body is not JSON: ")) << body;
}

TEST(Fields, BesideAWantedOneMayHoldAnyNumber) {
    EXPECT_EQ(found("/a", R"({"b":123456789012345678901234567890,"a":1,"c":1e999})"), "1");
}

TEST(Fields, AreFoundAtAnyDepth) {
    const char* text = R"({"x":{"y":{"z":1,"":2}},"list":[10,{"n":"two"},[30,31]],"7":{"00":3},"x2":0})";
    EXPECT_EQ(found("/x/y/z", text), "1");
    EXPECT_EQ(found("/x/y/", text), "2");
    EXPECT_EQ(found("/list/0", text), "10");
    EXPECT_EQ(found("/list/1/n", text), "'two'");
    EXPECT_EQ(found("/list/2/1", text), "31");
    EXPECT_EQ(found("/list/00", text), "NULL");
    EXPECT_EQ(found("/list/9", text), "NULL");
    EXPECT_EQ(found("/list/-", text), "NULL");
    EXPECT_EQ(found("/7/00", text), "3");
    EXPECT_EQ(found("/x2/deeper", text), "NULL");
}

TEST(Fields, CompareNamesAndTextsWithoutTheirEscapes) {
    EXPECT_EQ(found("/café", R"({"caf\u00e9":1})"), "1");
    EXPECT_EQ(found("/a~1b", R"({"a\/b":2})"), "2");
    EXPECT_EQ(found("/a~1b", R"({"a/b":3})"), "3");
    EXPECT_EQ(found("/m~0n", R"({"m~n":4})"), "4");
    EXPECT_EQ(found("/q\"q", R"({"q\"q":5})"), "5");
    EXPECT_EQ(found("/q\\", R"({"q\\":6})"), "6");
    EXPECT_EQ(found("/a", R"({"a":"caf\u00e9 \"x\" \\"})"), "'café \"x\" \\'");
    EXPECT_EQ(found("/a", R"({"a":"\ud83d\ude00"})"), "'😀'");
    EXPECT_EQ(found("/a", R"({"a":"\ud83d"})").substr(0, 20), "the body is not JSON");
}

TEST(Fields, OfOneNameCountOnce) {
    EXPECT_EQ(found("/a", R"({"a":1,"a":2})"), "1");
    EXPECT_EQ(found("/a/b", R"({"a":{"b":1},"a":{"b":2}})"), "1");
    EXPECT_EQ(found("/a/b", R"({"a":{},"a":{"b":2}})"), "NULL");
}

TEST(Fields, AreViewsOfTheBodyUnlessEscaped) {
    Fields fields;
    const auto plain = fields.want("/plain");
    const auto escaped = fields.want("/escaped");
    const Body body(R"({"escaped":"a\nb","plain":"text"})");
    ASSERT_EQ(fields.read(body.view()), "");
    EXPECT_EQ(fields.values()[plain].life, SLUICE_LIFE_UNIT);
    EXPECT_TRUE(body.holds(fields.values()[plain].as.bytes));
    EXPECT_EQ(fields.values()[escaped].life, SLUICE_LIFE_CALL);
    EXPECT_FALSE(body.holds(fields.values()[escaped].as.bytes));
}

TEST(Fields, AreReadAnewFromEachBody) {
    Fields fields;
    const auto a = fields.want("/a");
    const auto b = fields.want("/b");
    EXPECT_EQ(fields.want("/a"), a);
    const Body first(R"({"b":2,"a":1})"), second(R"({"a":3})");
    ASSERT_EQ(fields.read(first.view()), "");
    EXPECT_EQ(shown(fields.values()[a]) + shown(fields.values()[b]), "12");
    ASSERT_EQ(fields.read(second.view()), "");
    EXPECT_EQ(shown(fields.values()[a]) + shown(fields.values()[b]), "3NULL");
}

TEST(Fields, OfABodyThatIsNoObjectAreRefused) {
    for (const char* text : {"[1]", "1", "\"a\"", "null", "true", "nonsense"})
        EXPECT_EQ(found("/a", text), "the body is not a JSON object") << text;
    EXPECT_EQ(found("/a", ""), "the body is empty, not a JSON object");
    EXPECT_EQ(found("/a", "  "), "the body is empty, not a JSON object");
}

TEST(Fields, OfADamagedBodyAreRefused) {
    for (const char* text : {R"({"a":1)", R"({"a":1,)", R"({"a":1,"b)", R"({"a":1,"b":)", R"({"a":1,"b":[)", R"({"a")", "{",
                             R"({"a":tru})", R"({"a":nul})", R"({"a":1} {"a":2})", R"({"a":1}x)", R"({"a" 1})", R"({"a":"x)",
                             "{\"a\":\"\xff\"}", "{\"a\":\"x\ny\"}", R"({"a":})", R"({"a":1])"})
        EXPECT_NE(found("/a", text).find("not JSON"), std::string::npos) << text << " -> " << found("/a", text);
    EXPECT_EQ(found("/a", R"({"a":12x})"), "the field /a cannot be bound: it is no number of JSON");
}

TEST(Fields, OfEveryPrefixAndMutationAreReadOrRefusedButNeverReadTooFar) {
    const std::string whole = R"({"a":"x\u00e9","b":[1,{"c":2.5}],"d":{"e":null,"f":true},"g":-17})";
    Fields fields;
    for (const char* pointer : {"/a", "/b/1/c", "/d/e", "/d/f", "/g"}) fields.want(pointer);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Body body(std::string_view(whole).substr(0, size));
        EXPECT_NE(fields.read(body.view()), "") << size;
    }
    std::mt19937 random(7);
    std::size_t refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string changed = whole;
        for (int j = 0; j < 3; ++j) changed[random() % changed.size()] = R"({}[]",:\u0019tfn )"[random() % 18];
        const Body body(changed);
        refused += !fields.read(body.view()).empty();
    }
    EXPECT_GT(refused, 10'000u);
    const Body body(whole);
    EXPECT_EQ(fields.read(body.view()), "");
}

TEST(Fields, GiveTheMemoryOfALargeBodyBack) {
    Fields fields;
    fields.want("/a");
    const Body large("{\"b\":\"" + std::string(3 << 20, 'x') + "\",\"a\":1}"), small(R"({"a":2})");
    ASSERT_EQ(fields.read(large.view()), "");
    EXPECT_EQ(shown(fields.values()[0]), "1");
    ASSERT_EQ(fields.read(small.view()), "");
    EXPECT_EQ(shown(fields.values()[0]), "2");
}

TEST(Fields, AreBounded) {
    Fields fields;
    for (int field = 0; field < 4'096; ++field) fields.want("/" + std::to_string(field));
    EXPECT_EQ(fields.want("/7"), 7u) << "is one of them";
    EXPECT_THROW(fields.want("/one more"), std::invalid_argument);
}

TEST(Fields, RefuseWhatIsNoPointerToAField) {
    const auto refusal = [](const char* pointer) {
        Fields fields;
        try {
            fields.want(pointer);
            return std::string("accepted");
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
    };
    EXPECT_EQ(refusal(""), "\"\" is no JSON pointer to a field: it names the whole body, which is `:_body`");
    EXPECT_EQ(refusal("origin"), "\"origin\" is no JSON pointer to a field: it must begin with \"/\", as in \"/origin\"");
    EXPECT_EQ(refusal("/a~2"),
              "\"/a~2\" is no JSON pointer to a field: after \"~\" only 0 (for \"~\") or 1 (for \"/\") may follow");
    EXPECT_EQ(refusal("/a~"),
              "\"/a~\" is no JSON pointer to a field: after \"~\" only 0 (for \"~\") or 1 (for \"/\") may follow");
}

}  // namespace
}  // namespace sluice::sql
