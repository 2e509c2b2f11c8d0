// What a worker says of attempts that failed.
#include <map>
#include <memory>

#include "work/failing.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

TEST(WorkerNotices, SaysTheFirstFailedAttemptAndThenOneInTenSecondsWithTheirNumber) {
    WorkerBench bench(Failing{{{"a1", 2}, {"b1", 1}, {"c1", 1}}}, slow_retries());
    bench.push("a1 b1");
    bench.run();
    EXPECT_EQ(bench.times_logged("warn", "message a1 failed at attempt 1 of 3 and is tried again in "), 1u) << bench.log.text();
    EXPECT_EQ(bench.times_logged("warn", "not yet"), 1u) << "its text, and not for b1";
    EXPECT_EQ(bench.times_logged("debug", "message b1 failed at attempt 1 of 3"), 1u);
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.times_logged("debug", "message a1 failed at attempt 2 of 3"), 1u);
    bench.clock.advance(milliseconds(9'000));
    bench.push("c1");
    bench.run();
    EXPECT_EQ(bench.times_logged("warn", "not yet (2 more since the last such line)"), 1u) << bench.log.text();
}

TEST(WorkerNotices, KnowsWhyAParkedMessageFailedUntilItsNextAttempt) {
    WorkerBench bench(Failing{{{"a1", 1}}}, slow_retries());
    bench.push("a1");
    bench.run();
    auto look = std::make_shared<KeyLook>();
    look->key_hash = 'a';
    bench.worker->ask(look);
    bench.run();
    ASSERT_TRUE(look->answered.load());
    EXPECT_EQ(look->parked_error, "not yet");
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench.error, "") << "what came to nothing is not told of a message that is done";
}

}  // namespace
}  // namespace sluice
