// Structs in sizes that are not this header's. A larger one ends in garbage that nobody may take for anything, or change; a
// shorter one ends in front of a page that crashes who reads on. What it lacks is zero.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cut.hpp"
#include "source.hpp"
#include "target.hpp"

namespace sluice::contract {
namespace {

using testing::SizeIs;

// What every instance is created with. Without a configuration it may refuse to be.
std::vector<Cut> of_all() {
    return {{"larger", Sizes::all_larger()},
            CUT_BEFORE(sluice_setup, worker),
            CUT_SHORT(sluice_setup, options),
            CUT_SHORT(sluice_setup, options_api),
            CUT_SHORT(sluice_setup, api),
            CUT_SHORT(sluice_setup, identity),
            CUT_SHORT(sluice_setup, name),
            CUT_BEFORE(sluice_host_api, instance),
            CUT_BEFORE(sluice_host_api, now_ms),
            CUT_SHORT(sluice_host_api, state_dir),
            CUT_SHORT(sluice_host_api, log),
            CUT_SHORT(sluice_host_api, log_enabled),
            CUT_BEFORE(sluice_options_api, where),
            CUT_SHORT(sluice_options_api, find),
            CUT_SHORT(sluice_options_api, real),
            CUT_SHORT(sluice_options_api, integer),
            CUT_SHORT(sluice_options_api, text),
            CUT_SHORT(sluice_options_api, kind),
            CUT_BEFORE(sluice_fault, retry_delay_ms),
            CUT_BEFORE(sluice_fault, text_capacity),
            CUT_BEFORE(sluice_fault, text)};
}

std::vector<Cut> of_sources() {
    std::vector<Cut> cuts = of_all();
    cuts.insert(cuts.end(), {CUT_BEFORE(sluice_poll, wait_ms), CUT_BEFORE(sluice_poll, max_bytes),
                             CUT_BEFORE(sluice_queue_sink, lost), CUT_BEFORE(sluice_queue_sink, revoke),
                             CUT_BEFORE(sluice_queue_sink, confirmed_below), CUT_SHORT(sluice_queue_sink, settled),
                             CUT_SHORT(sluice_queue_sink, reserve), CUT_SHORT(sluice_queue_sink, push),
                             CUT_BEFORE(sluice_queue_limits, lease_ms), CUT_BEFORE(sluice_queue_limits, message_bytes_max),
                             CUT_BEFORE(sluice_queue_limits, in_flight_max), CUT_BEFORE(sluice_probe_sink, fact)});
    return cuts;
}

using OfSource = std::tuple<const QueueEngine*, Cut>;

class SourceSizes : public testing::TestWithParam<OfSource> {};

std::string queue_size_name(const testing::TestParamInfo<OfSource>& test) {
    return std::get<0>(test.param)->name + "_" + std::get<1>(test.param).name;
}

TEST_P(SourceSizes, HarmNothing) {
    const auto& [engine, cut] = GetParam();
    Folder folder;
    if (engine->fill) engine->fill(folder, numbered_bodies());
    Source source(*engine, folder, cut.sizes);
    if (!source.created().ok()) {
        EXPECT_FALSE(cut.works) << source.created();
        return;
    }
    if (source.table().probe != nullptr) {
        Facts facts;
        EXPECT_TRUE(source.probe(facts).ok() || !cut.works);
    }
    const Answer opened = source.open();
    EXPECT_TRUE(opened.ok() || !cut.works) << opened;
    if (!opened.ok()) return;
    sluice_queue_limits limits{};
    EXPECT_TRUE(source.limits(limits).ok());
    if (!cut.works) {
        for (int i = 0; i < 3; ++i) (void)source.poll(stored);
        const auto got = source.delivered;
        for (const Delivery& each : got) (void)source.settle({settlement(each.tag, SLUICE_ACK)});
        // Without `settled` nobody hears of it, so the driver would call it a broken rule.
        if (got.empty()) (void)source.flush();
        return;
    }
    auto got = source.take(stored, 3);
    ASSERT_THAT(got, SizeIs(stored));
    EXPECT_TRUE(!engine->fill || bodies_of(got) == numbered_bodies());
    EXPECT_THAT(source.end_of(settlement(got[0].tag, 77)), SLUICE_INVALID);
    source.release({got[1]});
    const auto again = source.take(1);
    ASSERT_THAT(again, SizeIs(1));
    got[1] = again[0];
    source.ack(got);
    if (engine->can_list) {
        sluice_queue_depths depths{};
        std::vector<Stored> found;
        EXPECT_TRUE(source.depths(depths).ok());
        EXPECT_TRUE(source.list("", found).ok());
        (void)source.get("none", found);
    }
    if (engine->take_lane) {
        engine->take_lane(folder, 1, SLUICE_LANE_LOST);
        engine->take_delivery(folder, got.back().tag);
    }
    if (source.table().service != nullptr) {
        std::uint32_t next_ms = 0;
        EXPECT_TRUE(source.service(next_ms).ok());
    }
    if (source.table().extend != nullptr) {
        EXPECT_TRUE(source.extend({got.front().tag}, far_longer).ok());
    }
    for (const Revocation& each : std::vector(source.revocations)) source.answer(each.token);
    source.close();
    EXPECT_TRUE(source.open().ok());
}

INSTANTIATE_TEST_SUITE_P(, SourceSizes,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })),
                                          testing::ValuesIn(of_sources())),
                         queue_size_name);

// ---- targets ---------------------------------------------------------------------------------------------------------------

std::vector<Cut> of_targets() {
    std::vector<Cut> cuts = of_all();
    cuts.insert(cuts.end(),
                {CUT_BEFORE(sluice_outgoing, replaces), CUT_BEFORE(sluice_outgoing, delay_ms),
                 CUT_BEFORE(sluice_outgoing, headers), CUT_BEFORE(sluice_outgoing, id), CUT_BEFORE(sluice_outgoing, key),
                 CUT_SHORT(sluice_outgoing, body), CUT_SHORT(sluice_target_sink, published),
                 CUT_BEFORE(sluice_queue_limits, message_bytes_max), CUT_BEFORE(sluice_probe_sink, fact)});
    return cuts;
}

class TargetSizes : public testing::TestWithParam<OfSource> {};

TEST_P(TargetSizes, HarmNothing) {
    const auto& [engine, cut] = GetParam();
    Folder folder;
    Target target(*engine, folder, cut.sizes);
    if (!target.created().ok()) {
        EXPECT_FALSE(cut.works) << target.created();
        return;
    }
    const Answer opened = target.open();
    EXPECT_TRUE(opened.ok() || !cut.works) << opened;
    if (!opened.ok()) return;
    sluice_queue_limits limits{};
    EXPECT_TRUE(target.limits(limits).ok());
    if (!cut.works) {
        (void)target.publish(outgoing(numbered_bodies()));
        return;
    }
    const bool has_headers =
        cut.sizes.of<sluice_outgoing>().cut == 0 || cut.sizes.of<sluice_outgoing>().cut > offsetof(sluice_outgoing, headers);
    std::vector<Outgoing> messages = outgoing(numbered_bodies());
    messages[1].key = "key";
    messages[1].id = "id";
    if (has_headers) messages[1].headers = {{"name", "value"}};
    for (const Published& each : target.publish_and_wait(messages)) EXPECT_EQ(each.status, SLUICE_OK) << each.text;
    target.close();
    if (engine->read_back) {
        EXPECT_EQ(engine->read_back(folder), numbered_bodies());
        return;
    }
    Source source(*engine, folder);
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(bodies_of(source.take(stored)), numbered_bodies());
}

INSTANTIATE_TEST_SUITE_P(, TargetSizes,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) { return bool(engine.target); })),
                                          testing::ValuesIn(of_targets())),
                         queue_size_name);

// ---- the looks -------------------------------------------------------------------------------------------------------------

std::vector<Cut> of_looks() {
    return {{"larger", Sizes::all_larger()},
            CUT_BEFORE(sluice_queue_depths, oldest_ms),
            CUT_BEFORE(sluice_queue_depths, bytes_max),
            CUT_BEFORE(sluice_queue_depths, bytes),
            CUT_BEFORE(sluice_queue_depths, delayed),
            CUT_BEFORE(sluice_queue_depths, ready),
            CUT_BEFORE(sluice_stored_sink, message)};
}

class LookSizes : public testing::TestWithParam<OfSource> {};

TEST_P(LookSizes, HarmNothing) {
    const auto& [engine, cut] = GetParam();
    Folder folder;
    engine->fill(folder, numbered_bodies());
    Source source(*engine, folder, cut.sizes);
    ASSERT_TRUE(source.open().ok());
    sluice_queue_depths depths{};
    EXPECT_TRUE(source.depths(depths).ok());
    const std::uint32_t end = cut.sizes.of<sluice_queue_depths>().cut;
    EXPECT_EQ(depths.ready, end == 0 || end > offsetof(sluice_queue_depths, ready) ? stored : 0);
    EXPECT_EQ(depths.oldest_ms != 0, end == 0);
    std::vector<Stored> found;
    (void)source.list("", found);
    EXPECT_THAT(found, SizeIs(cut.sizes.of<sluice_stored_sink>().cut == 0 ? stored : 0));
    EXPECT_TRUE(found.empty() || source.get(std::string(found.back().place), found).ok());
}

INSTANTIATE_TEST_SUITE_P(, LookSizes,
                         testing::Combine(testing::ValuesIn(queues([](auto& engine) {
                                              return engine.source && engine.can_list;
                                          })),
                                          testing::ValuesIn(of_looks())),
                         queue_size_name);

}  // namespace
}  // namespace sluice::contract
