// JsonBody against simdjson's DOM, an implementation that shares only the indexing with it, and against damaged bodies.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/limits.hpp"
#include "route/bodies.hpp"
#include "route/json_body.hpp"
#include "text/number.hpp"

namespace sluice {
namespace {

namespace dom = simdjson::dom;

struct Expected {
    std::string pointer;
    std::optional<std::string> text;  // none: missing
    bool number = false;              // the DOM does not keep a number's text
};

std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) text += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
    return text;
}

void collect(dom::element element, const std::string& pointer, std::vector<Expected>& all) {
    switch (element.type()) {
        case dom::element_type::OBJECT: {
            all.push_back({pointer, std::nullopt});
            std::vector<std::string_view> seen;
            for (const auto [name, value] : dom::object(element)) {
                if (std::ranges::find(seen, name) != seen.end()) continue;  // the first of equal names counts
                seen.push_back(name);
                collect(value, pointer + "/" + escaped(name), all);
            }
            all.push_back({pointer + "/absent", std::nullopt});
            break;
        }
        case dom::element_type::ARRAY: {
            all.push_back({pointer, std::nullopt});
            std::size_t index = 0;
            for (const dom::element value : dom::array(element)) collect(value, pointer + "/" + std::to_string(index++), all);
            all.push_back({pointer + "/" + std::to_string(index), std::nullopt});
            all.push_back({pointer + "/-", std::nullopt});
            break;
        }
        case dom::element_type::STRING: all.push_back({pointer, std::string(std::string_view(element))}); break;
        case dom::element_type::BOOL: all.push_back({pointer, bool(element) ? "true" : "false"}); break;
        case dom::element_type::NULL_VALUE: all.push_back({pointer, std::nullopt}); break;
        default: all.push_back({pointer, simdjson::minify(element), true}); all.push_back({pointer + "/0", std::nullopt});
    }
}

TEST(JsonBodyRandom, AgreesWithTheDomOnEveryPlaceOfEveryDocument) {
    RandomJson random(20010101);
    dom::parser parser;
    JsonBody json;
    std::string scratch;
    std::size_t scalars = 0;
    for (int round = 0; round < 3000; ++round) {
        const Body body(random.document());
        SCOPED_TRACE(std::string(body.view()));
        const dom::element root = parser.parse(simdjson::padded_string(body.view()));
        std::vector<Expected> all;
        collect(root, "", all);
        json.open(body.view());
        for (const Expected& expected : all) {
            const auto found = json.find(*parse_json_pointer(expected.pointer), scratch);
            ASSERT_EQ(found.has_value(), expected.text.has_value()) << expected.pointer;
            if (!found) continue;
            ++scalars;
            if (expected.number) {
                ASSERT_EQ(real_of(*found), real_of(*expected.text)) << expected.pointer;
            } else {
                ASSERT_EQ(*found, *expected.text) << expected.pointer;
            }
        }
        json.close();
    }
    EXPECT_GT(scalars, 3000u);
}

// What is asserted is little; the sanitizers see the rest: Body ends exactly where the host's buffers end.
TEST(JsonBodyRandom, StaysInsideTheBodyHoweverItIsDamaged) {
    RandomJson random(20010102);
    JsonBody json;
    std::string scratch;
    const std::vector<JsonPointer> pointers = [] {
        std::vector<JsonPointer> made;
        for (const char* text : {"", "/a", "/b/0", "/café", "/0/1", "/a/b/a", "/a~1b", "/\\",
                                 "/absent-and-longer-than-the-whole-padding-"
                                 "of-a-body-which-has-sixty-four-bytes"})
            made.push_back(*parse_json_pointer(text));
        return made;
    }();
    std::size_t found_count = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string text = random.document();
        for (std::uint64_t damages = random.below(4); damages > 0 && !text.empty(); --damages) {
            const std::size_t at = random.below(text.size());
            switch (random.below(4)) {
                case 0: text.resize(at); break;
                case 1: text.erase(at, 1); break;
                case 2: text[at] = "\"\\{}[]:,\xff\x00 u0"[random.below(13)]; break;
                default: text.insert(at, 1, static_cast<char>(random.below(256)));
            }
        }
        const Body body(text);
        json.open(body.view());
        for (const JsonPointer& pointer : pointers) {
            const auto found = json.find(pointer, scratch);
            if (!found) continue;
            ++found_count;
            ASSERT_LE(found->size(), std::max(body.view().size(), limits::number_digits_plain + 2));
            ASSERT_EQ(json.find(pointer, scratch), found);
        }
        json.close();
    }
    EXPECT_GT(found_count, 1000u);
}

TEST(JsonBodyRandom, SurvivesEveryTruncationOfABody) {
    constexpr std::string_view text = R"({"caf\u00e9":[1,"x\ny",[true]],"é":"\ud83d\ude00","last":-1.5e3})";
    JsonBody json;
    std::string scratch;
    for (std::size_t size = 0; size < text.size(); ++size) {
        const Body body(text.substr(0, size));
        json.open(body.view());
        for (const char* pointer : {"/last", "/café/2/0", "/é", ""})
            EXPECT_EQ(json.find(*parse_json_pointer(pointer), scratch), std::nullopt) << body.view();
        json.close();
    }
}

}  // namespace
}  // namespace sluice
