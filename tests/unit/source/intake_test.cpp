#include "source/intake.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "observe/memory_log.hpp"
#include "source/fake_source.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();

class IntakeTest : public testing::Test {
protected:
    IntakeTest() { intake.open(3, unbounded, 5); }

    static sluice_incoming incoming(std::string_view body, std::string_view id = "id") {
        sluice_incoming made{};
        made.struct_size = sizeof made;
        made.body = {body.data(), body.size()};
        made.id = {id.data(), id.size()};
        return made;
    }
    sluice_status push(const sluice_incoming& from) { return sink->push(sink->context, &from); }
    char* reserve(std::uint64_t size) { return sink->reserve(sink->context, size); }
    sluice_status commit(const sluice_incoming& from) { return sink->commit(sink->context, &from); }
    // The bodies polled; the messages are gone after.
    std::vector<std::string> close() {
        std::vector<std::string> bodies;
        MessageList polled = intake.close();
        while (Message* message = polled.pop_front()) {
            EXPECT_EQ(message->received_ns, 5);
            bodies.emplace_back(message->view.body.data, message->view.body.size);
            store.destroy(message);
        }
        return bodies;
    }

    FakeClock clock;
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    FakeSource source;
    const std::unique_ptr<QueuePort> queue = source.create_port();
    MessageStore store{"fake"};
    Settlement settlement{*queue, store, clock, logging.logger("sources.fake")};
    Confirmed confirmed{"fake"};
    Intake intake{store, settlement, confirmed};
    const sluice_queue_sink* sink = intake.sink();
};

using Bodies = std::vector<std::string>;

TEST_F(IntakeTest, TakesNoMoreOnceItHasItsBytes) {
    intake.open(3, 1, 5);
    EXPECT_EQ(push(incoming("the first one always fits")), SLUICE_OK);
    EXPECT_EQ(push(incoming("2")), SLUICE_FULL);
    EXPECT_EQ(reserve(1), nullptr);
    EXPECT_EQ(close().size(), 1u);
    intake.open(3, store.bytes() + 600, 5);
    EXPECT_EQ(push(incoming("1")), SLUICE_OK);
    EXPECT_EQ(push(incoming("2")), SLUICE_OK);
    EXPECT_EQ(push(incoming("3")), SLUICE_FULL) << store.bytes();
    EXPECT_EQ(close().size(), 2u);
}

TEST_F(IntakeTest, TakesSoManyMessagesAPollAndCountsThem) {
    EXPECT_EQ(push(incoming("1")), SLUICE_OK);
    EXPECT_EQ(push(incoming("2")), SLUICE_OK);
    EXPECT_EQ(push(incoming("3")), SLUICE_OK);
    EXPECT_EQ(push(incoming("4")), SLUICE_FULL);
    EXPECT_EQ(reserve(1), nullptr);
    EXPECT_EQ(close(), (Bodies{"1", "2", "3"}));
    EXPECT_EQ(settlement.counts().received, 3u);
}

TEST_F(IntakeTest, TakesNothingBetweenPolls) {
    close();
    EXPECT_EQ(push(incoming("1")), SLUICE_FULL);
    EXPECT_EQ(reserve(1), nullptr);
    EXPECT_EQ(close(), Bodies{});
}

TEST_F(IntakeTest, RefusesWhatIsLargerThanItsLimits) {
    sluice_incoming body = incoming("");
    body.body.size = limits::message_bytes_max + 1;  // looked at before it is read
    EXPECT_EQ(push(body), SLUICE_INVALID);
    const std::string long_id(limits::id_bytes_max + 1, 'i');
    EXPECT_EQ(push(incoming("b", long_id)), SLUICE_INVALID);
    const std::vector<sluice_header> many(limits::headers_max + 1);
    sluice_incoming headers = incoming("b");
    headers.headers = many.data();
    headers.header_count = static_cast<std::uint32_t>(many.size());
    EXPECT_EQ(push(headers), SLUICE_INVALID);
    const std::string value(limits::headers_bytes_max / 2 + 1, 'v');
    const sluice_header two[] = {{{nullptr, 0}, {value.data(), value.size()}}, {{value.data(), value.size()}, {nullptr, 0}}};
    headers.headers = two;
    headers.header_count = 2;
    EXPECT_EQ(push(headers), SLUICE_INVALID);
    headers.header_count = 1;
    EXPECT_EQ(push(headers), SLUICE_OK);
    sluice_incoming stream = incoming("b", "id");
    stream.stream_size = 3;
    EXPECT_EQ(push(stream), SLUICE_INVALID) << "the stream's name is a part of the id";
    EXPECT_EQ(close(), Bodies{"b"});
}

TEST_F(IntakeTest, ReadsNothingBeyondTheStructOfAnOlderPlugin) {
    sluice_incoming from = incoming("body");
    from.position = 7;
    from.refused = {"not there", 9};
    from.struct_size = offsetof(sluice_incoming, position);
    ASSERT_EQ(push(from), SLUICE_OK);
    MessageList polled = intake.close();
    EXPECT_EQ(polled.first()->position, 0u);
    EXPECT_EQ(polled.first()->outcome, Outcome::none);
    store.destroy(polled.pop_front());
}

TEST_F(IntakeTest, TakesKeyAndSubjectOfTheEngineOfWhoeverHasThem) {
    sluice_incoming from = incoming("body");
    from.message_key = {"region-7", 8};
    from.subject = {"orders.eu", 9};
    from.deliveries = 2;
    EXPECT_EQ(push(from), SLUICE_OK);
    from.struct_size = offsetof(sluice_incoming, message_key);  // built before they were there
    EXPECT_EQ(push(from), SLUICE_OK);
    ASSERT_NE(reserve(4), nullptr);
    EXPECT_EQ(commit(from), SLUICE_OK);
    MessageList polled = intake.close();
    for (const std::string_view expected : {"region-7", "", ""}) {
        Message* message = polled.pop_front();
        EXPECT_EQ(message_key_of(message->view), expected);
        EXPECT_EQ(subject_of(message->view), expected.empty() ? "" : "orders.eu");
        store.destroy(message);
    }
}

TEST_F(IntakeTest, MakesADeadLetterOfWhatTheSourceItselfRefuses) {
    sluice_incoming from = incoming("cut");
    from.refused = {"a line of 50 MB", 15};
    ASSERT_EQ(push(from), SLUICE_OK);
    MessageList polled = intake.close();
    EXPECT_EQ(polled.first()->outcome, Outcome::dead_letter);
    EXPECT_STREQ(polled.first()->error(), "a line of 50 MB");
    store.destroy(polled.pop_front());
}

TEST_F(IntakeTest, LetsTheSourceWriteIntoItsBuffer) {
    char* body = reserve(10);
    ASSERT_NE(body, nullptr);
    std::memcpy(body, "hello", 5);
    EXPECT_EQ(commit(incoming("-----")), SLUICE_OK);
    EXPECT_EQ(close(), Bodies{"hello"});
}

TEST_F(IntakeTest, ForgetsWhatWasReservedAndNotCommitted) {
    ASSERT_NE(reserve(10), nullptr);
    ASSERT_NE(reserve(20), nullptr) << "the first is forgotten";
    EXPECT_EQ(close(), Bodies{});
    EXPECT_EQ(store.live(), 0u);
}

TEST_F(IntakeTest, AnswersABrokenRuleAndStaysWhole) {
    EXPECT_EQ(commit(incoming("x")), SLUICE_CONTRACT) << "nothing is reserved";
    ASSERT_NE(reserve(2), nullptr);
    EXPECT_EQ(commit(incoming("four")), SLUICE_CONTRACT) << "more than reserved";
    EXPECT_EQ(commit(incoming("xx")), SLUICE_OK);
    EXPECT_EQ(close().size(), 1u);
}

TEST_F(IntakeTest, ReservesNoMoreThanAMessageMayHave) {
    EXPECT_EQ(reserve(limits::message_bytes_max + 1), nullptr);
    EXPECT_EQ(reserve(UINT64_MAX), nullptr);
}

TEST_F(IntakeTest, PassesOnHowFarTheSourceHasConfirmed) {
    const std::uint64_t before = confirmed.changes();
    sink->confirmed_below(sink->context, {"stream", 6}, 42);
    EXPECT_EQ(confirmed.changes(), before + 1);
    EXPECT_EQ(confirmed.read().stream, "stream");
    EXPECT_EQ(confirmed.read().below, 42u);
    EXPECT_EQ(confirmed.read().source, "fake");
}

}  // namespace
}  // namespace sluice
