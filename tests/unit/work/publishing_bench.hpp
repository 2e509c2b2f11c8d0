// A worker whose messages are published to a target with a thread of its own.
#pragma once

#include <optional>
#include <string>

#include "publish/fake_target.hpp"
#include "work/worker_bench.hpp"

namespace sluice {

class PublishingTest : public testing::Test {
protected:
    explicit PublishingTest(bool deduplicates) : database{"db", deduplicates} {}

    void SetUp() override { ASSERT_TRUE(target.start()); }
    void TearDown() override { stop(target, clock); }

    // A new worker in place of the one before.
    WorkerBench& make(FakeHandler::Handle handle, const WorkPolicy& policy, const std::string& target_name = "out") {
        return bench.emplace(std::move(handle), policy, std::vector<FakeDatabase*>{&database},
                             std::vector<std::pair<std::string, Target*>>{{target_name, &target}});
    }
    // Runs the worker until `count` messages have ended.
    Texts ended(std::size_t count) {
        Texts all;
        for (std::uint64_t news = bench->news.value();; ++news) {
            bench->run();
            const Texts some = bench->ended();
            all.insert(all.end(), some.begin(), some.end());
            if (all.size() >= count || !bench->news.reaches(news + 1)) return all;
        }
    }
    Texts published() {
        Texts all;
        for (const Call& call : fake.calls_made()) all.insert(all.end(), call.bodies.begin(), call.bodies.end());
        return all;
    }

    SystemClock clock;
    FakeDatabase database;
    sluice_status answer = SLUICE_OK;  // of the target
    FakeTarget fake{[this](const Call&, sluice_fault* fault) { return say(fault, answer, "not like this"); }};
    Target target{fake.port(), quick(), clock, Logger()};
    std::optional<WorkerBench> bench;
};

}  // namespace sluice
