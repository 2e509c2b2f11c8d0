// Where work comes back that a verb has handed to another thread. That thread keeps it alive with the work, so the client may
// go away first; put() comes last and finds nothing of it in the item any more, or the two would keep each other.
//
// Threads      put: any. take: the control server's, which put() wakes.
// Ownership    passes with the item.
// Limits       none of its own: the verb bounds what it has under way.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "admin/socket/control_server.hpp"
#include "queue/mailbox.hpp"

namespace sluice {

template <class Item>
class Returned {
public:
    explicit Returned(std::shared_ptr<Waker> waker) : waker_(std::move(waker)) {}

    void put(std::unique_ptr<Item> item) {
        items_.post(std::move(item));
        waker_->wake();
    }
    std::vector<std::unique_ptr<Item>> take() { return items_.take(); }

private:
    const std::shared_ptr<Waker> waker_;
    Mailbox<std::unique_ptr<Item>> items_;
};

}  // namespace sluice
