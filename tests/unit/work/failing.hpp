// Handlers that fail so often, and what their workers do then.
#pragma once

#include <map>
#include <string>

#include "work/worker_bench.hpp"

namespace sluice {

inline WorkPolicy slow_retries() {
    WorkPolicy policy = WorkerBench::quick();
    policy.backoff_ms = policy.backoff_max_ms = 1'000;
    return policy;
}

// Retries the messages named so often, then lets them pass.
struct Failing {
    std::map<std::string, int> failures;
    sluice_verdict operator()(const Handled& call) {
        const auto failing = failures.find(call.id());
        if (failing == failures.end() || failing->second-- <= 0) return SLUICE_DONE;
        return call.say(SLUICE_RETRY, "not yet");
    }
};

}  // namespace sluice
