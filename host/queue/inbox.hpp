// Many producers hand over, one consumer takes all at once. The way back: outcomes to the source thread, ended units to a worker.
//
// Threads      push: any. take: the consumer. empty: any.
// Ownership    passes with the element.
// Ordering     elements of one producer are taken in the order it pushed them; what happened before push() happens before the take()
//              that returns the element.
// Limits       none of its own: the elements exist already and are bounded where they are made (messages by the in-flight limit,
//              units by limits::units_in_flight), so a producer never waits to report.
#pragma once

#include <atomic>
#include <cstdint>

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
            // (W1) sequentially consistent: publishes the element to (R1), and stands in one total order with the consumer's mark that
            // it is about to sleep (Doorbell, Executor::schedule).
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

// The same for whole lists of messages: one exchange a list, whatever its length.
class MessageInbox {
public:
    void push(MessageList&& list) {
        if (list.empty()) return;
        Message* chain = list.first();
        chain->chain_tail = list.last();
        Message* head = head_.load(std::memory_order_relaxed);
        do {
            chain->chain_next = head;
        } while (!head_.compare_exchange_weak(head, chain, std::memory_order_seq_cst, std::memory_order_relaxed));  // (W1)
        list = MessageList();
    }

    // All messages, oldest list first, linked through next; nullptr if there are none.
    Message* take() {
        Message* chain = head_.exchange(nullptr, std::memory_order_acquire);  // (R1)
        Message* first = nullptr;
        while (chain != nullptr) {
            Message* older = chain->chain_next;
            chain->chain_tail->next = first;
            first = chain;
            chain = older;
        }
        return first;
    }

    bool empty() const { return head_.load(std::memory_order_seq_cst) == nullptr; }

private:
    alignas(64) std::atomic<Message*> head_{nullptr};
};

}  // namespace sluice
