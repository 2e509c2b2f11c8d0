#include "plan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::trace {
namespace {

// A message whose body has the padding that parsers rely on.
class Given {
public:
    explicit Given(std::string body, std::string id = "1", std::uint32_t attempt = 1)
        : body_(std::move(body)),
          id_(std::move(id)) {
        const std::size_t size = body_.size();
        body_.append(SLUICE_BODY_PADDING, '\0');
        message_.struct_size = sizeof message_;
        message_.body = {body_.data(), size};
        message_.id = bytes(id_);
        message_.attempt = attempt;
    }
    Message message() const { return Message(message_); }

private:
    std::string body_;
    std::string id_;
    sluice_message message_{};
};

Plan plan_of(const PlanOptions& options, const Given& given) {
    return Planner(options).plan(given.message());
}

TEST(Planner, IsDoneAtOnceByDefault) {
    const Plan plan = plan_of({}, Given("not JSON"));
    EXPECT_EQ(plan.ending, Ending::done);
    EXPECT_EQ(plan.sleep_ns, 0);
}

TEST(Planner, DoesWhatTheBodySays) {
    const PlanOptions options{.pointer = "/then"};
    EXPECT_EQ(plan_of(options, Given(R"({"then":"done"})")).ending, Ending::done);
    EXPECT_EQ(plan_of(options, Given(R"({"then":"retry"})")).ending, Ending::retry);
    EXPECT_EQ(plan_of(options, Given(R"({"then":"reject"})")).ending, Ending::reject);
    EXPECT_EQ(plan_of(options, Given(R"({"then":"skip"})")).ending, Ending::skip);
    EXPECT_EQ(plan_of(options, Given(R"({"then":"throw"})")).ending, Ending::thrown);
    EXPECT_EQ(plan_of(options, Given(R"({"other":1})")).ending, Ending::done);
    EXPECT_EQ(plan_of({.pointer = "/a/1"}, Given(R"({"a":[0,"skip"]})")).ending, Ending::skip);
}

TEST(Planner, FailsTheFirstAttemptsOnlyWhenToldHowMany) {
    const PlanOptions options{.pointer = "/then"};
    for (const std::uint32_t attempt : {1u, 2u, 3u}) {
        const Ending expected = attempt <= 2 ? Ending::retry : Ending::done;
        EXPECT_EQ(plan_of(options, Given(R"({"then":"retry:2"})", "1", attempt)).ending, expected) << attempt;
    }
}

TEST(Planner, ReadsBodiesWithNumbersOfAnySize) {
    const PlanOptions options{.pointer = "/then"};
    for (const char* number : {"123456789012345678901234567890", "1e400", "7627.3333333333333333"})
        EXPECT_EQ(plan_of(options, Given(std::string(R"({"n":)") + number + R"(,"then":"skip"})")).ending, Ending::skip)
            << number;
    EXPECT_EQ(plan_of(options, Given(R"({"n":1e400})")).ending, Ending::done);
}

TEST(Planner, RejectsWhatItCannotRead) {
    const PlanOptions options{.pointer = "/then"};
    for (const std::string body :
         {"no JSON", R"({"then":1})", R"({"then":"later"})", R"({"then":"retry:x"})", R"({"then":"retry:"})"}) {
        const Plan plan = plan_of(options, Given(body));
        EXPECT_EQ(plan.ending, Ending::reject) << body;
        EXPECT_FALSE(plan.text.empty()) << body;
    }
}

TEST(Planner, FailsAboutAsOftenAsToldAndTheSameWayEachTime) {
    const PlanOptions options{.fail_percent = 10};
    int failures = 0;
    for (int i = 0; i < 10'000; ++i) {
        const Given given("{}", std::to_string(i));
        const Ending ending = plan_of(options, given).ending;
        EXPECT_EQ(plan_of(options, given).ending, ending);
        failures += ending == Ending::retry;
    }
    EXPECT_NEAR(failures, 1000, 120);
    EXPECT_EQ(plan_of({.fail_percent = 100}, Given("{}")).ending, Ending::retry);
}

TEST(Planner, DrawsAnotherLotForTheNextAttempt) {
    const PlanOptions options{.fail_percent = 50};
    int different = 0;
    for (int i = 0; i < 1000; ++i) {
        different += plan_of(options, Given("{}", std::to_string(i), 1)).ending !=
                     plan_of(options, Given("{}", std::to_string(i), 2)).ending;
    }
    EXPECT_NEAR(different, 500, 100);
}

TEST(Planner, SleepsBetweenTheTwoTimes) {
    const PlanOptions options{.sleep_min_ns = 1000, .sleep_max_ns = 2000};
    std::int64_t least = 5000;
    std::int64_t most = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::int64_t sleep = plan_of(options, Given("{}", std::to_string(i))).sleep_ns;
        least = std::min(least, sleep);
        most = std::max(most, sleep);
    }
    EXPECT_GE(least, 1000);
    EXPECT_LT(least, 1100);
    EXPECT_LE(most, 2000);
    EXPECT_GT(most, 1900);
}

TEST(Planner, RefusesOptionsThatContradict) {
    EXPECT_THROW(Planner({.sleep_min_ns = 2, .sleep_max_ns = 1}), Failure);
    EXPECT_THROW(Planner({.pointer = "then"}), Failure);
}

}  // namespace
}  // namespace sluice::trace
