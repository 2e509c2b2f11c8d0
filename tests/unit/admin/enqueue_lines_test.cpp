#include "admin/enqueue_lines.hpp"

#include <gtest/gtest.h>

#include "abi_text.hpp"
#include "core/limits.hpp"
#include "text/json_read.hpp"

namespace sluice {
namespace {

struct Taken {
    std::size_t bytes;
    std::vector<std::string> bodies;
    std::vector<std::string> ids;
    std::vector<std::string> keys;
    std::string error;
};

Taken take(const std::string& request, const std::string& input, bool ended = true) {
    auto rules = EnqueueRules::read(*read_json(request));
    EXPECT_TRUE(rules) << rules.error().message;
    EnqueueLoad load;
    Taken taken;
    taken.bytes = (*rules)->take(input, ended, load);
    for (const sluice_outgoing& outgoing : load.batch.messages) {
        taken.bodies.push_back(text(outgoing.body));
        taken.ids.push_back(text(outgoing.id));
        taken.keys.push_back(text(outgoing.key));
    }
    taken.error = (*rules)->error();
    return taken;
}

using Texts = std::vector<std::string>;

TEST(EnqueueLines, BecomeBodiesWithoutTheirEnds) {
    const Taken taken = take("{}", "{\"a\":1}\n\n[2]\r\n \t\n\"x\"");
    EXPECT_EQ(taken.bodies, (Texts{"{\"a\":1}", "[2]", "\"x\""}));
    EXPECT_EQ(taken.error, "");
}

TEST(EnqueueLines, WithoutAnEndWaitForTheRest) {
    EXPECT_EQ(take("{}", "[1]\n[2", false).bytes, 4u);
    EXPECT_EQ(take("{}", "[1", false).bytes, 0u);
    EXPECT_EQ(take("{}", "[1]\n[2]", true).bodies.size(), 2u);
}

TEST(EnqueueLines, ThatAreNoJsonStopItAndAreNamed) {
    const Taken taken = take("{}", "[1]\n\n{\"a\":}\n[4]\n");
    EXPECT_EQ(taken.bodies, (Texts{"[1]"}));
    EXPECT_EQ(taken.error.find("line 3: is no JSON: "), 0u) << taken.error;
}

TEST(EnqueueLines, GiveIdsAndKeysOfAnyScalar) {
    const Taken taken =
        take(R"({"id_from":"/id","key_from":"/k/0"})", "{\"id\":\"a\\u00e9\\n\",\"k\":[true]}\n{\"id\":1.50,\"k\":[\"x\"]}\n");
    EXPECT_EQ(taken.ids, (Texts{"aé\n", "1.5"}));
    EXPECT_EQ(taken.keys, (Texts{"true", "x"}));
}

TEST(EnqueueLines, WithoutTheIdStopIt) {
    const Taken taken = take(R"({"id_from":"/id"})", "{\"id\":1}\n{\"id\":null}\n");
    EXPECT_EQ(taken.bodies.size(), 1u);
    EXPECT_EQ(taken.error, "line 2: has no text, number or boolean at /id, which --id-from takes the id from");
    EXPECT_NE(take(R"({"id_from":"/id"})", "{\"id\":\"" + std::string(2000, 'x') + "\"}").error.find("longer than 1024 bytes"),
              std::string::npos);
}

TEST(EnqueueLines, HaveTheKeyAndHeadersOfTheRequest) {
    auto rules = EnqueueRules::read(*read_json(R"({"key":"k","headers":["a=b=c","d="],"delay_ms":7})"));
    ASSERT_TRUE(rules);
    EnqueueLoad load;
    (*rules)->take("1\n", true, load);
    const sluice_outgoing& outgoing = load.batch.messages.at(0);
    EXPECT_EQ(text(outgoing.key), "k");
    EXPECT_EQ(outgoing.delay_ms, 7);
    ASSERT_EQ(outgoing.header_count, 2u);
    EXPECT_EQ(text(outgoing.headers[0].name) + "|" + text(outgoing.headers[0].value), "a|b=c");
    EXPECT_EQ(text(outgoing.headers[1].name) + "|" + text(outgoing.headers[1].value), "d|");
}

TEST(EnqueueLines, OfABadRequestAreNotRead) {
    for (const char* request :
         {R"({"id_from":"id"})", R"({"key_from":"/~2"})", R"({"headers":["x"]})", R"({"headers":["=x"]})"})
        EXPECT_FALSE(EnqueueRules::read(*read_json(request))) << request;
}

TEST(EnqueueLines, ComeInBatches) {
    std::string input;
    for (int i = 0; i < 3000; ++i) input += std::to_string(i) + "\n";
    const Taken taken = take("{}", input);
    EXPECT_EQ(taken.bodies.size(), limits::enqueue_batch);
    EXPECT_EQ(input.substr(taken.bytes, 4), "1024");
}

}  // namespace
}  // namespace sluice
