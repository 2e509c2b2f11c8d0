#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component.hpp"
#include "sluice/sdk/testing.hpp"

namespace sluice::forward {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

const FakeMessage message{.body = "no JSON", .key = "k", .id = "i-7", .headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}}};

FakePublished forwarded(const FakeOptions& options) {
    FakeHost host;
    auto handler = host.handler(component, options);
    const FakeOutcome outcome = handler.handle(message);
    EXPECT_EQ(outcome.verdict, SLUICE_DONE) << outcome.text;
    return outcome.published.at(0);
}

TEST(Forward, PublishesBodyKeyIdAndHeadersAsTheyAre) {
    const FakePublished published = forwarded({{"target", "copy"}});
    EXPECT_EQ(published.target, "copy");
    EXPECT_EQ(published.body, "no JSON");
    EXPECT_EQ(published.key, "k");
    EXPECT_EQ(published.id, "i-7");
    EXPECT_EQ(published.headers, message.headers);
}

TEST(Forward, LeavesHeadersOutIfToldTo) {
    EXPECT_EQ(forwarded({{"target", "copy"}, {"keep_headers", false}}).headers, Headers());
}

TEST(Forward, SetsHeadersInPlaceOfThoseOfTheSameName) {
    const FakeValue set = FakeValue::map({{"a", "new"}, {"c", "4"}});
    EXPECT_EQ(forwarded({{"target", "copy"}, {"headers", set}}).headers, (Headers{{"b", "2"}, {"a", "new"}, {"c", "4"}}));
    EXPECT_EQ(forwarded({{"target", "copy"}, {"headers", set}, {"keep_headers", false}}).headers,
              (Headers{{"a", "new"}, {"c", "4"}}));
}

TEST(Forward, RefusesATargetThatIsNotConfigured) {
    FakeHost host;
    host.targets = {"copy"};
    try {
        auto handler = host.handler(component, {{"target", "cpoy"}});
        FAIL() << "accepted";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), testing::HasSubstr("there is no target cpoy"));
    }
}

TEST(Forward, RetriesWhatCannotBePublished) {
    FakeHost host;
    host.on_publish = [](const FakePublished&) { return Status(SLUICE_UNAVAILABLE, "the target is unreachable"); };
    auto handler = host.handler(component, {{"target", "copy"}});
    const FakeOutcome outcome = handler.handle(message);
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_THAT(outcome.text, testing::HasSubstr("the target is unreachable"));
}

}  // namespace
}  // namespace sluice::forward
