// The life of a source: create, open, close, destroy, and what may be asked meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source.hpp"
#include "threads.hpp"

namespace sluice::contract {
namespace {

using testing::IsEmpty;
using testing::Not;

class SourceLife : public testing::TestWithParam<const QueueEngine*> {
protected:
    void fill() {
        if (engine.fill) engine.fill(folder, numbered_bodies());
    }

    const QueueEngine& engine = *GetParam();
    Folder folder;
};

TEST_P(SourceLife, CreateOpensNothing) {
    const auto before = folder.contents();
    {
        Source source(engine, folder, {}, false);
        ASSERT_TRUE(source.created().ok()) << source.created();
        EXPECT_EQ(folder.contents(), before);
    }
    EXPECT_EQ(folder.contents(), before);
}

TEST_P(SourceLife, CreateRefusesARoleThatIsNone) {
    Host host(folder, SLUICE_ROLE_HANDLER, engine.source(folder), {});
    const auto table = whole_table<sluice_queue>(load_table(engine.plugin, SLUICE_KIND_QUEUE, engine.component, {}));
    void* self = nullptr;
    const Answer answer =
        host.create([&](const sluice_setup* setup, sluice_fault* fault) { return table.create(setup, &self, fault); });
    EXPECT_FALSE(answer.ok());
    EXPECT_THAT(answer.text, Not(IsEmpty()));
    EXPECT_EQ(self, nullptr);
}

TEST_P(SourceLife, TheTableHasWhatASourceNeeds) {
    Source source(engine, folder);
    const sluice_queue& table = source.table();
    EXPECT_NE(table.create, nullptr);
    EXPECT_NE(table.destroy, nullptr);
    EXPECT_NE(table.capabilities, nullptr);
    EXPECT_NE(table.open_source, nullptr);
    EXPECT_NE(table.poll, nullptr);
    EXPECT_NE(table.settle, nullptr);
    EXPECT_NE(table.close, nullptr);
    EXPECT_EQ(table.flags, 0u);
    EXPECT_EQ(table.interrupt != nullptr, engine.can_be_interrupted);
    EXPECT_EQ(table.list != nullptr, engine.can_list);
    EXPECT_EQ(table.probe != nullptr, engine.can_be_probed);
    // A component that produces as well has all of that, or nothing.
    EXPECT_EQ(table.open_target != nullptr, table.publish != nullptr);
}

TEST_P(SourceLife, CapabilitiesAreAsPromisedAfterCreateAndAfterEachOpen) {
    fill();
    Source source(engine, folder);
    EXPECT_EQ(source.capabilities(), engine.capabilities);
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(source.open().ok());
        EXPECT_EQ(source.capabilities(), engine.capabilities);
        source.close();
    }
    const bool takes_back = (engine.capabilities & SLUICE_QUEUE_TAKES_BACK) != 0;
    EXPECT_TRUE(takes_back || (engine.capabilities & SLUICE_QUEUE_RELEASE_KEEPS_ORDER) == 0);
}

TEST_P(SourceLife, OpensAgainAfterClose) {
    fill();
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    const auto first = source.take(stored);
    ASSERT_EQ(first.size(), stored);
    source.close();
    ASSERT_TRUE(source.open().ok());
    const auto again = source.take(stored);
    EXPECT_EQ(bodies_of(again), bodies_of(first));  // nothing was acked
    const bool has_stable_ids = (engine.capabilities & SLUICE_QUEUE_STABLE_IDS) != 0;
    EXPECT_TRUE(!has_stable_ids || ids_of(again) == ids_of(first));
}

TEST_P(SourceLife, OpensAndClosesWithoutAPoll) {
    fill();
    Source source(engine, folder);
    for (int i = 0; i < 3; ++i) {
        const Answer opened = source.open();
        ASSERT_TRUE(opened.ok()) << opened;
        source.close();
    }
}

TEST_P(SourceLife, AnInstanceThatWasNeverOpenedIsDestroyed) {
    Source source(engine, folder);
    EXPECT_TRUE(source.created().ok());
}

TEST_P(SourceLife, WhatAnInstanceDidNotSettleTheNextOneGets) {
    fill();
    std::vector<Delivery> first;
    {
        Source source(engine, folder);
        ASSERT_TRUE(source.open().ok());
        first = source.take(stored);
        ASSERT_EQ(first.size(), stored);
    }
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(bodies_of(source.take(stored)), bodies_of(first));
}

TEST_P(SourceLife, ItsThreadsAreNamedBlockSignalsAndEndWithClose) {
    fill();
    const auto before = threads();
    Source source(engine, folder);
    EXPECT_TRUE(are_gone_but(before)) << "create has started a thread";
    ASSERT_TRUE(source.open().ok());
    source.ack(source.take(stored));
    const std::string own_name = status_line(static_cast<int>(::gettid()), "Name");
    for (const int thread : threads()) {
        if (before.contains(thread)) continue;
        const std::string blocked = status_line(thread, "SigBlk");
        if (blocked.empty()) continue;  // it has ended meanwhile
        // All that can be blocked: SIGKILL, SIGSTOP and the two of the C library cannot.
        EXPECT_EQ(std::stoull(blocked, nullptr, 16) | 0x180040100ull, 0xffffffffffffffffull) << blocked;
        EXPECT_NE(status_line(thread, "Name"), own_name);
    }
    source.close();
    EXPECT_TRUE(are_gone_but(before)) << "close has returned before its threads have ended";
}

TEST_P(SourceLife, ResourceAndNameStayTheSameOverAReopen) {
    fill();
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    const std::string resource = source.resource_id();
    const std::string name = source.name_in_unit();
    EXPECT_TRUE(name.empty() || !resource.empty());
    Aside<std::string> elsewhere([&] { return source.resource_id(); });
    EXPECT_EQ(elsewhere.result(), resource);
    source.close();
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(source.resource_id(), resource);
    EXPECT_EQ(source.name_in_unit(), name);
}

TEST_P(SourceLife, LimitsAreToldAfterOpen) {
    fill();
    Source source(engine, folder);
    ASSERT_TRUE(source.open().ok());
    sluice_queue_limits limits{};
    const Answer answer = source.limits(limits);
    EXPECT_TRUE(answer.ok()) << answer;
    EXPECT_TRUE(limits.in_flight_max == 0 || limits.in_flight_max >= stored);
}

INSTANTIATE_TEST_SUITE_P(, SourceLife, testing::ValuesIn(queues([](auto& engine) { return bool(engine.source); })), name_of);

// ---- what can be brought into trouble --------------------------------------------------------------------------------------

class SpoiledSource : public SourceLife {};

TEST_P(SpoiledSource, OpensAgainAfterOpenHasFailed) {
    Source source(engine, folder);
    {
        const Guard spoiled = engine.spoil(folder);
        for (int i = 0; i < 2; ++i) {
            const Answer opened = source.open();
            ASSERT_FALSE(opened.ok());
            EXPECT_THAT(opened.text, Not(IsEmpty()));
        }
    }
    fill();
    const Answer opened = source.open();
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_EQ(source.take(stored).size(), stored);
}

TEST_P(SpoiledSource, IsDestroyedWithoutACloseAfterOpenHasFailed) {
    const auto before = threads();
    {
        Source source(engine, folder);
        const Guard spoiled = engine.spoil(folder);
        ASSERT_FALSE(source.open().ok());
        EXPECT_TRUE(are_gone_but(before)) << "a failed open leaves a thread behind";
    }
    EXPECT_TRUE(are_gone_but(before));
}

INSTANTIATE_TEST_SUITE_P(, SpoiledSource, testing::ValuesIn(queues([](auto& engine) { return engine.source && engine.spoil; })),
                         name_of);

// ---- probe -----------------------------------------------------------------------------------------------------------------

class ProbedSource : public SourceLife {};

TEST_P(ProbedSource, TellsWhatIsThereAndChangesNothing) {
    fill();
    const auto before = folder.contents();
    Source source(engine, folder, {}, false);
    Facts facts;
    const Answer probed = source.probe(facts);
    EXPECT_TRUE(probed.ok()) << probed;
    EXPECT_THAT(facts, Not(IsEmpty()));
    EXPECT_EQ(folder.contents(), before);
}

TEST_P(ProbedSource, CreatesNothingWhereNothingIs) {
    const auto before = folder.contents();
    Source source(engine, folder, {}, false);
    Facts facts;
    const Answer probed = source.probe(facts);
    EXPECT_THAT(probed.status, testing::AnyOf(SLUICE_OK, SLUICE_UNAVAILABLE, SLUICE_INVALID)) << probed;
    EXPECT_EQ(folder.contents(), before);
}

TEST_P(ProbedSource, KeepsNobodyOut) {
    fill();
    Source running(engine, folder);
    ASSERT_TRUE(running.open().ok());
    Source source(engine, folder);
    Facts facts;
    const Answer probed = source.probe(facts);
    EXPECT_TRUE(probed.ok()) << probed;
    EXPECT_EQ(running.take(stored).size(), stored);
}

TEST_P(ProbedSource, MayBeProbedAgainAndLeavesNoThread) {
    fill();
    const auto before = threads();
    Source source(engine, folder);
    Facts first, second;
    EXPECT_TRUE(source.probe(first).ok());
    EXPECT_TRUE(source.probe(second).ok());
    EXPECT_EQ(first.size(), second.size());
    EXPECT_TRUE(are_gone_but(before));
}

INSTANTIATE_TEST_SUITE_P(, ProbedSource,
                         testing::ValuesIn(queues([](auto& engine) { return engine.source && engine.can_be_probed; })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
