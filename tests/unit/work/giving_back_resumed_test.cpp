// A pool at a stop, or giving back what it has for a reload, while a message that was deferred goes on and its database is
// unreachable.
#include <poll.h>
#include <time.h>

#include <mutex>

#include "source/source_bench.hpp"

namespace sluice {
namespace {

class ResumedAtAStop : public testing::Test {
protected:
    // One message is deferred, another of its key waits behind it; then the database is lost and the first is resumed.
    void begin() {
        database.can_be_asked();
        bench.source.on_poll = [this](std::uint32_t, std::uint32_t, sluice_fault*) {
            for (; delivered < 2; ++delivered)
                EXPECT_EQ(bench.push(std::to_string(delivered), "{\"k\":1}", delivered + 1), SLUICE_OK);
            return SLUICE_END;
        };
        bench.source.on_settle = [this](FakeSource::Settlements items) {
            for (const sluice_settlement& item : items) released += item.action == SLUICE_RELEASE;
            return SLUICE_OK;
        };
        bench.on_handler = [this](FakeHandler& handler) {
            handler.on_create = [](const sluice_setup& setup, sluice_fault* fault) {
                std::uint32_t number = 0;
                EXPECT_EQ(setup.api->database(setup.host, {"db", 2}, &number, fault), SLUICE_OK);
            };
            handler.on_resume = [](const FakeHandler::Call& call, std::uint64_t) {
                return call.write() == SLUICE_QUEUED ? SLUICE_DONE : call.say(SLUICE_RETRY, "cannot write");
            };
        };
        bench.start(
            [this](const FakeHandler::Call& call) {
                host = call.host;
                ticket = call.ticket;
                called.add();
                return SLUICE_DEFER;
            },
            1, WorkPolicy{}, {&database});
        ASSERT_TRUE(called.reaches(1));
        database.execute_answer = database.ping_answer = SLUICE_UNAVAILABLE;
        database.database.circuit->away("the server is gone");
        while (host_api().resume(host, ticket, 1) != SLUICE_OK) std::this_thread::yield();  // its unit may not have ended yet
    }
    static std::int64_t used_ns() {
        timespec used{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return used.tv_sec * 1'000'000'000 + used.tv_nsec;
    }

    FakeDatabase database;
    SourceBench bench;
    std::uint64_t delivered = 0;
    std::uint64_t released = 0;
    sluice_host* host = nullptr;
    sluice_ticket ticket = 0;
    Tally called;
};

TEST_F(ResumedAtAStop, GoesBackWithWhatWaitsForIt) {
    begin();
    bench.loop->request_stop();
    bench.pool->stop(StopMode::finish_current);
    bench.close();
    EXPECT_EQ(released, 2u);
    EXPECT_TRUE(bench.loop->counts().law_holds());
    EXPECT_EQ(bench.loop->counts().released, 2u);
}

TEST_F(ResumedAtAStop, UsesNoProcessorWhileItWaitsForTheDatabase) {
    begin();
    const std::int64_t before = used_ns();
    ::poll(nullptr, 0, 400);  // the time that is measured
    EXPECT_LT(used_ns() - before, 100'000'000) << "while the host runs";
    bench.loop->request_stop();  // works off what it has, so this waits too
    bench.pool->stop(StopMode::drain);
    const std::int64_t stopping = used_ns();
    ::poll(nullptr, 0, 400);
    EXPECT_LT(used_ns() - stopping, 100'000'000) << "while it drains";
    bench.pool->stop(StopMode::finish_current);
    bench.close();
    EXPECT_EQ(released, 2u);
}

}  // namespace
}  // namespace sluice
