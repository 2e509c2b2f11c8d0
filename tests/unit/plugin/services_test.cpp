// The services of the host as plugins see them: through C, into which nothing may be thrown.
#include "plugin/services.hpp"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "observe/memory_log.hpp"
#include "plugin/fault.hpp"
#include "sluice/handler.h"

namespace sluice {
namespace {

// Everything that it is asked ends in an exception.
struct FailingHost final : sluice_host {
    using sluice_host::sluice_host;
    [[noreturn]] static void fail() { throw std::bad_alloc(); }

    sluice_status database(sluice_bytes, uint32_t*, sluice_fault*) override { fail(); }
    sluice_status prepare(uint32_t, sluice_bytes, uint32_t*, sluice_fault*) override { fail(); }
    sluice_status execute(sluice_ticket, uint32_t, uint32_t, const sluice_value*, uint32_t, sluice_fault*) override { fail(); }
    sluice_status query(sluice_ticket, uint32_t, uint32_t, const sluice_value*, uint32_t, const sluice_row_sink*,
                        sluice_fault*) override {
        fail();
    }
    sluice_status target(sluice_bytes, uint32_t*, sluice_fault*) override { throw std::runtime_error("no room for it"); }
    sluice_status publish(sluice_ticket, uint32_t, const sluice_outgoing*, sluice_fault*) override { throw 42; }
    uint32_t cancelled(sluice_ticket) override { fail(); }
    int64_t deadline_ms(sluice_ticket) override { fail(); }
    sluice_status complete(sluice_ticket, uint32_t, const sluice_fault*) override { fail(); }
    sluice_status resume(sluice_ticket, uint64_t) override { fail(); }
    sluice_status describe(uint32_t, uint32_t, sluice_statement*, sluice_fault*) override { fail(); }
    sluice_status json(sluice_ticket, sluice_bytes, sluice_json*, sluice_fault*) override { fail(); }
};

class Services : public testing::Test {
protected:
    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::debug, false, {}}, clock, log.file()};
    FailingHost host{logging.logger("pools.p.handler"), "/nowhere", clock};
    const sluice_host_api& api = host_api();
    FaultBuffer fault;
    std::uint32_t number = 0;
};

TEST_F(Services, AnswerAStatusWhereTheHostThrows) {
    EXPECT_EQ(api.database(&host, {}, &number, fault.get()), SLUICE_UNAVAILABLE);
    EXPECT_EQ(fault.text(), "the host is out of memory");
    EXPECT_EQ(api.target(&host, {}, &number, fault.get()), SLUICE_UNAVAILABLE);
    EXPECT_EQ(fault.text(), "no room for it");
    sluice_outgoing outgoing{};
    EXPECT_EQ(api.publish(&host, 1, 0, &outgoing, fault.get()), SLUICE_UNAVAILABLE);
    EXPECT_EQ(api.prepare(&host, 0, {}, &number, nullptr), SLUICE_UNAVAILABLE) << "also where nobody wants the text";
    EXPECT_EQ(api.execute(&host, 1, 0, 0, nullptr, 0, nullptr), SLUICE_UNAVAILABLE);
    EXPECT_EQ(api.query(&host, 1, 0, 0, nullptr, 0, nullptr, nullptr), SLUICE_UNAVAILABLE);
    EXPECT_EQ(api.complete(&host, 1, SLUICE_DONE, nullptr), SLUICE_UNAVAILABLE);
    EXPECT_EQ(api.resume(&host, 1, 0), SLUICE_UNAVAILABLE);
    sluice_statement statement{};
    EXPECT_EQ(api.describe(&host, 0, 0, &statement, nullptr), SLUICE_UNAVAILABLE);
    sluice_json value{};
    EXPECT_EQ(api.json(&host, 1, {}, &value, nullptr), SLUICE_UNAVAILABLE);
}

TEST_F(Services, AnswerWhatDoesNoHarmWhereThereIsNoRoomForAStatus) {
    EXPECT_EQ(api.cancelled(&host, 1), 1u) << "whoever works on it may give up";
    EXPECT_EQ(api.deadline_ms(&host, 1), 0);
}

TEST_F(Services, CostAPluginThatForgetsItsHostTheAnswerAndNothingElse) {
    EXPECT_EQ(api.log_enabled(nullptr, 0), 0u);
    api.log(nullptr, SLUICE_LOG_ERROR, {});
    EXPECT_EQ(api.state_dir(nullptr).size, 0u);
    EXPECT_EQ(api.json(nullptr, 1, {}, nullptr, nullptr), SLUICE_CONTRACT);
}

}  // namespace
}  // namespace sluice
