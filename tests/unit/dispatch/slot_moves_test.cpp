// How keys leave a worker that has more to do than another, and when they may not.
#include "dispatch/slot_moves.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dispatch/dispatcher_bench.hpp"
#include "ending.hpp"
#include "plugin/services.hpp"

namespace sluice {
namespace {

// c, d and e stand for keys that the hash gives to the first worker; x for one of the second.
class MovingSlots : public DispatcherTest {
protected:
    void make(WhenFull::Then when_full = WhenFull::Then::block, bool rebalance = true) {
        DispatcherTest::make({.pool = nullptr,
                              .when_full = {.then = when_full, .overflow = 20},
                              .logger = bench.logging.logger("pools.p"),
                              .rebalance = rebalance});
    }
    // In whose names a digit follows the letter: "c1".
    void send(std::string_view ids) {
        std::string told;
        for (const char each : ids) told += each >= 'c' ? letter(each) : each;
        dispatch(told);
    }
    // The letter that a test's letter stands for.
    static char letter(char of) {
        const std::uint16_t worker = of == 'x' ? 1 : 0;
        int left = of == 'x' ? 0 : of - 'c';
        for (char each = 'c'; each <= 'z'; ++each)
            if (slot_of(hash_key(std::string(1, each))) % 2 == worker && left-- == 0) return each;
        return '?';
    }
    std::string name(std::string_view id) { return letter(id[0]) + std::string(id.substr(1)); }
    std::string names(std::string_view ids) {
        std::string told;
        for (const char each : ids) told += each >= 'c' && each <= 'z' ? letter(each) : each;
        return told;
    }
    // The first worker is inside a handler, two wait in its queue, and one for room there.
    void hold_up() {
        const std::uint64_t before = entered[0].value();
        send("a0");
        ASSERT_TRUE(entered[0].reaches(before + 1));
        send("a1 a2 a3");
        ASSERT_EQ(dispatcher->waiting(), 1u);
    }
    template <typename Holds>
    void until(Holds&& holds) {
        const std::int64_t deadline = bench.soon();
        while (!holds()) {
            ASSERT_LT(bench.clock.now(), deadline);
            std::this_thread::yield();
        }
    }
    std::uint32_t worker_of(char key) {
        auto question = std::make_shared<KeyQuestion>();
        question->key = std::string(1, letter(key));
        dispatcher->answer(*question);
        return question->parts.at(0)->worker;
    }
};

TEST_F(MovingSlots, AKeyOfWhichNothingIsInFlightGoesToAWorkerThatHasLessToDo) {
    make();
    hold_up();
    EXPECT_EQ(worker_of('c'), 0u);
    send("c1 d1 c2");
    EXPECT_EQ(worker_of('c'), 1u);
    EXPECT_EQ(worker_of('d'), 1u);
    work_off(3);
    EXPECT_EQ(handled(1), names("c1 d1 c2 "));
    EXPECT_EQ(dispatcher->take_slots_moved(), 2u);
}

TEST_F(MovingSlots, KeysStayWhereTheyAreIfTheyAreToldTo) {
    make(WhenFull::Then::overflow, false);
    hold_up();
    send("c1");
    EXPECT_EQ(worker_of('c'), 0u);
    let_go();
    work_off(5);
    EXPECT_EQ(handled(0), names("a0 a1 a2 a3 c1 "));
    EXPECT_EQ(dispatcher->take_slots_moved(), 0u);
}

TEST_F(MovingSlots, NoneMovesWhileWorkersHaveAboutAsMuchToDo) {
    make();
    send("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    send("a1 c1");
    EXPECT_EQ(worker_of('c'), 0u);
    EXPECT_EQ(dispatcher->take_slots_moved(), 0u);
}

TEST_F(MovingSlots, AKeyWithAnOlderMessageInAQueueStaysBehindIt) {
    make(WhenFull::Then::overflow);
    send("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    send("c1 a1");
    send("a2 c2 d1");
    EXPECT_EQ(worker_of('c'), 0u);
    EXPECT_EQ(worker_of('d'), 1u) << "the same at the same moment, but idle";
    let_go();
    work_off(6);
    EXPECT_EQ(handled(0), names("a0 c1 a1 a2 c2 "));
    EXPECT_EQ(handled(1), names("d1 "));
}

TEST_F(MovingSlots, AKeyThatWaitsForItsRetryStaysWithIt) {
    make(WhenFull::Then::overflow);
    verdict = [&](const FakeHandler::Call& call) { return call.id()[0] == letter('c') ? SLUICE_RETRY : SLUICE_DONE; };
    send("c1");
    until([&] { return pool->worker(0).parked() == 1; });
    hold_up();
    send("c2 d1");
    EXPECT_EQ(worker_of('c'), 0u);
    EXPECT_EQ(worker_of('d'), 1u);
    work_off(1);
    EXPECT_EQ(handled(1), names("d1 "));
}

TEST_F(MovingSlots, ADeferredMessageKeepsItsKeyWhereItIs) {
    make(WhenFull::Then::overflow);
    sluice_host* host = nullptr;
    std::atomic<sluice_ticket> ticket{0};
    verdict = [&](const FakeHandler::Call& call) {
        if (call.id()[0] != letter('c')) return SLUICE_DONE;
        host = call.host;
        ticket = call.ticket;
        return SLUICE_DEFER;
    };
    send("c1");
    until([&] { return pool->worker(0).deferred() == 1; });
    hold_up();
    send("c2 d1");
    EXPECT_EQ(worker_of('c'), 0u);
    EXPECT_EQ(worker_of('d'), 1u);
    verdict = [](const FakeHandler::Call&) { return SLUICE_DONE; };
    EXPECT_EQ(end(host_api(), host, ticket, ending(SLUICE_DONE)), SLUICE_OK);
    let_go();
    work_off(7);
    EXPECT_EQ(handled(0), names("c1 a0 a1 a2 a3 c2 "));
}

TEST_F(MovingSlots, AKeyWhoseWorkerIsNamedStays) {
    make(WhenFull::Then::overflow);
    hold_up();
    send("a4 b1");
    let_go();
    work_off(6);
    EXPECT_EQ(handled(0), "a0 a1 a2 a3 a4 ");
    EXPECT_EQ(handled(1), "b1 ");
    EXPECT_EQ(dispatcher->take_slots_moved(), 0u);
}

TEST_F(MovingSlots, WhatIsNeverIdleIsHeldUntilItIsAndMovesThen) {
    make(WhenFull::Then::overflow);
    std::promise<void> second;
    verdict = [&, wait = second.get_future().share()](const FakeHandler::Call& call) {
        if (call.id() == "a1") wait.wait();
        return SLUICE_DONE;
    };
    send("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    send("c1 c2 a1");
    EXPECT_EQ(dispatcher->waiting(), 1u) << "the queue is full";
    send("c3 x1 a2 a3 a4");
    EXPECT_EQ(dispatcher->waiting(), 5u);
    EXPECT_EQ(worker_of('c'), 0u);
    work_off(1);
    EXPECT_EQ(handled(1), names("x1 "));
    let_go();
    work_off(4);
    EXPECT_EQ(handled(0), names("a0 c1 c2 "));
    EXPECT_EQ(handled(1), names("x1 c3 ")) << "while the first worker is in a1";
    EXPECT_EQ(worker_of('c'), 1u);
    EXPECT_EQ(dispatcher->take_slots_moved(), 1u);
    second.set_value();
    work_off(4);
    EXPECT_EQ(handled(0), names("a0 c1 c2 a1 a2 a3 a4 "));
}

TEST_F(MovingSlots, WhatIsHeldForAMoveIsTakenBackBehindWhatWaitsForRoom) {
    make(WhenFull::Then::overflow);
    send("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    send("c1 a1 c2 a2");
    send("c3 a3");
    EXPECT_EQ(dispatcher->waiting(), 4u);
    dispatcher->release_all(ended);
    EXPECT_EQ(take_ended(), names("c2 a2 a3 c3"));
    EXPECT_EQ(dispatcher->waiting(), 0u);
    send("c4");
    let_go();
    work_off(4);
    EXPECT_EQ(handled(0), names("a0 c1 a1 c4 ")) << "it moves no more, since nothing asked for it again";
}

TEST_F(MovingSlots, AMoveIsGivenUpIfTooMuchOfItIsHeld) {
    make(WhenFull::Then::overflow);
    send("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    send("c1 c2 a1");
    send("c3 c4 a2 a3");
    dispatcher->push_waiting(now_ns, ended);
    EXPECT_EQ(dispatcher->overflowed(), 5u) << "what was held waits for room like the others";
    let_go();
    work_off(8);
    EXPECT_EQ(handled(0), names("a0 c1 c2 a1 a2 a3 c3 c4 "));
}

TEST_F(MovingSlots, AMoveIsGivenUpIfItsKeysCannotBeWaitedFor) {
    make(WhenFull::Then::overflow);
    verdict = [&](const FakeHandler::Call& call) { return call.id() == name("c1") ? SLUICE_RETRY : SLUICE_DONE; };
    send("a0");
    ASSERT_TRUE(entered[0].reaches(1));
    send("c1 a1 a2");
    send("c2 d1");
    EXPECT_EQ(dispatcher->waiting(), 2u) << "a2 for room, c2 for the move";
    let_go();
    work_off(4);
    until([&] { return pool->worker(0).parked() != 0; });
    dispatcher->push_waiting(now_ns, ended);
    EXPECT_EQ(dispatcher->waiting(), 0u);
    EXPECT_EQ(worker_of('c'), 0u);
    until([&] { return pool->worker(0).parked() == 2; });
}

}  // namespace
}  // namespace sluice
