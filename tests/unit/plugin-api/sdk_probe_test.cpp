// Probes in the SDK: which tables have one, what it carries across, and the fakes that ask.
#include <gmock/gmock.h>

#include <stdexcept>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/queue.hpp"
#include "sluice/sdk/testing_database.hpp"
#include "sluice/sdk/testing_queue.hpp"

namespace {

using testing::ElementsAre;
using testing::Pair;

struct Spring : sluice::Source {
    std::uint64_t capabilities() const noexcept override { return 0; }
    sluice::Status open(sluice::SourceSink) override { return SLUICE_OK; }
    sluice::Status poll(const sluice::Poll&) override { return SLUICE_END; }
    sluice::Status settle(std::span<const sluice_settlement>) override { return SLUICE_OK; }
};
struct ProbedSpring : Spring {
    sluice::Status probe(sluice::Probe probe) override {
        probe.fact(SLUICE_FACT_SERVER, "Spring 1.2");
        probe.fact("depth", "3 m");
        return SLUICE_OK;
    }
};
struct Sink : sluice::Target {
    sluice::Status open(sluice::TargetSink) override { return SLUICE_OK; }
    sluice::Status publish(std::span<const sluice_outgoing* const>, std::uint64_t) override { return SLUICE_OK; }
};
struct ProbedSink : Sink {
    sluice::Status probe(sluice::Probe) override { return {SLUICE_INVALID, "the sink is of another make"}; }
};
struct Lake : sluice::Database {
    sluice::Status open() override { return SLUICE_OK; }
    std::unique_ptr<sluice::Connection> connect(sluice::CommitSink) override { return nullptr; }
};
struct ProbedLake : Lake {
    sluice::Status probe(sluice::Probe probe) override {
        probe.fact(SLUICE_FACT_DURABILITY, "frozen");
        throw sluice::Failure(SLUICE_UNAVAILABLE, "the lake is dry");
    }
};

const sluice_queue& queue_table(const auto& component) {
    return *static_cast<const sluice_queue*>(component.table);
}

TEST(ProbeSdk, IsInTheTableOnlyWhereAClassBringsIt) {
    EXPECT_EQ(queue_table(sluice::queue<Spring, Sink>("q", "Q.")).probe, nullptr);
    EXPECT_NE(queue_table(sluice::queue<ProbedSpring>("q", "Q.")).probe, nullptr);
    EXPECT_NE(queue_table(sluice::queue<Spring, ProbedSink>("q", "Q.")).probe, nullptr);
    const auto probe_of = [](const auto& component) { return static_cast<const sluice_database*>(component.table)->probe; };
    EXPECT_EQ(probe_of(sluice::database<Lake>("d", "D.")), nullptr);
    EXPECT_NE(probe_of(sluice::database<ProbedLake>("d", "D.")), nullptr);
}

TEST(ProbeSdk, CarriesFactsStatusesAndExceptionsAcross) {
    sluice::FakeHost host;
    const auto queue = sluice::queue<ProbedSpring, ProbedSink>("q", "Q.");
    const auto spring = host.source(queue, {}).probe();
    EXPECT_TRUE(spring.status.ok()) << spring.status.text();
    EXPECT_THAT(spring.facts, ElementsAre(Pair("server", "Spring 1.2"), Pair("depth", "3 m")));
    EXPECT_EQ(spring.fact("depth"), "3 m");
    EXPECT_EQ(spring.fact(SLUICE_FACT_ORDER), "");
    const auto sink = host.target(queue, {}).probe();
    EXPECT_EQ(sink.status.code(), SLUICE_INVALID);
    EXPECT_EQ(sink.status.text(), "the sink is of another make");
    const auto lake = host.database(sluice::database<ProbedLake>("d", "D."), {}).probe();
    EXPECT_EQ(lake.status.code(), SLUICE_UNAVAILABLE);
    EXPECT_EQ(lake.status.text(), "the lake is dry");
    EXPECT_EQ(lake.fact(SLUICE_FACT_DURABILITY), "frozen");
}

TEST(ProbeSdk, SaysThatItCannotBeDoneInTheRoleWhoseClassDoesNotBringIt) {
    sluice::FakeHost host;
    EXPECT_EQ(host.target(sluice::queue<ProbedSpring, Sink>("q", "Q."), {}).probe().status.code(), SLUICE_UNSUPPORTED);
    EXPECT_EQ(host.source(sluice::queue<Spring>("q", "Q."), {}).probe().status.code(), SLUICE_UNSUPPORTED);
    EXPECT_EQ(host.database(sluice::database<Lake>("d", "D."), {}).probe().status.code(), SLUICE_UNSUPPORTED);
}

}  // namespace
