// One worker that a test runs step by step: no thread, no time but the test's.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message.hpp"
#include "observe/memory_log.hpp"
#include "publish/fake_target.hpp"
#include "work/fake_database.hpp"
#include "work/fake_handler.hpp"
#include "work/worker.hpp"

namespace sluice {

using Handled = FakeHandler::Call;
using Texts = std::vector<std::string>;

// A handler that writes its id; what the database says to that decides.
inline sluice_verdict write_id(const Handled& call) {
    return call.write() == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
}

inline const char* outcome_name(Outcome outcome) {
    constexpr const char* names[] = {"none", "acked", "skipped", "dead letter", "dropped", "released", "lost lease"};
    return names[static_cast<int>(outcome)];
}

class WorkerBench {
public:
    explicit WorkerBench(FakeHandler::Handle handle, const WorkPolicy& wanted = quick(),
                         std::vector<FakeDatabase*> databases = {}, std::vector<std::pair<std::string, Target*>> targets = {},
                         bool asks_in_create = true)
        : policy(wanted),
          handler([this, handle = std::move(handle)](const FakeHandler::Call& call) {
              calls.push_back(call.id() + (call.message.attempt == 1 ? "" : "#" + std::to_string(call.message.attempt)));
              return handle(call);
          }) {
        for (FakeDatabase* database : databases)
            database->database.circuit = std::make_unique<Circuit>(clock, logging.logger("databases." + database->name()));
        for (FakeDatabase* database : databases) dependencies.databases.emplace_back(database->name(), &database->database);
        dependencies.targets = std::move(targets);
        const Logger logger = logging.logger("pools.p.handler", "p", 0);
        // Nobody runs what has news: the test does.
        commits = std::make_unique<Commits>(logger, [this] { news.add(); });
        host = std::make_unique<HandlerHost>(logger, "/nowhere", clock, dependencies, *commits);
        if (!asks_in_create) return;
        handler.on_create = [databases](const sluice_setup& setup, sluice_fault* fault) {
            std::uint32_t number = 0;
            for (FakeDatabase* database : databases)
                setup.api->database(setup.host, {database->name().data(), database->name().size()}, &number, fault);
        };
    }
    ~WorkerBench() {
        ended();
        for (Message* message : messages) store.destroy(message);
        commits->wait_for_tellers();
    }
    WorkerBench(const WorkerBench&) = delete;
    WorkerBench& operator=(const WorkerBench&) = delete;

    static WorkPolicy quick() {
        WorkPolicy policy;
        policy.attempts = 3;
        policy.backoff_ms = 0;
        policy.backoff_max_ms = 0;
        return policy;
    }
    static WorkPolicy batches_of(std::uint32_t size) {
        WorkPolicy policy = quick();
        policy.batch_max = size;
        return policy;
    }
    // Before the first run.
    void start() {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.name = {"pools.p.handler", 15};
        ASSERT_TRUE(host->create(handler.handlers(), setup));
        ASSERT_TRUE(host->session().open());
        ASSERT_TRUE(host->start());
        worker = std::make_unique<Worker>(0, policy, notices, *host, *commits, executor, watch, clock,
                                          Worker::ReturnPath{outcomes, event_count, confirmed, keeps_attempts},
                                          logging.logger("pools.p", "p", 0), 1);
    }

    // No worker and no handler from here on.
    void stop() {
        worker.reset();
        host.reset();
    }

    // Messages "a1 a2 b1": the first letter is the key; "-1" has none.
    void push(std::string_view ids, std::string_view body = {}) {
        if (!worker) start();
        MessageList batch;
        while (!ids.empty()) {
            const std::string id(ids.substr(0, ids.find(' ')));
            ids.remove_prefix(std::min(id.size() + 1, ids.size()));
            sluice_incoming incoming{};
            incoming.struct_size = sizeof incoming;
            incoming.id = {id.data(), id.size()};
            incoming.body = {body.data(), body.size()};
            incoming.tag = ++tags;
            Message* message = store.create(incoming);
            message->key_hash = id[0] == '-' ? 0 : static_cast<std::uint64_t>(id[0]);
            message->suspect = suspects.find(id) != std::string::npos;
            messages.push_back(message);
            batch.push_back(message);
        }
        worker->queue().push(batch);
    }
    // Of a dead letter whose effects are committed.
    void push_replayed(const std::string& id, std::string still_owed) {
        if (!worker) start();
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.id = {id.data(), id.size()};
        Message* message = store.create(incoming);
        message->replayed = true;
        message->tag = reinterpret_cast<std::uintptr_t>(&dead.emplace_back(Replayed{"1", true, std::move(still_owed)}));
        messages.push_back(message);
        MessageList batch;
        batch.push_back(message);
        worker->queue().push(batch);
    }

    // Until there is nothing to do now, and no longer than a busy loop would take to show itself.
    void run() {
        for (int turns = 0; worker->run() == Runnable::Next::again || worker->has_news(); ++turns)
            ASSERT_LT(turns, 1000) << "a busy loop";
    }
    void run_after(std::chrono::milliseconds time) {
        clock.advance(time);
        run();
    }

    // "a1 acked", in the order reported; forgets them.
    Texts ended() {
        Texts all;
        const auto note = [&](const AttemptNote& attempt) {
            reasons.push_back(attempt.reason);
            attempts.push_back(std::to_string(attempt.tag) + "#" + std::to_string(attempt.next_attempt) + " after " +
                               std::to_string(attempt.delay_ms) + " ms");
        };
        take_outcomes(outcomes, note, [&](Message* message) {
            const std::string_view id(message->view.id.data, message->view.id.size);
            all.push_back(std::string(id) + " " + outcome_name(message->outcome));
            error = message->error();
            owed = owed_by(*message);
            messages.erase(std::find(messages.begin(), messages.end(), message));
            store.destroy(message);
        });
        return all;
    }
    // "2#3 after 100 ms": the third attempt of the second message comes next; forgets them.
    Texts attempted() {
        EXPECT_TRUE(outcomes.empty()) << "taken by ended()";
        return std::exchange(attempts, {});
    }
    // Lines of this level with this text.
    std::size_t times_logged(std::string_view level, std::string_view text) const {
        std::istringstream lines(log.text());
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line);)
            count += line.find(" " + std::string(level) + " ") != std::string::npos && line.find(text) != std::string::npos;
        return count;
    }
    Texts called() { return std::exchange(calls, {}); }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{LogLevel::debug, false, {}}, clock, log.file()};
    Watch watch{clock};
    PoolNotices notices;
    Processors processors{1};
    Executor executor{"bench", 0, processors, [] {}};
    Dependencies dependencies;
    Inbox<Outcomes> outcomes;
    EventCount event_count;
    Confirmed confirmed{"test"};
    MessageStore store{"test"};
    std::vector<Message*> messages;  // not ended yet
    WorkPolicy policy;
    Tally news;  // of units that came back
    Texts calls;
    Texts attempts;
    Texts reasons;  // of the failed attempts
    std::uint64_t tags = 0;
    std::string suspects;         // ids of messages that are marked as such when they are pushed
    bool keeps_attempts = false;  // before start()
    std::string error;            // of the message ended last
    std::string owed;             // by it
    std::deque<Replayed> dead;    // what push_replayed() made messages of
    FakeHandler handler;
    std::unique_ptr<Commits> commits;
    std::unique_ptr<HandlerHost> host;
    std::unique_ptr<Worker> worker;
};

}  // namespace sluice
