// Many producers hand over, one consumer takes all at once. The way back: outcomes to the source thread, ended units to a
// worker.
//
// Threads      push: any. take: the consumer. empty: any.
// Ownership    passes with the element.
// Ordering     elements of one producer are taken in the order it pushed them; what happened before push() happens before the
//              take() that returns the element.
// Limits       none of its own: the elements exist already and are bounded where they are made (messages by the in-flight
//              limit, units by limits::units_in_flight), so a producer never waits to report.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/message.hpp"

namespace sluice {

// T has a member `T* next`.
template <typename T>
class Inbox {
public:
    void push(T* element) {
        T* head = head_.load(std::memory_order_relaxed);
        do {
            element->next = head;
            // (W1) sequentially consistent: publishes the element to (R1), and stands in one total order with the consumer's
            // mark that it is about to sleep (EventCount, Executor::schedule).
        } while (!head_.compare_exchange_weak(head, element, std::memory_order_seq_cst, std::memory_order_relaxed));
    }

    // All elements, oldest first, linked through next; nullptr if there are none.
    T* take() {
        // (R1) pairs with (W1).
        T* newest = head_.exchange(nullptr, std::memory_order_acquire);
        T* oldest = nullptr;
        while (newest != nullptr) {
            T* next = newest->next;
            newest->next = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }

    bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

private:
    alignas(64) std::atomic<T*> head_{nullptr};
};

// An attempt has failed and the message stays with its worker: for a source that keeps count.
struct AttemptNote {
    std::uint64_t tag = 0;
    std::uint32_t next_attempt = 0;
    std::int64_t delay_ms = 0;
    std::string reason{};  // as the handler said it; empty: it did not
};

// Messages on their way back to the source thread: all that one run of a worker has finished. An array rather than a list
// through the messages, so that the reader can fetch them into its cache ahead of their turn.
struct Outcomes {
    Outcomes* next = nullptr;
    std::vector<AttemptNote> attempts;  // older than the outcomes: what fails in a run ends in a later one
    std::vector<Message*> messages;
};

// Calls `note` with each failed attempt and `settle` with each message of all lists, oldest list first. The lists are gone
// after.
template <typename Note, typename Settle>
void take_outcomes(Inbox<Outcomes>& inbox, Note&& note, Settle&& settle) {
    constexpr std::size_t ahead = 8;  // lines fetched from the worker's core while one is settled
    for (Outcomes* outcomes = inbox.take(); outcomes != nullptr;) {
        const std::unique_ptr<Outcomes> owned(std::exchange(outcomes, outcomes->next));
        for (AttemptNote& attempt : owned->attempts) note(std::move(attempt));
        const std::vector<Message*>& messages = owned->messages;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            if (i + ahead < messages.size()) __builtin_prefetch(messages[i + ahead], 1);
            settle(messages[i]);
        }
    }
}
template <typename Settle>
void take_outcomes(Inbox<Outcomes>& inbox, Settle&& settle) {
    take_outcomes(
        inbox, [](const AttemptNote&) {}, settle);
}

}  // namespace sluice
