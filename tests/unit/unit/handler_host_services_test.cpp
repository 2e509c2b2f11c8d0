// What a handler may ask of the host, and when.
#include <thread>

#include "work/worker_bench.hpp"

namespace sluice {
namespace {

TEST(HandlerServices, AnswersOldAndForeignTicketsWithStale) {
    FakeDatabase database;
    sluice_ticket old = 0;
    WorkerBench bench(
        [&](const Handled& call) {
            if (old != 0) {
                EXPECT_EQ(Handled({call.message, old, call.fault, call.api, call.host}).write(), SLUICE_STALE);
                EXPECT_EQ(Handled({call.message, call.ticket + 1, call.fault, call.api, call.host}).write(), SLUICE_STALE);
                sluice_status elsewhere = SLUICE_OK;
                std::thread([&] { elsewhere = Handled({call.message, old, nullptr, call.api, call.host}).write(); }).join();
                EXPECT_EQ(elsewhere, SLUICE_STALE);
            }
            old = call.ticket;
            return write_id(call);
        },
        WorkerBench::quick(), {&database});
    bench.push("a1 a2");
    bench.run();
    EXPECT_EQ(database.durable(), (Texts{"a1", "a2"}));
}

// A database's exception that passed through the handler would count as an attempt of the message.
TEST(HandlerServices, BlamesADatabaseThatThrowsAndNotTheHandler) {
    FakeDatabase database;
    database.execute_throws = true;
    sluice_status seen = SLUICE_OK;
    WorkerBench bench(
        [&](const Handled& call) {
            seen = call.write();
            return seen == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
        },
        WorkerBench::quick(), {&database});
    bench.push("a1");
    bench.run();
    EXPECT_EQ(seen, SLUICE_UNAVAILABLE);
    EXPECT_EQ(bench.worker->counts().misbehaved, 0u);
    EXPECT_EQ(bench.worker->counts().retried, 0u);
    EXPECT_NE(bench.log.text().find("an exception left the plugin of the database: the adapter has a mistake"),
              std::string::npos);
    database.execute_throws = false;
    bench.run_after(std::chrono::seconds(6));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench.called(), (Texts{"a1", "a1"})) << "the attempt is the same";
}

TEST(HandlerServices, DoNotCountAStatementThatCannotBePreparedAsAnAttempt) {
    FakeDatabase database;
    database.prepare_answer = SLUICE_INVALID;
    WorkerBench bench(
        [&](const Handled& call) {
            std::uint32_t statement = 0;
            const std::uint32_t number = call.database();
            return call.api.prepare(call.host, number, {"INSERT INTO t VALUES(?)", 23}, &statement, call.fault) == SLUICE_OK
                       ? write_id(call)
                       : SLUICE_RETRY;
        },
        WorkerBench::quick(), {&database});
    bench.push("a1 b1");
    for (int i = 0; i < 10; ++i) bench.run_after(std::chrono::seconds(6));
    EXPECT_EQ(bench.ended(), Texts{}) << "the pool waits, nothing dies of it";
    EXPECT_NE(bench.log.text().find("no such table: t"), std::string::npos);
    database.prepare_answer = SLUICE_OK;
    bench.run_after(std::chrono::seconds(6));
    EXPECT_EQ(bench.ended(), (Texts{"a1 acked", "b1 acked"}));
}

TEST(HandlerServices, FindValuesInTheBodyOfTheMessageUnderWayOnly) {
    sluice_ticket old = 0;
    Texts found;
    WorkerBench bench([&](const Handled& call) {
        sluice_json value{};
        value.struct_size = sizeof value;
        if (old != 0) {
            EXPECT_EQ(call.api.json(call.host, old, {"/a", 2}, &value, nullptr), SLUICE_STALE);
        }
        old = call.ticket;
        EXPECT_EQ(call.api.json(call.host, call.ticket, {"a", 1}, &value, call.fault), SLUICE_INVALID) << "no pointer";
        EXPECT_EQ(call.api.json(call.host, call.ticket, {"/a", 2}, &value, nullptr), SLUICE_OK);
        found.push_back(std::to_string(value.type) + " " + std::string(value.text.data, value.text.size));
        return SLUICE_DONE;
    });
    bench.push("a1", R"({"a":1})");
    bench.push("a2", R"({"a":"x\u0079z"})");
    bench.push("a3", "no JSON");
    bench.run();
    EXPECT_EQ(found, (Texts{"3 1", "4 xyz", "0 "}));
}

TEST(HandlerServices, StopsOnlyHandlersThatWereStarted) {
    WorkerBench bench([](const Handled&) { return SLUICE_DONE; });
    bench.handler.start_answer = SLUICE_INVALID;
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    ASSERT_TRUE(bench.host->create(bench.handler.handlers(), setup));
    ASSERT_TRUE(bench.host->session().open());
    EXPECT_FALSE(bench.host->start());
    bench.host->stop();
    EXPECT_EQ(bench.handler.stops, 0);
    bench.handler.start_answer = SLUICE_OK;
    ASSERT_TRUE(bench.host->start());
    bench.host->stop();
    bench.host->stop();
    EXPECT_EQ(bench.handler.stops, 1);
}

}  // namespace
}  // namespace sluice
