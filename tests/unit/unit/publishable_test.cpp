#include "unit/publishable.hpp"

#include <gtest/gtest.h>

#include <string>

#include "abi_text.hpp"
#include "core/limits.hpp"
#include "work/publishing_bench.hpp"

namespace sluice {
namespace {

TEST(Publishable, CountsBodyKeyIdAndHeaders) {
    const std::string hundred(100, 'x');
    const sluice_header header{bytes(hundred), bytes(hundred)};
    sluice_outgoing message{};
    message.struct_size = sizeof message;
    message.body = message.key = message.id = bytes(hundred);
    message.headers = &header;
    message.header_count = 1;
    EXPECT_EQ(why_not_publishable(message, "out", 500), "");
    EXPECT_EQ(why_not_publishable(message, "out", 0), "") << "the target knows of no bound";
    EXPECT_EQ(why_not_publishable(message, "out", 499),
              "target \"out\" takes messages of at most 499 bytes (body, key, id and headers), and this one has 500");
}

TEST(Publishable, HasTheHostsOwnBounds) {
    sluice_outgoing message{};
    message.struct_size = sizeof message;
    message.body.size = limits::message_bytes_max + 1;
    EXPECT_NE(why_not_publishable(message, "out", 0), "");
    message.body.size = 0;
    message.delay_ms = limits::retry_delay_ms_max + 1;
    EXPECT_NE(why_not_publishable(message, "out", 0).find("delayed"), std::string::npos);
    message.delay_ms = 0;
    message.header_count = limits::headers_max + 1;
    EXPECT_NE(why_not_publishable(message, "out", 0).find("headers"), std::string::npos);
}

class LimitedTarget : public PublishingTest {
protected:
    LimitedTarget() : PublishingTest(false) {
        fake.limit([](sluice_queue_limits& limits, sluice_fault*) {
            limits.message_bytes_max = 5;
            return SLUICE_OK;
        });
    }
};

// It fails alone and with all its effects, not once they are committed.
TEST_F(LimitedTarget, RefusesWhatIsTooLargeWhereItIsPublished) {
    std::string said;
    make(
        [&](const Handled& call) {
            if (call.write() != SLUICE_QUEUED) return SLUICE_RETRY;
            const sluice_status status = call.publish(call.id() == "a1" ? "123456" : "12345");
            if (status == SLUICE_QUEUED) return SLUICE_DONE;
            EXPECT_EQ(status, SLUICE_INVALID);
            said.assign(call.fault->text, call.fault->text_size);
            return SLUICE_REJECT;
        },
        WorkerBench::batches_of(2));
    bench->push("a1 b1");
    EXPECT_EQ(ended(2), (Texts{"a1 dead letter", "b1 acked"}));
    EXPECT_EQ(said, "target \"out\" takes messages of at most 5 bytes (body, key, id and headers), and this one has 6");
    EXPECT_EQ(database.durable(), Texts{"b1"});
    EXPECT_EQ(published(), Texts{"12345"});
}

}  // namespace
}  // namespace sluice
