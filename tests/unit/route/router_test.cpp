#include "route/router.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "route/messages.hpp"

namespace sluice {
namespace {

using By = RouteBy;
using Missing = MissingKey::Then;

RouteRules by_pointer(std::string key, std::uint32_t workers) {
    RouteRules rules;
    rules.by = By::pointer;
    rules.key = std::move(key);
    rules.worker_count = workers;
    return rules;
}

RouteRules by(By what, std::uint32_t workers, std::string key = "") {
    RouteRules rules = by_pointer(std::move(key), workers);
    rules.by = what;
    return rules;
}

Router made(const RouteRules& rules) {
    return Router::make(rules).value();
}

std::string refusal(const RouteRules& rules) {
    const auto router = Router::make(rules);
    EXPECT_FALSE(router);
    return router ? "" : router.error().message;
}

TEST(Router, SendsEqualKeysToOneWorkerHoweverTheyAreWritten) {
    Router router = made(by_pointer("/origin", 10));
    std::string scratch;
    const Routed plain = router.route(TestMessage(R"({"origin":"café"})"), scratch);
    EXPECT_EQ(plain.to, Routed::To::worker);
    EXPECT_TRUE(plain.has_key);
    EXPECT_LT(plain.worker, 10u);
    EXPECT_EQ(plain.slot, plain.key_hash % limits::slots);
    const Routed escaped = router.route(TestMessage(R"({"x":1, "origin" : "caf\u00e9"})"), scratch);
    EXPECT_EQ(escaped.key, "café");
    EXPECT_EQ(escaped.key_hash, plain.key_hash);
    EXPECT_EQ(escaped.worker, plain.worker);
}

TEST(Router, SendsEqualNumbersToOneWorkerHoweverTheyAreWritten) {
    Router router = made(by_pointer("/n", 10));
    std::string scratch;
    const auto hash = [&](const std::string& number) {
        return router.route(TestMessage("{\"n\":" + number + "}"), scratch).key_hash;
    };
    for (const auto& [one, other] :
         {std::pair{"1", "1.0"}, {"10", "1e1"}, {"0", "-0"}, {"0", "0.0"}, {"1.5", "15e-1"}, {"1e400", "10E399"}})
        EXPECT_EQ(hash(one), hash(other)) << one << " " << other;
    EXPECT_NE(hash("123456789012345678901234567890"), hash("123456789012345678901234567891"));
    EXPECT_EQ(hash("1"), hash("\"1\"")) << "a key is its text";
    EXPECT_NE(hash("1.0"), hash("\"1.0\""));
}

TEST(Router, TakesTheNamedWorkerOfANumberHoweverItIsWritten) {
    RouteRules rules = by_pointer("/n", 4);
    rules.workers = {{"1.0", 3}, {"20", 2}};
    Router router = made(rules);
    std::string scratch;
    for (const char* body : {R"({"n":1})", R"({"n":1.0})", R"({"n":1e0})", R"({"n":"1.0"})"})
        EXPECT_EQ(router.route(TestMessage(body), scratch).worker, 3u) << body;
    EXPECT_EQ(router.route(TestMessage(R"({"n":2e1})"), scratch).worker, 2u);
    rules.workers.emplace_back("1", 0);
    EXPECT_EQ(refusal(rules), "key \"1\" is given a worker twice: keep one");
}

TEST(Router, HashesForEverAsXxh3Does) {
    EXPECT_EQ(hash_key(""), 0x2d06800538d394c2u);
    EXPECT_EQ(hash_key("a"), 0xe6c632b61e964e1fu);
}

TEST(Router, SpreadsSlotsEvenly) {
    for (const std::uint32_t workers : {1u, 3u, 10u, 256u}) {
        const Router router = made(by(By::id, workers));
        std::vector<int> count(workers);
        for (std::uint32_t slot = 0; slot < limits::slots; ++slot)
            ++count.at(router.worker_of(static_cast<std::uint16_t>(slot)));
        const auto [least, most] = std::ranges::minmax(count);
        EXPECT_LE(most - least, 1);
        EXPECT_GE(least, 1);
    }
}

TEST(Router, SpreadsKeysOverAllWorkers) {
    Router router = made(by(By::id, 10));
    std::string scratch;
    std::vector<int> count(10);
    for (int key = 0; key < 10'000; ++key) ++count.at(router.route(TestMessage("", std::to_string(key)), scratch).worker);
    const auto [least, most] = std::ranges::minmax(count);
    EXPECT_GT(least, 850);
    EXPECT_LT(most, 1150);
}

TEST(Router, RoutesByTheFirstHeaderOfThatNameByItsExactBytes) {
    Router router = made(by(By::header, 4, "Region"));
    std::string scratch;
    const TestMessage message("", "", {{"region", "no"}, {"Region", "EU"}, {"Region", "US"}});
    EXPECT_EQ(router.route(message, scratch).key, "EU");
    const Routed empty = router.route(TestMessage("", "", {{"Region", ""}}), scratch);
    EXPECT_TRUE(empty.has_key);
    EXPECT_EQ(empty.key, "");
    EXPECT_FALSE(router.route(TestMessage("", "", {{"region", "EU"}}), scratch).has_key);
}

TEST(Router, RoutesByIdAndByBody) {
    std::string scratch;
    Router by_id = made(by(By::id, 4));
    EXPECT_EQ(by_id.route(TestMessage("x", "17"), scratch).key, "17");
    EXPECT_FALSE(by_id.route(TestMessage("x", ""), scratch).has_key);
    Router by_body = made(by(By::body, 4));
    EXPECT_EQ(by_body.route(TestMessage("x", "17"), scratch).key_hash, hash_key("x"));
    EXPECT_FALSE(by_body.route(TestMessage("", "17"), scratch).has_key);
}

TEST(Router, RoutesByTheEnginesKey) {
    std::string scratch;
    Router router = made(by(By::message_key, 4));
    const TestMessage message(R"({"a":1})", "17", {{"key", "no"}}, "region-7");
    const Routed routed = router.route(message, scratch);
    EXPECT_EQ(routed.key, "region-7");
    EXPECT_EQ(routed.key_hash, hash_key("region-7"));
    EXPECT_EQ(routed.worker, router.place_of("region-7")->worker);
    EXPECT_FALSE(router.reads_body());

    RouteRules rules = by(By::message_key, 4);
    rules.workers = {{"EU", 3}};
    EXPECT_EQ(made(rules).route(TestMessage("", "", {}, "EU"), scratch).worker, 3u);
    const std::string longer(limits::key_bytes_max + 1, 'k');
    const Routed cut = router.route(TestMessage("", "", {}, longer), scratch);
    EXPECT_EQ(cut.key.size(), limits::key_bytes_max);
    EXPECT_EQ(cut.key_hash, hash_key(longer)) << "a longer key is taken by its hash";
}

TEST(Router, MissesTheEnginesKeyWhereThereIsNone) {
    std::string scratch;
    RouteRules rules = by(By::message_key, 4);
    rules.missing.then = Missing::dead_letter;
    Router router = made(rules);
    EXPECT_EQ(router.route(TestMessage("x", "17", {{"key", "k"}}), scratch).to, Routed::To::dead_letter);
    sluice_message smaller{};
    smaller.struct_size = offsetof(sluice_message, message_key);
    smaller.message_key = {"not there", 9};
    EXPECT_FALSE(router.route(smaller, scratch).has_key) << "nothing is read behind it";
}

TEST(Router, TakesWorkersInTurnByRoundRobin) {
    Router router = made(by(By::round_robin, 3));
    std::string scratch;
    for (const std::uint32_t expected : {0u, 1u, 2u, 0u, 1u}) {
        const Routed routed = router.route(TestMessage(R"({"a":1})", "7"), scratch);
        EXPECT_EQ(routed.worker, expected);
        EXPECT_FALSE(routed.has_key);
        EXPECT_EQ(routed.key_hash, 0u);
    }
}

TEST(Router, DoesWithAMissingKeyWhatTheRulesSay) {
    std::string scratch;
    const TestMessage message("not json");
    RouteRules rules = by_pointer("/a", 3);

    Router in_turn = made(rules);
    EXPECT_EQ(in_turn.route(message, scratch).worker, 0u);
    const Routed second = in_turn.route(message, scratch);
    EXPECT_EQ(second.worker, 1u);
    EXPECT_FALSE(second.has_key);
    EXPECT_EQ(second.key_hash, 0u);

    rules.missing = {Missing::worker, 2};
    Router fixed = made(rules);
    EXPECT_EQ(fixed.route(message, scratch).worker, 2u);
    EXPECT_EQ(fixed.route(message, scratch).worker, 2u);

    rules.missing.then = Missing::dead_letter;
    EXPECT_EQ(made(rules).route(message, scratch).to, Routed::To::dead_letter);
}

TEST(Router, SendsNamedKeysToTheirWorkerAndOthersByHash) {
    RouteRules rules = by_pointer("/region", 4);
    rules.workers = {{"EU", 3}, {"US", 1}, {"true", 2}, {"", 0}};
    Router router = made(rules);
    std::string scratch;
    EXPECT_EQ(router.route(TestMessage(R"({"region":"EU"})"), scratch).worker, 3u);
    EXPECT_EQ(router.route(TestMessage(R"({"region":"U\u0053"})"), scratch).worker, 1u);
    EXPECT_EQ(router.route(TestMessage(R"({"region":true})"), scratch).worker, 2u);
    EXPECT_EQ(router.route(TestMessage(R"({"region":""})"), scratch).worker, 0u);
    const Routed other = router.route(TestMessage(R"({"region":"APAC"})"), scratch);
    EXPECT_EQ(other.worker, router.worker_of(other.slot));
}

TEST(Router, FollowsAMovedSlotButForNamedKeys) {
    RouteRules rules = by(By::id, 4);
    rules.workers = {{"named", 1}};
    Router router = made(rules);
    std::string scratch;
    const Routed before = router.route(TestMessage("", "k"), scratch);
    const std::uint32_t target = (before.worker + 1) % 4;
    router.move_slot(before.slot, target);
    const Routed after = router.route(TestMessage("", "k"), scratch);
    EXPECT_EQ(after.worker, target);
    EXPECT_EQ(after.slot, before.slot);
    router.move_slot(slot_of(hash_key("named")), 2);
    EXPECT_EQ(router.route(TestMessage("", "named"), scratch).worker, 1u);
}

TEST(Router, KnowsLongKeysByTheirWholeHash) {
    const std::string long_key(limits::key_bytes_max + 1, 'k');
    RouteRules rules = by(By::id, 4);
    rules.workers = {{long_key, 3}};
    Router router = made(rules);
    std::string scratch;
    const TestMessage message("", long_key);
    const Routed routed = router.route(message, scratch);
    EXPECT_TRUE(routed.has_key);
    EXPECT_EQ(routed.key, std::string(limits::key_bytes_max, 'k'));
    EXPECT_EQ(routed.key_hash, hash_key(long_key));
    EXPECT_EQ(routed.worker, 3u);
    EXPECT_NE(router.route(TestMessage("", long_key + "x"), scratch).key_hash, routed.key_hash);
}

TEST(Router, RefusesRulesThatCannotBeKept) {
    EXPECT_EQ(refusal(by(By::id, 0)), "a pool has 1 to 256 workers, not 0");
    EXPECT_EQ(refusal(by(By::id, 257)), "a pool has 1 to 256 workers, not 257");
    EXPECT_NE(refusal(by_pointer("origin", 1)).find("is not a JSON pointer"), std::string::npos);

    RouteRules rules = by(By::id, 2);
    rules.workers = {{"EU", 2}};
    EXPECT_EQ(refusal(rules), "key \"EU\": worker 2 does not exist: the pool has 2, numbered from 0 to 1");
    rules.workers = {{"EU", 0}, {"US", 0}, {"EU", 1}};
    EXPECT_EQ(refusal(rules), "key \"EU\" is given a worker twice: keep one");
    rules.workers.clear();
    rules.missing = {Missing::worker, 2};
    EXPECT_EQ(refusal(rules), "missing_key: worker 2 does not exist: the pool has 2, numbered from 0 to 1");
}

}  // namespace
}  // namespace sluice
