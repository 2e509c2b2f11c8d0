#include "admin/request.hpp"

#include <gtest/gtest.h>

#include <string>

#include "text/json_read.hpp"

namespace sluice {
namespace {

// What is wrong with it, for a verb that takes all of these.
std::string complaint(const std::string& json) {
    const Result<Node> node = read_json(json);
    EXPECT_TRUE(node) << json;
    Request request(*node);
    request.text("key");
    request.texts("names");
    request.whole("delay_ms", 0, 1000);
    request.flag("whole");
    const Result<void> right = request.finish();
    return right ? "" : right.error().message;
}

TEST(Request, GivesMembersThatAreRight) {
    const Result<Node> node = read_json(R"({"verb":"x","key":"k","names":["a","b"],"delay_ms":7,"whole":true})");
    Request request(*node);
    EXPECT_EQ(request.text("key"), "k");
    EXPECT_EQ(request.texts("names"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(request.whole("delay_ms", 0, 1000), 7);
    EXPECT_TRUE(request.flag("whole"));
    EXPECT_EQ(request.text("absent"), std::nullopt);
    EXPECT_EQ(request.whole("absent", 0, 1), std::nullopt);
    EXPECT_FALSE(request.flag("absent"));
    EXPECT_TRUE(request.finish());
}

TEST(Request, RefusesByNameWhatHasTheWrongType) {
    const std::string whole = "the request is refused: \"delay_ms\" must be a whole number from 0 to 1000, not ";
    for (const auto& [value, shown] : {std::pair{"\"5\"", "\"5\""},
                                       {"true", "\"true\""},
                                       {"1e300", "\"1e300\""},
                                       {"1.0", "\"1.0\""},
                                       {"-1", "\"-1\""},
                                       {"1001", "\"1001\""},
                                       {"null", "nothing"},
                                       {"[]", "a list"}})
        EXPECT_EQ(complaint("{\"delay_ms\":" + std::string(value) + "}"), whole + shown);
    EXPECT_EQ(complaint(R"({"key":5})"), "the request is refused: \"key\" must be a string, not \"5\"");
    EXPECT_EQ(complaint(R"({"whole":"yes"})"), "the request is refused: \"whole\" must be true or false, not \"yes\"");
    EXPECT_EQ(complaint(R"({"names":"a"})"), "the request is refused: \"names\" must be a list of strings, not \"a\"");
    EXPECT_EQ(complaint(R"({"names":["a",5]})"), "the request is refused: \"names\" must be a list of strings only, not \"5\"");
}

TEST(Request, RefusesWhatItDoesNotKnowAndWhatIsThereTwice) {
    EXPECT_EQ(complaint(R"({"older_then_ms":5})"),
              "the request is refused: this host knows no \"older_then_ms\" here; is it of another version?");
    EXPECT_EQ(complaint(R"({"key":"a","key":"b"})"), "the request is refused: \"key\" is given twice");
}

}  // namespace
}  // namespace sluice
