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

TEST(HandlerServices, StopsOnlyHandlersThatWereStarted) {
    WorkerBench bench([](const Handled&) { return SLUICE_DONE; });
    bench.handler.start_answer = SLUICE_INVALID;
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    ASSERT_TRUE(bench.host->create(bench.handler.table(), setup));
    ASSERT_TRUE(bench.host->connect());
    EXPECT_FALSE(bench.host->start());
    bench.host->stop();
    EXPECT_EQ(bench.handler.stops, 0);
    bench.handler.start_answer = SLUICE_OK;
    ASSERT_TRUE(bench.host->start());
    bench.host->stop();
    bench.host->stop();
    EXPECT_EQ(bench.handler.stops, 1);
}

TEST(HandlerServices, NoteWhichOfTwoDatabasesHappensAtLeastOnce) {
    FakeDatabase shop("shop"), audit("audit"), records("records", true);
    const auto note = [](std::vector<FakeDatabase*> databases) {
        WorkerBench bench([](const Handled&) { return SLUICE_DONE; }, WorkerBench::quick(), std::move(databases));
        bench.start();
        return bench.host->note_on_databases();
    };
    EXPECT_EQ(note({&shop, &records, &audit}),
              "only database \"records\" says `deduplicate: true`; it commits last, and what goes to \"shop\", \"audit\" happens at least "
              "once: after a crash it may happen again");
    EXPECT_EQ(note({&records}), "");
    EXPECT_EQ(note({&shop, &audit}), "") << "nobody has asked for more";
}

}  // namespace
}  // namespace sluice
