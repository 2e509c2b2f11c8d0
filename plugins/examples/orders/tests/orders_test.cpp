#include "orders.hpp"

#include <gmock/gmock.h>

#include "sluice/sdk/testing.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Orders, WritesAnOrderAsOneRow) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::orders);
    const auto outcome = handler.handle("o-17,teapot,2,4990");
    EXPECT_EQ(outcome.verdict, SLUICE_DONE);
    ASSERT_EQ(outcome.writes.size(), 1u);
    EXPECT_EQ(outcome.writes[0].database, "shop");
    EXPECT_EQ(outcome.writes[0].sql, "INSERT INTO orders VALUES(?, ?, ?, ?)");
    EXPECT_THAT(outcome.writes[0].values, ElementsAre("'o-17'", "'teapot'", "2", "4990"));
}

TEST(Orders, PublishesOnlyLargeOrders) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::orders, {{"alerts", "sales"}, {"large", 5000}});
    EXPECT_THAT(handler.handle("o-1,teapot,2,4999").published, IsEmpty());
    const auto outcome = handler.handle("o-2,teapot,2,5000");
    ASSERT_EQ(outcome.published.size(), 1u);
    EXPECT_EQ(outcome.published[0].target, "sales");
    EXPECT_EQ(outcome.published[0].body, "o-2,teapot,2,5000");
    EXPECT_EQ(outcome.published[0].key, "o-2");
}

TEST(Orders, CountsAndMeasuresWhatItBooks) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::orders);
    for (const char* body : {"o-1,teapot,2,4999", "no order", "o-2,teapot,1,100"}) (void)handler.handle(body);
    EXPECT_EQ(host.metrics.value("booked"), 2);
    EXPECT_THAT(host.metrics.recorded("value"), ElementsAre(4999, 100));
}

TEST(Orders, RejectsWhatIsNoOrder) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::orders);
    for (const char* body :
         {"", "o-1", "o-1,teapot,2", "o-1,teapot,2,3,4", ",teapot,2,3", "o-1,teapot,two,3", "o-1,teapot,2,-3"}) {
        const auto outcome = handler.handle(body);
        EXPECT_EQ(outcome.verdict, SLUICE_REJECT) << body;
        EXPECT_EQ(outcome.text, "the body is not ID,ITEM,QUANTITY,CENTS");
        EXPECT_THAT(outcome.writes, IsEmpty());
    }
}

TEST(Orders, SkipsAnOrderOfNothing) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::orders);
    EXPECT_EQ(handler.handle("o-1,teapot,0,0").verdict, SLUICE_SKIP);
}

TEST(Orders, RetriesWhileTheDatabaseIsAway) {
    sluice::FakeHost host;
    auto handler = host.handler(acme::orders);
    host.on_execute = [](const sluice::FakeWrite&) { return sluice::Status(SLUICE_UNAVAILABLE, "connection refused"); };
    const auto outcome = handler.handle("o-1,teapot,2,3");
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.status, SLUICE_UNAVAILABLE);
    EXPECT_THAT(outcome.text, HasSubstr("connection refused"));
}

TEST(Orders, RefusesATableNameThatIsNone) {
    sluice::FakeHost host;
    EXPECT_THROW(host.handler(acme::orders, {{"table", "orders; DROP TABLE orders"}}), sluice::Failure);
}

TEST(Orders, RefusesADatabaseThatIsNotConfigured) {
    sluice::FakeHost host;
    host.databases = {"warehouse"};
    EXPECT_THROW(host.handler(acme::orders), sluice::Failure);
}

}  // namespace
