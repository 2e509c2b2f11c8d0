#include "text/suggest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

const std::vector<std::string> keys{"source", "workers", "queue", "retry", "on_failure"};

TEST(Suggestions, ForgiveLettersLeftOutAddedChangedSwappedAndCase) {
    for (const auto* slip : {"wokers", "workerss", "workerz", "wrokers", "Workers", "worker"})
        EXPECT_EQ(nearest(slip, keys), "workers") << slip;
    EXPECT_EQ(nearest("on-failure", keys), "on_failure");
}

TEST(Suggestions, AreNotMadeForSomethingElse) {
    for (const auto* other : {"", "x", "handlers", "database", "statistics"}) EXPECT_EQ(nearest(other, keys), "") << other;
}

TEST(Suggestions, ForShortNamesAreStrict) {
    const std::vector<std::string> two{"id", "by"};
    EXPECT_EQ(nearest("ib", two), "");
    const std::vector<std::string> three{"key"};
    EXPECT_EQ(nearest("keys", three), "key");
    EXPECT_EQ(nearest("ky", three), "");
}

TEST(Suggestions, IgnoreNamesTooLongToBeTyped) {
    EXPECT_EQ(nearest(std::string(100'000, 'a'), keys), "");
}

TEST(Suggestions, AreHalfSentences) {
    EXPECT_EQ(did_you_mean("wokers", keys), "; did you mean \"workers\"?");
    EXPECT_EQ(did_you_mean("zzz", keys), "");
    EXPECT_EQ(did_you_mean_or_list("zzz", keys), "; there are source, workers, queue, retry and on_failure");
    EXPECT_EQ(did_you_mean_or_list("zzz", std::vector<std::string>{"one"}), "; there is only one");
    EXPECT_EQ(did_you_mean_or_list("zzz", {}), "; there are none");
}

}  // namespace
}  // namespace sluice
