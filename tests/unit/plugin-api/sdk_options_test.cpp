// A component's options: as it reads them, and as the fakes check them.
#include <gmock/gmock.h>

#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using namespace std::chrono_literals;
using sluice::FakeHost;
using sluice::FakeOptions;
using sluice::FakeValue;
using sluice::Setup;
using testing::ElementsAre;

Setup setup(FakeHost& host, const FakeOptions& options) {
    return Setup(host.setup(SLUICE_ROLE_HANDLER, options));
}

TEST(SetupSdk, ReadsEveryTypeOfOption) {
    FakeHost host;
    const auto with = setup(host, {{"text", "t"},
                                   {"integer", -3},
                                   {"number", 2.5},
                                   {"boolean", true},
                                   {"pause", 250ms},
                                   {"size", 65536},
                                   {"list", FakeValue::list({"a", 2})},
                                   {"map", FakeValue::map({{"x", "/a"}, {"y", "/b"}})}});
    EXPECT_EQ(with.text("text"), "t");
    EXPECT_EQ(with.integer("integer"), -3);
    EXPECT_EQ(with.number("number"), 2.5);
    EXPECT_TRUE(with.boolean("boolean"));
    EXPECT_EQ(with.duration("pause"), 250ms);
    EXPECT_EQ(with.size("size"), 65536u);
    EXPECT_THAT(with.list("list"), ElementsAre("a", "2"));
    std::string seen;
    for (const auto& [name, value] : with.option("map")) seen.append(name).append("=").append(value.text()).append(" ");
    EXPECT_EQ(seen, "x=/a y=/b ");
}

TEST(SetupSdk, AnswersWhatTheCallerSaysForWhatIsAbsentOrNull) {
    FakeHost host;
    const auto with = setup(host, {{"null", FakeValue()}});
    EXPECT_EQ(with.text("table", "orders"), "orders");
    EXPECT_EQ(with.text("null", "orders"), "orders");
    EXPECT_EQ(with.integer("limit", 7), 7);
    EXPECT_EQ(with.duration("pause", 1s), 1s);
    EXPECT_TRUE(with.boolean("strict", true));
    EXPECT_THAT(with.list("fields"), ElementsAre());
    EXPECT_FALSE(with.has("null"));
}

TEST(SetupSdk, TakesOneScalarAsAListOfOneAndRefusesAMap) {
    FakeHost host;
    const auto with = setup(host, {{"one", "a"}, {"map", FakeValue::map({})}});
    EXPECT_THAT(with.list("one"), ElementsAre("a"));
    EXPECT_THROW((void)with.list("map"), sluice::Failure);
}

TEST(SetupSdk, NamesThePlaceInAnError) {
    FakeHost host;
    const auto with = setup(host, {{"map", FakeValue::map({{"x", FakeValue::list({1, 2})}})}});
    EXPECT_STREQ(with.option("map").find("x").at(1).error("is too large").what(),
                 "test.yaml:1:1: pools.test.handler.map.x.1: is too large");
}

TEST(SetupSdk, KnowsWhoItIsFor) {
    FakeHost host;
    host.name = "pools.airports.handler";
    host.worker = 2;
    host.workers = 10;
    host.state_dir = "/var/lib/x";
    const auto with = setup(host, {});
    EXPECT_EQ(with.name(), "pools.airports.handler");
    EXPECT_EQ(with.worker(), 2u);
    EXPECT_EQ(with.workers(), 10u);
    EXPECT_EQ(with.state_dir(), "/var/lib/x");
    EXPECT_EQ(with.role(), SLUICE_ROLE_HANDLER);
}

TEST(SetupSdk, GivesDatabasesToHandlersOnly) {
    FakeHost host;
    EXPECT_THROW(setup(host, {}).database("shop"), sluice::Failure);
}

TEST(SetupSdk, ReadsNothingBehindTheEndOfASmallerStruct) {
    FakeHost host;
    sluice_setup raw = host.setup(SLUICE_ROLE_HANDLER, {{"a", 1}});
    raw.worker = 5;
    raw.struct_size = offsetof(sluice_setup, worker);
    EXPECT_EQ(sluice::Setup(raw).worker(), 0u);
    EXPECT_EQ(sluice::Setup(raw).integer("a"), 1);
    sluice_options_api smaller = *FakeValue::api();
    smaller.struct_size = offsetof(sluice_options_api, where);
    raw.options_api = &smaller;
    EXPECT_EQ(sluice::Setup(raw).option("a").where(), "");
    EXPECT_EQ(sluice::Setup(raw).integer("a"), 1);
}

struct Reader : sluice::Handler {
    static inline std::string seen;
    explicit Reader(const Setup& setup) {
        for (const auto& [name, value] : setup.options()) seen.append(name).append("=").append(value.text()).append(" ");
    }
    sluice::Verdict handle(const sluice::Message&, sluice::Context&) override { return sluice::done(); }
};
constexpr auto reader = sluice::handler<Reader>(
    "reader", "", sluice::text("table", "T.").required(), sluice::duration("pause", "P.").otherwise(90s),
    sluice::size("room", "R.").otherwise("64KiB"), sluice::integer("limit", "L.").between(1, 9),
    sluice::boolean("strict", "S.").otherwise(true), sluice::one_of("mode", {"a", "b"}, "M."));

std::string read(const FakeOptions& options) {
    FakeHost host;
    Reader::seen.clear();
    try {
        host.handler(reader, options);
        return Reader::seen;
    } catch (const sluice::Failure& failure) {
        return failure.what();
    }
}

TEST(FakeOptionsSdk, FillInDefaultsAndUnitsAsTheHostDoes) {
    EXPECT_EQ(read({{"table", "t"}}), "table=t pause=90000 room=65536 strict=true ");
    EXPECT_EQ(read({{"table", "t"}, {"pause", "2m"}, {"room", "1MiB"}, {"limit", "9"}, {"strict", "false"}, {"mode", "b"}}),
              "table=t pause=120000 room=1048576 limit=9 strict=false mode=b ");
}

TEST(FakeOptionsSdk, RefuseWhatTheHostWouldRefuse) {
    EXPECT_EQ(read({}), "option table is required");
    EXPECT_EQ(read({{"table", "t"}, {"tabel", "t"}}), "there is no option tabel");
    EXPECT_EQ(read({{"table", "t"}, {"limit", 10}}), "option limit: 10 is out of bounds");
    EXPECT_EQ(read({{"table", "t"}, {"mode", "c"}}), "option mode: \"c\" is no choice");
    EXPECT_EQ(read({{"table", "t"}, {"pause", "2 weeks"}}), "option pause: \"2 weeks\" is not of the declared type");
}

}  // namespace
