// Messages that a handler defers, and ends later from anywhere.
#include <atomic>
#include <random>
#include <thread>

#include "source/source_bench.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using Handled = FakeHandler::Call;
using std::chrono::milliseconds;

// Defers the messages named "d..." and those of key a; is done with others.
class WorkerDeferred : public testing::Test {
protected:
    void make(const WorkPolicy& policy = WorkerBench::quick(), std::vector<FakeDatabase*> databases = {}, bool can_cancel = false) {
        bench = std::make_unique<WorkerBench>([this](const Handled& call) { return handle(call); }, policy, std::move(databases));
        bench->handler.on_resume = [this](const Handled& call, std::uint64_t cookie) {
            resumed.push_back(call.id() + " " + std::to_string(cookie));
            return on_resume(call);
        };
        if (can_cancel) bench->handler.on_cancel = [this](sluice_ticket ticket) { cancelled.push_back(ticket); };
        bench->start();
    }
    sluice_verdict handle(const Handled& call) {
        if (on_handle) on_handle(call);
        if (call.id()[0] != 'a' || call.message.attempt > 1) return SLUICE_DONE;
        tickets[call.id()] = call.ticket;
        return SLUICE_DEFER;
    }
    sluice_status complete(const std::string& id, sluice_verdict verdict, std::string_view text = {}) {
        return complete(tickets.at(id), verdict, text);
    }
    sluice_status complete(sluice_ticket ticket, sluice_verdict verdict, std::string_view text = {}) {
        FaultBuffer fault;
        sluice_fault_set(fault.get(), SLUICE_FAILED, text.data(), text.size());
        return host_api().complete(bench->host.get(), ticket, verdict, fault.get());
    }
    sluice_status resume(const std::string& id, std::uint64_t cookie) {
        return host_api().resume(bench->host.get(), tickets.at(id), cookie);
    }

    void answer_all() {
        for (int i = 0; i < 4; ++i) {
            bench->run_after(milliseconds(10'000));
            while (database.submitted() != 0) {
                database.answer();
                bench->run();
            }
        }
    }

    FakeDatabase database;  // outlives the connections of the bench
    std::unique_ptr<WorkerBench> bench;
    std::map<std::string, sluice_ticket> tickets;
    std::vector<sluice_ticket> cancelled;
    Texts resumed;
    std::function<void(const Handled&)> on_handle;
    std::function<sluice_verdict(const Handled&)> on_resume = [](const Handled&) { return SLUICE_DONE; };
};

TEST_F(WorkerDeferred, WaitForTheirEndWithTheirKeyWhileAllOthersGoOn) {
    make();
    bench->push("a1 a2 b1 -1");
    bench->run();
    bench->push("a3 b2");
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a1", "b1", "-1", "b2"}));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "-1 acked", "b2 acked"}));
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->called(), Texts{"a2"});
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    EXPECT_EQ(complete("a2", SLUICE_SKIP), SLUICE_OK);
    bench->run();
    EXPECT_EQ(complete("a3", SLUICE_REJECT, "no such order"), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"a2 skipped", "a3 dead letter"}));
    EXPECT_EQ(bench->error, "no such order");
    EXPECT_EQ(bench->worker->deferred(), 0u);
    bench->push("a4");
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a3", "a4"})) << "its key is free again";
}

TEST_F(WorkerDeferred, AreTriedAgainBeforeTheirFollowersAfterARetry) {
    make();
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(complete("a1", SLUICE_RETRY, "not yet"), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2", "a2"}));
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench->worker->counts().retried, 1u);
}

TEST_F(WorkerDeferred, BecomeADeadLetterWhenTheirAttemptsAreUsedUp) {
    WorkPolicy policy = WorkerBench::quick();
    policy.attempts = 1;
    make(policy);
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(complete("a1", SLUICE_RETRY, "the printer is out of paper"), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 dead letter"});
    EXPECT_EQ(bench->error, "the printer is out of paper");
    EXPECT_EQ(bench->called(), (Texts{"a1", "a2"}));
}

TEST_F(WorkerDeferred, MayBeEndedBeforeTheHandlerHasSaidSo) {
    make();
    on_handle = [&](const Handled& call) {
        EXPECT_EQ(complete(call.ticket, SLUICE_SKIP), SLUICE_OK);
        EXPECT_EQ(complete(call.ticket, SLUICE_DONE), SLUICE_STALE) << "twice";
    };
    bench->push("a1 a2 b1");
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 skipped", "a2 skipped"})) << "b1 did not defer: its end is of no use";
}

TEST_F(WorkerDeferred, AnswerStaleToEveryTicketThatIsNotOut) {
    make();
    bench->push("a1");
    bench->run();
    const sluice_ticket ticket = tickets.at("a1");
    EXPECT_EQ(complete(sluice_ticket{0}, SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(complete(ticket + 1, SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(complete(ticket ^ (std::uint64_t{1} << 49), SLUICE_DONE), SLUICE_STALE) << "the same of another worker";
    EXPECT_EQ(complete(ticket, SLUICE_DEFER), SLUICE_INVALID);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), ticket), 0u);
    EXPECT_EQ(complete(ticket, SLUICE_DONE), SLUICE_OK);
    EXPECT_EQ(complete(ticket, SLUICE_DONE), SLUICE_STALE) << "not even before the worker has looked";
    bench->run();
    EXPECT_EQ(complete(ticket, SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(resume("a1", 1), SLUICE_STALE);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), ticket), 1u) << "whoever works on it may give up";
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});

    bench->push("a2");
    bench->run();
    bench->host->stop();
    EXPECT_EQ(complete("a2", SLUICE_DONE), SLUICE_STALE) << "the host has stopped the pool";
}

TEST_F(WorkerDeferred, MakeNoEffectsUntilTheyAreResumedInAUnitOfTheirOwn) {
    make(WorkerBench::quick(), {&database});
    on_handle = [](const Handled& call) { EXPECT_EQ(call.write(), SLUICE_QUEUED); };
    on_resume = [&](const Handled& call) {
        EXPECT_NE(call.ticket, tickets.at("a1"));
        EXPECT_EQ(call.write("resumed " + call.id()), SLUICE_QUEUED);
        return SLUICE_DONE;
    };
    bench->push("a1 b1 a2");
    bench->run();
    EXPECT_EQ(database.durable(), Texts{"b1"});
    EXPECT_EQ(resume("a1", 77), SLUICE_OK);
    bench->run();
    EXPECT_EQ(resumed, Texts{"a1 77"});
    EXPECT_EQ(database.durable(), (Texts{"b1", "resumed a1"}));
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 acked"}));
    EXPECT_EQ(bench->called(), (Texts{"a1", "b1", "a2"}));
}

TEST_F(WorkerDeferred, MayBeDeferredAgainWhenResumedOrFail) {
    make();
    int times = 0;
    on_resume = [&](const Handled& call) {
        tickets[call.id()] = call.ticket;
        return ++times == 1 ? SLUICE_DEFER : call.say(SLUICE_RETRY, "no");
    };
    bench->push("a1 a2");
    bench->run();
    EXPECT_EQ(resume("a1", 1), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(resume("a1", 2), SLUICE_OK);
    bench->run();
    EXPECT_EQ(resumed, (Texts{"a1 1", "a1 2"}));
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2", "a2"})) << "a retry begins from the start";
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, AreResumedAgainIfTheirUnitFails) {
    make(WorkerBench::quick(), {&database});
    on_resume = [](const Handled& call) {
        call.write();
        return SLUICE_DONE;
    };
    bench->push("a1 a2");
    bench->run();
    database.hold();
    EXPECT_EQ(resume("a1", 5), SLUICE_OK);
    bench->run();
    database.answer(SLUICE_CONFLICT);
    answer_all();
    EXPECT_EQ(resumed, (Texts{"a1 5", "a1 5"}));
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, RunAgainWithAllOthersIfAUnitBeforeTheirsFails) {
    database.hold();
    WorkPolicy policy = WorkerBench::quick();
    policy.batch_max = 1;
    make(policy, {&database}, true);
    on_handle = [](const Handled& call) { call.write(); };
    bench->push("b1 a1 a2");
    bench->run();
    const sluice_ticket first = tickets.at("a1");
    database.answer(SLUICE_CONFLICT);
    answer_all();
    EXPECT_EQ(complete(first, SLUICE_DONE), SLUICE_STALE);
    EXPECT_NE(tickets.at("a1"), first);
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{first}) << "whoever works on it hears that it is in vain";
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"b1 acked", "a1 acked"}));
}

TEST_F(WorkerDeferred, AreTriedAgainWhenTheirTimeIsOverAndNobodyCanBeAsked) {
    WorkPolicy policy = WorkerBench::quick();
    policy.timeout_ms = 100;
    make(policy);
    bench->push("a1 a2");
    bench->run();
    bench->run_after(milliseconds(99));
    EXPECT_EQ(bench->worker->deferred(), 1u);
    bench->run_after(milliseconds(1));
    EXPECT_EQ(bench->called(), (Texts{"a1", "a1#2", "a2"}));
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_STALE);
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, AreAskedForOnceWhenTheirTimeIsOverAndStayUntilTheyAreEnded) {
    make(WorkerBench::quick(), {}, true);
    bench->push("a1");
    bench->run();
    bench->run_after(milliseconds(limits::deferred_ms));
    bench->run_after(milliseconds(limits::deferred_ms));
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{tickets.at("a1")});
    EXPECT_EQ(bench->worker->deferred(), 1u);
    EXPECT_EQ(host_api().cancelled(bench->host.get(), tickets.at("a1")), 1u);
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 acked"});
}

TEST_F(WorkerDeferred, AreBoundedAndTriedLaterBeyondThatWithoutABurntAttempt) {
    WorkPolicy policy = WorkerBench::quick();
    policy.keep_order = false;
    policy.queue_capacity = limits::deferred_max + 10;
    make(policy);
    std::string ids;
    for (std::uint32_t i = 0; i <= limits::deferred_max; ++i) ids += (i == 0 ? "a" : " a") + std::to_string(i);
    bench->push(ids);
    bench->run();
    EXPECT_EQ(bench->worker->deferred(), limits::deferred_max);
    EXPECT_EQ(bench->worker->parked(), 1u);
    EXPECT_NE(bench->log.text().find("are deferred already"), std::string::npos);
    EXPECT_EQ(complete("a0", SLUICE_DONE), SLUICE_OK);
    bench->called();
    bench->run_after(milliseconds(1'000));
    EXPECT_EQ(bench->called(), Texts{"a" + std::to_string(limits::deferred_max)}) << "still its first attempt";
    EXPECT_EQ(bench->worker->deferred(), limits::deferred_max);
}

TEST_F(WorkerDeferred, HoldBackTheirFollowersAtAStopUntilTheyHaveEnded) {
    make();
    bench->push("a1 a2 b1");
    bench->run();
    bench->ended();
    bench->push("a3 b2");
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"b2 released"});
    EXPECT_EQ(complete("a1", SLUICE_DONE), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "a2 released", "a3 released"}));
}

TEST_F(WorkerDeferred, AreFinishedAtAStopIfTheyAreResumed) {
    make();
    bench->push("a1 a2");
    bench->run();
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(resume("a1", 1), SLUICE_OK);
    bench->run();
    EXPECT_EQ(resumed, Texts{"a1 1"});
    EXPECT_EQ(bench->ended(), (Texts{"a1 acked", "a2 released"}));
}

TEST_F(WorkerDeferred, AreCancelledAtTheDeadlineOfAStopAndBurnNoAttemptThen) {
    make(WorkerBench::quick(), {}, true);
    bench->push("a1 a2");
    bench->run();
    bench->worker->stop(StopMode::finish_current);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{});
    bench->host->cancel();
    bench->worker->poke();
    bench->run();
    EXPECT_EQ(cancelled, std::vector<sluice_ticket>{tickets.at("a1")});
    EXPECT_EQ(bench->ended(), Texts{"a2 released"});
    EXPECT_EQ(complete("a1", SLUICE_RETRY), SLUICE_OK);
    bench->run();
    EXPECT_EQ(bench->ended(), Texts{"a1 released"});
    EXPECT_EQ(bench->worker->counts().retried, 0u);
}

// Threads that end what was deferred, some of it twice, some with tickets of others, while the pool works.
TEST(WorkerDeferredStress, EndsEveryMessageOnceAndEachKeyInOrder) {
    constexpr std::uint64_t total = 4'000;
    constexpr std::uint64_t keys = 50;
    struct Open {
        sluice_host* host;
        sluice_ticket ticket;
    };
    std::mutex mutex;
    std::condition_variable more;
    std::vector<Open> open;
    bool ended = false;
    std::array<std::atomic<std::uint64_t>, keys> next{};
    std::atomic<int> violations{0};

    SourceBench bench;
    std::uint64_t delivered = 0;
    std::vector<std::uint64_t> numbers(keys, 0);
    std::uint64_t acked = 0;
    bench.source.on_poll = [&](std::uint32_t max, std::uint32_t, sluice_fault*) {
        for (std::uint32_t i = 0; i < max && delivered < total; ++i) {
            const std::uint64_t key = delivered % keys;
            EXPECT_EQ(bench.push(std::to_string(numbers[key]++), "{\"k\":" + std::to_string(key) + "}", ++delivered), SLUICE_OK);
        }
        return delivered == total ? SLUICE_END : SLUICE_OK;
    };
    bench.source.on_settle = [&](FakeSource::Settlements items) {
        for (const sluice_settlement& item : items) acked += item.action == SLUICE_ACK;
        return SLUICE_OK;
    };

    std::vector<std::thread> enders;
    for (unsigned seed = 0; seed < 3; ++seed)
        enders.emplace_back([&, seed] {
            std::minstd_rand random(seed + 1);
            for (;;) {
                Open one{};
                {
                    std::unique_lock lock(mutex);
                    more.wait(lock, [&] { return ended || !open.empty(); });
                    if (open.empty()) return;
                    const std::size_t at = random() % open.size();
                    one = open[at];
                    open[at] = open.back();
                    open.pop_back();
                }
                if (random() % 4 == 0 && host_api().complete(one.host, one.ticket + 1 + random() % 1000, SLUICE_DONE, nullptr) == SLUICE_INVALID)
                    violations.fetch_add(1);
                sluice_status status = SLUICE_OK;
                switch (random() % 4) {
                    case 0: status = host_api().resume(one.host, one.ticket, random()); break;
                    case 1: status = host_api().complete(one.host, one.ticket, SLUICE_RETRY, nullptr); break;
                    default: status = host_api().complete(one.host, one.ticket, SLUICE_DONE, nullptr);
                }
                // A neighbour's guess may have hit it: then it has ended all the same, once.
                if (status != SLUICE_OK && status != SLUICE_STALE) violations.fetch_add(1);
                if (random() % 3 == 0 && host_api().complete(one.host, one.ticket, SLUICE_DONE, nullptr) == SLUICE_OK) violations.fetch_add(1);
            }
        });

    WorkPolicy policy = WorkerBench::quick();
    policy.attempts = 1'000;
    FakeHandler::Handle handle = [&](const Handled& call) {
        const std::string body(call.message.body.data, call.message.body.size);
        const std::uint64_t key = std::stoull(body.substr(5));
        const std::uint64_t number = std::stoull(call.id());
        // Begun only when all before it have ended: only a further attempt comes twice.
        const std::uint64_t expected = next[key].load();
        if (number == expected) next[key].store(number + 1);
        else if (number + 1 != expected) violations.fetch_add(1);
        if (number % 2 == 1) return SLUICE_DONE;
        const std::lock_guard lock(mutex);
        open.push_back({call.host, call.ticket});
        more.notify_one();
        return SLUICE_DEFER;
    };
    bench.on_handler = [](FakeHandler& handler) { handler.on_resume = [](const Handled&, std::uint64_t) { return SLUICE_DONE; }; };
    bench.start(handle, 4, policy);
    bench.close();
    {
        const std::lock_guard lock(mutex);
        ended = true;
    }
    more.notify_all();
    for (std::thread& ender : enders) ender.join();
    EXPECT_EQ(violations.load(), 0);
    EXPECT_EQ(acked, total);
    EXPECT_EQ(bench.loop->counts().in_flight, 0u);
    EXPECT_TRUE(bench.loop->counts().law_holds());
}

}  // namespace
}  // namespace sluice
