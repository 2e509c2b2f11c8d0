// The services of the host as plugins see them: through C, into which nothing may be thrown.
#include "plugin/services.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <stdexcept>

#include "abi_text.hpp"
#include "ending.hpp"
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
    sluice_status complete(sluice_ticket, const sluice_ending&) override { fail(); }
    sluice_status resume(sluice_ticket, uint64_t) override { fail(); }
    sluice_status describe(uint32_t, uint32_t, sluice_statement*, sluice_fault*) override { fail(); }
    sluice_status json(sluice_ticket, sluice_bytes, sluice_json*, sluice_fault*) override { fail(); }
    sluice_status metric(const sluice_metric&, uint32_t*, sluice_fault*) override { fail(); }
    sluice_status work_done(sluice_ticket, uint64_t) override { fail(); }
};

// What has no status ends in one too, once it reads the time: also a line of the log does.
struct FailingClock final : Clock {
    std::int64_t now() const override { throw std::bad_alloc(); }
    std::int64_t wall_ms() const override { throw std::bad_alloc(); }
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
    EXPECT_EQ(end(api, &host, 1, ending(SLUICE_DONE)), SLUICE_UNAVAILABLE);
    EXPECT_EQ(api.complete(&host, 1, nullptr), SLUICE_CONTRACT);
    EXPECT_EQ(api.resume(&host, 1, 0), SLUICE_UNAVAILABLE);
    sluice_statement statement{};
    EXPECT_EQ(api.describe(&host, 0, 0, &statement, nullptr), SLUICE_UNAVAILABLE);
    sluice_json value{};
    EXPECT_EQ(api.json(&host, 1, {}, &value, nullptr), SLUICE_UNAVAILABLE);
    const sluice_metric metric{sizeof metric, SLUICE_METRIC_COUNTER, {}, {}, {}};
    EXPECT_EQ(api.metric(&host, &metric, &number, nullptr), SLUICE_UNAVAILABLE);
    EXPECT_EQ(api.work_done(&host, 1, 1), SLUICE_UNAVAILABLE);
}

TEST_F(Services, AnswerWhatDoesNoHarmWhereThereIsNoRoomForAStatus) {
    EXPECT_EQ(api.cancelled(&host, 1), 1u) << "whoever works on it may give up";
    EXPECT_EQ(api.deadline_ms(&host, 1), 0);
}

TEST_F(Services, ThrowNothingIntoAPluginThatLogsOrAsksWhatEveryKindMayAsk) {
    const FailingClock failing;
    Logging failing_logging{LogOptions{LogLevel::debug, false, {}}, failing, log.file()};
    FailingHost with{failing_logging.logger("pools.p.handler"), "/proc/nowhere", failing};
    EXPECT_EQ(api.now_ms(&with), 0);
    api.log(&with, SLUICE_LOG_ERROR, {"text", 4});
    EXPECT_EQ(api.state_dir(&with).size, 0u) << "it cannot be made, and not even that can be said";
    EXPECT_EQ(api.log_enabled(&with, SLUICE_LOG_ERROR), 1u);
    EXPECT_EQ(api.extension(&with, {"none", 4}), nullptr);
}

// What it was given last, in full.
struct SeeingHost final : sluice_host {
    using sluice_host::sluice_host;
    sluice_status publish(sluice_ticket, uint32_t, const sluice_outgoing* message, sluice_fault*) override {
        outgoing = *message;
        return SLUICE_QUEUED;
    }
    sluice_status complete(sluice_ticket, const sluice_ending& given) override {
        said = given;
        return SLUICE_OK;
    }
    sluice_outgoing outgoing{};
    sluice_ending said{};
};

TEST_F(Services, ReadNothingBehindTheEndOfASmallerStruct) {
    SeeingHost seeing{logging.logger("pools.p.handler"), "/nowhere", clock};
    sluice_outgoing outgoing{};
    outgoing.struct_size = offsetof(sluice_outgoing, delay_ms);
    outgoing.key = {"k", 1};
    outgoing.delay_ms = 4711;  // not there
    EXPECT_EQ(api.publish(&seeing, 1, 0, &outgoing, nullptr), SLUICE_QUEUED);
    EXPECT_EQ(text(seeing.outgoing.key), "k");
    EXPECT_EQ(seeing.outgoing.delay_ms, 0);
    sluice_ending small{};
    small.struct_size = offsetof(sluice_ending, retry_delay_ms);
    small.status = SLUICE_UNAVAILABLE;
    small.retry_delay_ms = 4711;  // not there
    EXPECT_EQ(api.complete(&seeing, 1, &small), SLUICE_OK);
    EXPECT_EQ(seeing.said.status, SLUICE_UNAVAILABLE);
    EXPECT_EQ(seeing.said.retry_delay_ms, 0);
}

TEST_F(Services, TellOneRunningHostFromAllOthers) {
    const std::string name = text(api.instance(&host));
    EXPECT_EQ(name, instance_name());
    FailingHost other{logging.logger("sources.s"), "/nowhere", clock};
    EXPECT_EQ(text(api.instance(&other)), name) << "of one process, and the same every time";
    EXPECT_LE(name.size(), 64u);
    EXPECT_EQ(name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"), std::string::npos);
    const std::string process = "-" + std::to_string(::getpid()) + "-";
    ASSERT_EQ(name.size() - 8, name.find(process) + process.size()) << name;
    EXPECT_GT(name.find(process), 0u);
}

TEST_F(Services, OnlyNameTheStateDirectoryWhereNothingIsToBeMade) {
    FailingHost looking{logging.logger("sources.s"), "/proc/nowhere/at-all", clock};
    looking.create_no_state_dir();
    const sluice_bytes path = api.state_dir(&looking);
    EXPECT_EQ(std::string_view(path.data, path.size), "/proc/nowhere/at-all") << "which nobody could make";
    EXPECT_EQ(log.text(), "");
}

// Whoever adds a service to the table adds it to these tests.
TEST_F(Services, AreAllTriedHere) {
    EXPECT_EQ(api.struct_size, sizeof(sluice_host_api));
    EXPECT_EQ(sizeof(sluice_host_api), 8 + 21 * sizeof(void (*)()));
}

TEST_F(Services, CostAPluginThatForgetsItsHostTheAnswerAndNothingElse) {
    EXPECT_EQ(api.log_enabled(nullptr, 0), 0u);
    api.log(nullptr, SLUICE_LOG_ERROR, {});
    EXPECT_EQ(api.state_dir(nullptr).size, 0u);
    EXPECT_EQ(api.json(nullptr, 1, {}, nullptr, nullptr), SLUICE_CONTRACT);
    EXPECT_EQ(api.instance(nullptr).size, 0u);
    api.measure(nullptr, 0, 1);
    EXPECT_EQ(api.work_done(nullptr, 1, 1), SLUICE_CONTRACT);
}

}  // namespace
}  // namespace sluice
