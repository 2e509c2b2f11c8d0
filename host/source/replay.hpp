// Dead letters of one source on their way through its pools once more: as if polled now, in order behind what their keys have
// waiting.
//
// Threads      post, counts: any. The rest: the source thread; close also main, once that thread has ended.
// Ownership    owns the messages it makes, and the items until they are given back.
// Limits       none of its own: the admin thread posts no more than limits::replays_in_flight.
// Invariants   what is posted is given back exactly once; post() refuses after close()
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/message.hpp"
#include "observe/counters.hpp"
#include "queue/mailbox.hpp"
#include "settle/replay_item.hpp"

namespace sluice {

class Replay {
public:
    explicit Replay(std::string source_identity) : store_(std::move(source_identity)) {}
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

    // False, and the item stays with the caller: the source takes nothing any more.
    bool post(std::unique_ptr<ReplayItem>& item);
    bool has_posted() const { return posted_.waiting(); }

    // Messages of what was posted, up to `max`, which count as received now.
    MessageList take(std::uint32_t max, std::int64_t now_ns);
    // A message of take() with its outcome; a dead letter is stored by now.
    void settle(Message* message);
    // A message of take() whose outcome nobody will hear.
    void forget(Message* message);
    // Gives back what has been posted and not taken. `why`: "the source has ended".
    void close(const std::string& why);
    void abandon() { counters_.abandoned.add(store_.live()); }

    std::uint64_t live() const { return store_.live(); }
    std::uint64_t bytes() const { return store_.bytes(); }
    SourceCounts counts() const { return counters_.read(); }

private:
    static Replayed* item_of(const Message& message) { return reinterpret_cast<Replayed*>(message.tag); }
    Message* make(ReplayItem& item);

    MessageStore store_;
    SourceCounters counters_;
    Mailbox<std::unique_ptr<ReplayItem>> posted_;
};

}  // namespace sluice
