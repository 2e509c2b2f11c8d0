// Metrics of handlers in C++, and their fakes.
#include <gmock/gmock.h>

#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Caller : public sluice::Handler {
public:
    explicit Caller(const sluice::Setup& setup)
        : sent_(setup.counter("sent", "Requests sent.")),
          open_(setup.gauge("open", "Connections.")),
          answer_(setup.histogram("answer", "Time to the answer.", "ns")) {}

    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        sent_.add();
        sent_.add(2);
        open_.set(4);
        answer_.record(std::chrono::microseconds(5));
        answer_.record(static_cast<std::int64_t>(message.body().size()));
        context.work_done(1);
        context.work_done(2);
        return sluice::done();
    }

private:
    const sluice::metric::Counter sent_;
    const sluice::metric::Gauge open_;
    const sluice::metric::Histogram answer_;
};
constexpr auto caller = sluice::handler<Caller>("caller");

TEST(MetricSdk, CountsWhatTheHandlerDoes) {
    sluice::FakeHost host;
    auto handler = host.handler(caller);
    EXPECT_EQ(handler.handle("seven b").verdict, SLUICE_DONE);
    EXPECT_EQ(host.metrics.value("sent"), 3);
    EXPECT_EQ(host.metrics.value("open"), 4);
    EXPECT_THAT(host.metrics.recorded("answer"), ElementsAre(5'000, 7));
    EXPECT_EQ(host.metrics.find("answer")->unit, "ns");
    EXPECT_EQ(host.metrics.find("sent")->help, "Requests sent.");
    EXPECT_THAT(host.work_done, ElementsAre(1, 2));
}

TEST(MetricSdk, CountsNothingInAHostWithoutMetrics) {
    sluice::FakeHost host;
    host.api.struct_size = offsetof(sluice_host_api, metric);
    auto handler = host.handler(caller);
    EXPECT_EQ(handler.handle("b").verdict, SLUICE_DONE);
    EXPECT_TRUE(host.metrics.all.empty());
    EXPECT_TRUE(host.work_done.empty());
}

struct Twice : sluice::Handler {
    explicit Twice(const sluice::Setup& setup) {
        (void)setup.counter("sent", "Requests sent.");
        (void)setup.gauge("sent", "Requests sent.");
    }
    sluice::Verdict handle(const sluice::Message&, sluice::Context&) override { return sluice::done(); }
};

TEST(MetricSdk, RefusesWhatTheHostRefuses) {
    sluice::FakeHost host;
    try {
        (void)host.handler(sluice::handler<Twice>("twice"));
        FAIL();
    } catch (const sluice::Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("declared twice"));
    }
}

}  // namespace
