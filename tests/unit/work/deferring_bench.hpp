// A worker whose handler defers, and a test that ends what was deferred: from outside, as any thread may.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ending.hpp"
#include "work/worker_bench.hpp"

namespace sluice {

// Defers the messages of key a at their first attempt; is done with all others.
class WorkerDeferred : public testing::Test {
protected:
    void make(const WorkPolicy& policy = WorkerBench::quick(), std::vector<FakeDatabase*> databases = {},
              bool can_cancel = false, bool keeps_views = false) {
        bench =
            std::make_unique<WorkerBench>([this](const Handled& call) { return handle(call); }, policy, std::move(databases));
        bench->handler.on_resume = [this](const Handled& call, std::uint64_t cookie) {
            resumed.push_back(call.id() + " " + std::to_string(cookie));
            return on_resume(call);
        };
        if (can_cancel) bench->handler.on_cancel = [this](sluice_ticket ticket) { cancelled.push_back(ticket); };
        bench->handler.keeps_views = keeps_views;
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
        return end(host_api(), bench->host.get(), ticket, ending(verdict, text.empty() ? SLUICE_OK : SLUICE_FAILED, text));
    }
    sluice_status resume(const std::string& id, std::uint64_t cookie) {
        return host_api().resume(bench->host.get(), tickets.at(id), cookie);
    }
    // Runs what failed again, and commits it.
    void answer_all() {
        for (int i = 0; i < 4; ++i) {
            bench->run_after(std::chrono::milliseconds(10'000));
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

}  // namespace sluice
