#include "route/source_router.hpp"

#include <gtest/gtest.h>

#include <string>

#include "route/messages.hpp"

namespace sluice {
namespace {

PoolRules pool(std::vector<std::pair<std::string, std::string>> when, std::string key = "/key") {
    PoolRules rules;
    rules.when = std::move(when);
    rules.route.by = RouteBy::pointer;
    rules.route.key = std::move(key);
    rules.route.worker_count = 4;
    return rules;
}

SourceRouter made(const std::vector<PoolRules>& pools) {
    return SourceRouter::make(pools).value();
}

std::uint32_t pool_of(SourceRouter& router, std::string_view body) {
    std::string scratch;
    return router.route(TestMessage(body), scratch).pool;
}

TEST(SourceRouter, GivesEveryMessageToASinglePoolWithoutConditions) {
    SourceRouter router = made({pool({})});
    std::string scratch;
    const TestMessage message(R"({"key":"a"})");
    const auto picked = router.route(message, scratch);
    EXPECT_EQ(picked.pool, 0u);
    EXPECT_EQ(picked.routed.key, "a");
    EXPECT_EQ(pool_of(router, "not json"), 0u);
}

TEST(SourceRouter, TakesTheFirstPoolWhoseConditionsAllHold) {
    SourceRouter router = made({
        pool({{"/type", "departure"}, {"/late", "true"}}),
        pool({{"/type", "departure"}}),
        pool({{"/type", "arrival"}}, "/other"),
    });
    EXPECT_EQ(pool_of(router, R"({"type":"departure","late":true})"), 0u);
    EXPECT_EQ(pool_of(router, R"({"type":"departure","late":false})"), 1u);
    EXPECT_EQ(pool_of(router, R"({"type":"departure"})"), 1u);
    std::string scratch;
    const TestMessage message(R"({"type":"arrival","other":"x","key":"y"})");
    const auto picked = router.route(message, scratch);
    EXPECT_EQ(picked.pool, 2u);
    EXPECT_EQ(picked.routed.key, "x");
}

TEST(SourceRouter, MakesWhatNoPoolTakesADeadLetter) {
    SourceRouter router = made({pool({{"/type", "departure"}})});
    std::string scratch;
    for (const char* body : {R"({"type":"arrival"})", R"({"type":null})", "{}", "not json", ""}) {
        const auto picked = router.route(TestMessage(body), scratch);
        EXPECT_EQ(picked.pool, SourceRouter::no_pool) << body;
        EXPECT_EQ(picked.routed.to, Routed::To::dead_letter) << body;
    }
}

TEST(SourceRouter, ComparesConditionsAsKeysAreCompared) {
    SourceRouter router = made({pool({{"/a", "é"}}), pool({{"/a", "1"}}), pool({{"/a", "1.0"}}), pool({{"/a", ""}})});
    EXPECT_EQ(pool_of(router, R"({"a":"\u00e9"})"), 0u);
    EXPECT_EQ(pool_of(router, R"({"a":1})"), 1u);
    EXPECT_EQ(pool_of(router, R"({"a":"1"})"), 1u);
    EXPECT_EQ(pool_of(router, R"({"a":1.0})"), 1u);
    EXPECT_EQ(pool_of(router, R"({"a":"1.0"})"), 2u);
    EXPECT_EQ(pool_of(router, R"({"a":""})"), 3u);
    EXPECT_EQ(pool_of(router, R"({"b":""})"), SourceRouter::no_pool);
}

TEST(SourceRouter, TakesEqualNumbersForEqual) {
    SourceRouter router = made({pool({{"/a", "10.0"}}), pool({{"/a", "0"}}), pool({{"/a", "123456789012345678901234567890"}})});
    for (const char* body : {R"({"a":10})", R"({"a":1e1})", R"({"a":10.00})", R"({"a":"10.0"})"})
        EXPECT_EQ(pool_of(router, body), 0u) << body;
    for (const char* body : {R"({"a":0})", R"({"a":-0})", R"({"a":0.0})"}) EXPECT_EQ(pool_of(router, body), 1u) << body;
    EXPECT_EQ(pool_of(router, R"({"a":123456789012345678901234567890.0})"), 2u);
    EXPECT_EQ(pool_of(router, R"({"a":123456789012345678901234567891})"), SourceRouter::no_pool);
}

TEST(SourceRouter, ForgetsWhatTheLastMessageHeld) {
    SourceRouter router = made({pool({{"/a", "1"}, {"/b", "2"}}), pool({{"/b", "2"}})});
    EXPECT_EQ(pool_of(router, R"({"a":1,"b":2})"), 0u);
    EXPECT_EQ(pool_of(router, R"({"b":2})"), 1u);
    EXPECT_EQ(pool_of(router, R"({"a":1})"), SourceRouter::no_pool);
}

TEST(SourceRouter, LetsAMovedSlotBeSeenThroughItsRouter) {
    SourceRouter router = made({pool({})});
    std::string scratch;
    const TestMessage message(R"({"key":"a"})");
    const Routed before = router.route(message, scratch).routed;
    router.router(0).move_slot(before.slot, (before.worker + 1) % 4);
    EXPECT_EQ(router.route(message, scratch).routed.worker, (before.worker + 1) % 4);
}

TEST(SourceRouter, RefusesRulesThatCannotBeKept) {
    EXPECT_EQ(SourceRouter::make({}).error().message, "a source feeds 1 to 64 pools, not 0");
    EXPECT_EQ(SourceRouter::make(std::vector<PoolRules>(65)).error().message, "a source feeds 1 to 64 pools, not 65");
    EXPECT_EQ(SourceRouter::make({pool({{"a", "1"}})}).error().message.substr(0, 33), "when: \"a\" is not a JSON pointer: ");
    EXPECT_FALSE(SourceRouter::make({pool({}, "key")}));
}

}  // namespace
}  // namespace sluice
