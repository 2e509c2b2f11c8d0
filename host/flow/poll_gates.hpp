// Why a source is not polled now: one list of gates, all of which are asked before each poll.
//
// A gate bounds what the next poll may bring; where it allows no message it is shut. Shown is the first of the list that is
// shut, and since when nothing has been polled.
//
// Threads      not_polled: any. The rest: the source thread.
// Ownership    what the functions of a gate look at outlives the list.
// Limits       the gates are those that the source was made with.
// Cost         one call per gate and poll; two stores when what is shown changes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// What the next poll may bring.
struct PollAllowance {
    std::uint64_t messages = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t bytes = std::numeric_limits<std::uint64_t>::max();  // and the message with which it passes that

    void shut() { messages = 0; }
    void shut_if(bool so) {
        if (so) shut();
    }
};

struct PollGate {
    std::string_view reason;                    // static, as in "not polled for 3.2s (REASON)"
    std::function<void(PollAllowance&)> bound;  // asked each time: one that counts who waits for it must know
    std::function<std::int64_t()> due_ns = {};  // while shut: when it may open though nobody notifies; 0: somebody will
    bool shuts_replays = false;                 // dead letters that are replayed wait for it, too
};

// Since when a source has not been polled, and what for.
struct NotPolled {
    std::string_view reason = {};  // empty: it is polled
    std::int64_t since_ns = 0;
};

class PollGates {
public:
    // All of them before the first ask(), in the order in which they are to be named.
    void add(PollGate gate) { gates_.push_back(std::move(gate)); }

    // What a poll may bring at this time.
    PollAllowance ask(std::int64_t now_ns) {
        PollAllowance all;
        const PollGate* first = nullptr;
        due_ns_ = 0;
        for (const PollGate& gate : gates_) {
            PollAllowance one = all;
            gate.bound(one);
            if (one.messages == 0) {
                if (first == nullptr) first = &gate;
                if (const std::int64_t due = gate.due_ns ? gate.due_ns() : 0; due != 0 && (due_ns_ == 0 || due < due_ns_))
                    due_ns_ = due;
            } else {
                all = one;
            }
        }
        if (first != nullptr) all.shut();
        show(first, now_ns);
        return all;
    }
    // When to ask again though nobody notifies; 0: somebody will. As of the last ask().
    std::int64_t due_ns() const { return due_ns_; }
    // May what is replayed be handed on?
    bool lets_replays_pass() const {
        for (const PollGate& gate : gates_) {
            if (!gate.shuts_replays) continue;
            PollAllowance allowance;
            gate.bound(allowance);
            if (allowance.messages == 0) return false;
        }
        return true;
    }

    // As of the last ask(). The reason may be a moment newer than the time.
    NotPolled not_polled() const {
        const PollGate* gate = shut_.load(std::memory_order_acquire);
        if (gate == nullptr) return {};
        return {gate->reason, since_ns_.load(std::memory_order_relaxed)};
    }

private:
    void show(const PollGate* first, std::int64_t now_ns) {
        const PollGate* shown = shut_.load(std::memory_order_relaxed);
        if (first == shown) return;
        if (shown == nullptr) since_ns_.store(now_ns, std::memory_order_relaxed);
        shut_.store(first, std::memory_order_release);
    }

    std::vector<PollGate> gates_;  // constant from the first ask() on
    std::int64_t due_ns_ = 0;
    std::atomic<const PollGate*> shut_{nullptr};  // written by the source thread
    std::atomic<std::int64_t> since_ns_{0};
};

}  // namespace sluice
