// The handler in C, driven through the same fakes as one in C++.
#include <gmock/gmock.h>

#include "sluice/sdk/testing.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Tally : public testing::Test {
protected:
    Tally() {
        const sluice_hello hello{sizeof(sluice_hello), 0, 0, sluice::bytes("test"), sluice::bytes("0")};
        sluice_reply reply{sizeof(sluice_reply), 0, 0, nullptr};
        EXPECT_EQ(sluice_plugin_entry_v1(&hello, &reply, nullptr), SLUICE_OK);
        table_ = static_cast<const sluice_handler*>(reply.module->component(0)->table);
    }

    sluice::FakeHost host_;
    const sluice_handler* table_ = nullptr;
    const sluice::FakeOptions options_{{"database", "counts"}, {"separator", "::"}, {"report_every", 2}};
};

TEST_F(Tally, CountsUnderThePrefixOfTheKey) {
    auto handler = host_.handler(table_, options_);
    const auto outcome = handler.handle({.body = "", .key = "EU::4711::1"});
    EXPECT_EQ(outcome.verdict, SLUICE_DONE);
    ASSERT_EQ(outcome.writes.size(), 1u);
    EXPECT_EQ(outcome.writes[0].database, "counts");
    EXPECT_THAT(outcome.writes[0].values, ElementsAre("'EU'"));
}

TEST_F(Tally, TakesTheWholeKeyWhereThereIsNoSeparator) {
    auto handler = host_.handler(table_, options_);
    EXPECT_THAT(handler.handle({.body = "", .key = "EU:"}).writes[0].values, ElementsAre("'EU:'"));
}

TEST_F(Tally, RejectsAMessageWithoutAKey) {
    auto handler = host_.handler(table_, options_);
    const auto outcome = handler.handle("body");
    EXPECT_EQ(outcome.verdict, SLUICE_REJECT);
    EXPECT_EQ(outcome.text, "the message has no key");
    EXPECT_THAT(outcome.writes, IsEmpty());
}

TEST_F(Tally, RetriesWhileTheDatabaseIsAway) {
    auto handler = host_.handler(table_, options_);
    host_.on_execute = [](const sluice::FakeWrite&) { return sluice::Status(SLUICE_UNAVAILABLE, "connection refused"); };
    const auto outcome = handler.handle({.body = "", .key = "EU"});
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.text, "connection refused");
}

TEST_F(Tally, LogsEverySoManyMessagesAndAtTheEnd) {
    {
        auto handler = host_.handler(table_, options_);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(handler.handle({.body = "", .key = "EU"}).verdict, SLUICE_DONE);
    }
    ASSERT_EQ(host_.log.size(), 2u);
    EXPECT_EQ(host_.log[0].text, "seen 2 messages");
    EXPECT_EQ(host_.log[1].text, "seen 3 messages");
}

TEST_F(Tally, SaysWhenTheHostHasNoDatabases) {
    host_.api.execute = nullptr;
    EXPECT_THROW(host_.handler(table_, options_), sluice::Failure);
}

TEST_F(Tally, RefusesAnEmptySeparator) {
    EXPECT_THROW(host_.handler(table_, {{"database", "counts"}, {"separator", ""}, {"report_every", 2}}), sluice::Failure);
}

}  // namespace
