// The keys of which a message has failed in passing: what follows of such a key waits behind it, every other key goes on.
//
// A key waits until all is answered that the adapter had been given when it failed, so that all that has failed of it stands in
// order again, and until its backoff is over. Messages without a key count as of one.
//
// Threads      the target's.
// Ownership    of the messages: their submitters', as in Target.
// Limits       what the submitters have submitted. While nothing has failed it costs a look whether it is empty.
// Errors       the log says once that messages of some keys wait though others are stored, and once that none does any more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "publish/window.hpp"
#include "sluice/abi.h"

namespace sluice {

class ParkedKeys {
public:
    ParkedKeys(std::int64_t backoff_first_ns, std::int64_t backoff_max_ns, const Clock& clock, Logger logger)
        : backoff_first_ns_(backoff_first_ns),
          backoff_max_ns_(backoff_max_ns),
          clock_(clock),
          logger_(logger) {}

    bool empty() const { return keys_.empty(); }
    bool any_waits() const { return waiting_keys_ != 0; }
    std::uint64_t size() const { return messages_; }  // messages that wait here

    // A message has failed; tokens from `next_token` on have not been handed out yet. False: that says nothing of the target,
    // which has stored others since this key's first failure.
    bool fail(std::uint64_t token, const PublishItem& item, std::uint64_t next_token, sluice_status status,
              const std::string& text);
    // One that is to be handed out: true if it waits behind its key, and is kept here.
    bool keep_behind(const PublishItem& item);
    // One has ended, stored or not: its key has no failures in a row any more.
    void ended(const PublishItem& item);
    // Something has been stored.
    void stored() { ++stored_; }
    // The target responds again, or stops: no backoff is waited for.
    void try_at_once();

    // Nothing below `first_open` is unanswered. Of the keys that are due, all goes to the front of `to`, in order.
    void put_back_due(std::uint64_t first_open, std::deque<PublishItem>& to);
    // When put_back_due() has something to do; INT64_MAX: not before another answer.
    std::int64_t due_ns(std::uint64_t first_open) const;

    // None of them is parked any more: what has failed is handed out by token, what waits behind it goes to the front of `to`.
    void give_up(std::map<std::uint64_t, PublishItem>& failed, std::deque<PublishItem>& to);

private:
    struct Parked {
        std::map<std::uint64_t, PublishItem> failed;  // by token
        std::deque<PublishItem> behind;
        bool waits = false;            // else its messages are being tried
        std::uint64_t next_token = 0;  // when it failed: all below has to be answered
        std::uint32_t failures = 0;    // in a row
        std::int64_t retry_at_ns = 0;
        std::uint64_t stored_before = 0;  // stored_ at its first failure
    };

    static std::string_view key_of(const PublishItem& item);

    const std::int64_t backoff_first_ns_;  // doubles with each failure in a row
    const std::int64_t backoff_max_ns_;
    const Clock& clock_;
    const Logger logger_;

    std::map<std::string, Parked, std::less<>> keys_;
    std::uint64_t waiting_keys_ = 0;  // of them
    std::uint64_t messages_ = 0;
    std::uint64_t stored_ = 0;
    bool said_ = false;
    std::int64_t said_since_ns_ = 0;
};

}  // namespace sluice
