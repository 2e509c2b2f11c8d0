#include "unit/publishes.hpp"

#include <gtest/gtest.h>

#include <string>

#include "abi_text.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

TEST(Publishes, KeepsCopiesOfAllThatAMessageSays) {
    Publishes publishes;
    {
        std::string body = "body", key = "key", id = "id", name = "name", value = "value";
        const sluice_header header{bytes(name), bytes(value)};
        sluice_outgoing outgoing{};
        outgoing.struct_size = sizeof outgoing;
        outgoing.body = bytes(body);
        outgoing.key = bytes(key);
        outgoing.id = bytes(id);
        outgoing.headers = &header;
        outgoing.header_count = 1;
        outgoing.delay_ms = 7;
        ASSERT_TRUE(publishes.add(3, 2, outgoing));
        body = key = id = name = value = "gone";
    }
    ASSERT_EQ(publishes.items().size(), 1u);
    const Publishes::Item& item = publishes.items().front();
    EXPECT_EQ(item.message, 3u);
    EXPECT_EQ(item.target, 2u);
    EXPECT_EQ(text(item.outgoing.body), "body");
    EXPECT_EQ(text(item.outgoing.key), "key");
    EXPECT_EQ(text(item.outgoing.id), "id");
    EXPECT_EQ(text(item.outgoing.headers[0].name), "name");
    EXPECT_EQ(text(item.outgoing.headers[0].value), "value");
    EXPECT_EQ(item.outgoing.delay_ms, 7);
}

TEST(Publishes, ForgetsThoseOfOneMessage) {
    Publishes publishes;
    sluice_outgoing outgoing{};
    ASSERT_TRUE(publishes.add(0, 0, outgoing));
    ASSERT_TRUE(publishes.add(1, 0, outgoing));
    ASSERT_TRUE(publishes.add(1, 1, outgoing));
    publishes.drop(1);
    ASSERT_EQ(publishes.items().size(), 1u);
    EXPECT_EQ(publishes.items().front().message, 0u);
    publishes.drop(1);
    EXPECT_EQ(publishes.items().size(), 1u) << "nothing of it is left";
    publishes.clear();
    EXPECT_TRUE(publishes.empty());
}

// As in a call with many messages: 1 0 1 0 2.
struct MixedPublishes : testing::Test {
    MixedPublishes() {
        for (const auto& [message, body] : {std::pair{1u, "a"}, {0u, "b"}, {1u, "c"}, {0u, "d"}, {2u, "e"}}) {
            sluice_outgoing outgoing{};
            outgoing.body = bytes(body);
            EXPECT_TRUE(publishes.add(message, 0, outgoing));
        }
    }
    std::string all() const {
        std::string said;
        for (const Publishes::Item& item : publishes.items())
            said += std::to_string(item.message) + text(item.outgoing.body) + " ";
        return said;
    }
    Publishes publishes;
};

TEST_F(MixedPublishes, AreSortedByMessageAndThenAsTheyCame) {
    publishes.sort();
    EXPECT_EQ(all(), "0b 0d 1a 1c 2e ");
}

TEST_F(MixedPublishes, AreAllForgottenWithTheirMessage) {
    publishes.drop(0);
    EXPECT_EQ(all(), "1a 1c 2e ");
    publishes.drop(2);
    publishes.drop(1);
    EXPECT_TRUE(publishes.empty());
}

TEST_F(MixedPublishes, AreCountedPerMessage) {
    const sluice_outgoing outgoing{};
    for (std::uint32_t i = 2; i < limits::publishes_max; ++i) {
        ASSERT_TRUE(publishes.add(0, 0, outgoing));
        ASSERT_TRUE(publishes.add(1, 0, outgoing));
    }
    EXPECT_FALSE(publishes.add(0, 0, outgoing));
    EXPECT_FALSE(publishes.add(1, 0, outgoing));
    EXPECT_TRUE(publishes.add(2, 0, outgoing));
}

TEST(Publishes, TakesSoManyOfAMessageAndNoMore) {
    Publishes publishes;
    const sluice_outgoing outgoing{};
    for (std::uint32_t i = 0; i < limits::publishes_max; ++i) ASSERT_TRUE(publishes.add(0, 0, outgoing));
    EXPECT_FALSE(publishes.add(0, 0, outgoing));
    EXPECT_TRUE(publishes.add(1, 0, outgoing)) << "the next message has its own share";
}

}  // namespace
}  // namespace sluice
