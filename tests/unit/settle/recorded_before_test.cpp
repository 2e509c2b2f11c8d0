#include "settle/recorded_before.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

class RecordedBeforeTest : public testing::Test {
protected:
    bool has(const std::string& id, std::uint16_t stream_size, std::uint64_t position, bool replayed = false) const {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.id = {id.data(), id.size()};
        incoming.stream_size = stream_size;
        incoming.position = position;
        incoming.position_end = position + 1;
        MessageStore store("source");
        Message* message = store.create(incoming);
        message->replayed = replayed;
        const bool has = records.has(*message);
        store.destroy(message);
        return has;
    }

    RecordedBefore records;
};

TEST_F(RecordedBeforeTest, HasThePositionsOfEachStreamsRangesAndNoOther) {
    records.add("a:", 20, 30);
    records.add("a:", 0, 10);
    records.add("b:", 40, 41);
    records.add("a:", 25, 35);  // another database's
    records.finish();
    for (std::uint64_t position = 0; position < 50; ++position) {
        EXPECT_EQ(has("a:1", 2, position), position < 10 || (position >= 20 && position < 35)) << position;
        EXPECT_EQ(has("b:1", 2, position), position == 40) << position;
        EXPECT_FALSE(has("c:1", 2, position));
    }
    EXPECT_FALSE(has("a:1", 0, 5)) << "it has no stream";
    EXPECT_FALSE(has("a:1", 2, 5, true)) << "its dead letter delivers it";
}

TEST_F(RecordedBeforeTest, HasNothingAtFirst) {
    EXPECT_FALSE(has("a:1", 2, 0));
    records.add("a:", 5, 5);
    records.finish();
    EXPECT_FALSE(has("a:1", 2, 5)) << "that is no position";
}

TEST(RecordedRanges, AreBounded) {
    RecordedBefore few(2);
    EXPECT_TRUE(few.add("a", 0, 1));
    EXPECT_TRUE(few.add("b", 0, 1));
    EXPECT_FALSE(few.add("c", 0, 1));
    EXPECT_EQ(few.size(), 2u);
}

}  // namespace
}  // namespace sluice
