// What the adapter has taken and not answered yet, by token.
//
// Threads     one.
// Invariants  tokens rise from front to back; the front is open.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "publish/batch.hpp"

namespace sluice {

// One message on its way.
struct PublishItem {
    PublishBatch* batch;
    std::uint32_t index;
    std::uint32_t breaches = 0;  // times the adapter broke its contract over this message alone
};

class PublishWindow {
public:
    std::uint64_t open() const { return open_; }

    // The smallest token that is not answered; UINT64_MAX: all are.
    std::uint64_t first_open() const { return entries_.empty() ? UINT64_MAX : entries_.front().token; }

    // `token` is larger than any before.
    void add(std::uint64_t token, const PublishItem& item) {
        entries_.push_back({token, item, true});
        ++open_;
    }

    // Calls each(token, item) for what is open in token .. token + count - 1, and answers how many that were.
    template <typename Each>
    std::uint64_t close(std::uint64_t token, std::uint64_t count, Each&& each) {
        std::uint64_t closed = 0;
        auto entry = std::ranges::lower_bound(entries_, token, {}, &Entry::token);
        for (; entry != entries_.end() && entry->token - token < count; ++entry) {
            if (!entry->open) continue;
            entry->open = false;
            ++closed;
            each(entry->token, entry->item);
        }
        open_ -= closed;
        while (!entries_.empty() && !entries_.front().open) entries_.pop_front();
        return closed;
    }
    template <typename Each>
    void close_all(Each&& each) {
        close(0, UINT64_MAX, each);
    }

private:
    struct Entry {
        std::uint64_t token;
        PublishItem item;
        bool open;
    };

    std::deque<Entry> entries_;
    std::uint64_t open_ = 0;
};

}  // namespace sluice
