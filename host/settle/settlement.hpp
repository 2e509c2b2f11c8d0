// The ledger's end: tells the source what became of its messages, and counts them once the source has confirmed.
//
// Threads      the source thread; counts and latency are read by any.
// Ownership    messages that come in are destroyed here.
// Errors       the source refuses for now: kept and submitted again. It refuses permanently (failed, corrupt, or a status that
//              ends nothing): failed() says why, and nothing is submitted any more. It does not know a delivery any more: its
//              lease is lost, and so is that of one that was taken away and whose settlement it has not taken: it is told
//              once. It cannot do what is asked, or takes nothing back: abandoned at once, and said.
// Invariants   in_flight() is counted by what exists (live messages, settlements not yet confirmed), never as a difference, so
//              that it proves the conservation law rather than repeating it.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/message.hpp"
#include "observe/counters.hpp"
#include "observe/histogram.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "plugin/port/queue_port.hpp"
#include "queue/inbox.hpp"
#include "settle/ages.hpp"

namespace sluice {

class Settlement {
public:
    Settlement(QueuePort& queue, MessageStore& store, const Clock& clock, Logger logger);

    void received(std::uint64_t count) { counters_.received.add(count); }
    // A message with its outcome. A dead letter's record is durable by now.
    void take(Message* message, std::int64_t now_ns);
    // An attempt of a message that stays in the host has failed: the source is told if it keeps count.
    void note(AttemptNote attempt);
    // Hands what was taken to the source. False: the source does not take it now; tried again at retry_at_ns().
    bool submit(std::int64_t now_ns);
    std::int64_t retry_at_ns() const { return retry_at_ns_; }
    // Why the source will never take a settlement again; empty: it may.
    const std::string& failed() const { return failed_; }

    // The source's confirmation, from inside its poll, settle or flush.
    void settled(const std::uint64_t* tags, std::uint64_t count, sluice_status status);
    // The source has taken these away, or a lane (0: none), with all of it that has ended so far: what it has been told of and
    // has not taken is not settled again. Also from inside its poll, settle, flush, service and extend.
    void withdraw(std::span<const std::uint64_t> tags);
    void withdraw_lane(std::uint32_t lane);
    // The source confirms all that was submitted before it returns.
    Result<void> flush();

    // All that was taken has been handed to the source.
    bool submitted() const { return items_.empty(); }
    // Something was taken that the source has not confirmed.
    bool pending() const { return !items_.empty() || !unconfirmed_.empty(); }
    bool unconfirmed() const { return !unconfirmed_.empty(); }
    // All that was released is back with the source: it delivers it in order.
    bool all_went_back() const { return releases_open_ == 0; }
    std::uint64_t in_flight() const { return store_.live() + items_.size() - notes_ + unconfirmed_.size(); }
    // How many ends the source has confirmed.
    std::uint64_t confirmed() const { return confirmed_; }
    // What is in flight now will not be settled any more.
    void abandon() { counters_.abandoned.add(in_flight()); }

    SourceCounts counts() const { return counters_.read(); }
    HistogramSnapshot latency() const { return latency_.snapshot(); }
    // Told of what is received by who polls, of what ends here.
    Ages& ages() { return ages_; }
    const Ages& ages() const { return ages_; }

private:
    // How a message ends for the source.
    struct End {
        std::uint32_t attempt = 0;  // the next one's number, of what goes back to a source that keeps count
        std::uint16_t lane = 0;
        Outcome outcome = Outcome::none;
        bool acked : 1 = false;       // already, within its unit
        bool recognised : 1 = false;  // acked without effects
        bool withdrawn : 1 = false;   // by the source
        bool refused : 1 = false;     // the source was told and has not taken it
    };
    void add(std::uint64_t tag, End end);
    void take_released(Message* message);
    void leave(Message* message);
    void say_left();
    // What an answer of the source does to a settlement.
    enum class Answer : std::uint8_t { confirmed, lost, impossible, again, permanent };
    static Answer meaning_of(sluice_status status);
    static bool ends(Answer answer) { return answer < Answer::again; }
    void end_all(Answer answer);
    void await_confirmation();
    void count(Outcome outcome, std::uint64_t by);
    void count_unconfirmed(Answer answer, std::uint64_t by);
    void withdraw(End& end);
    void forget_withdrawn();
    void end_withdrawn(const End& end);
    void refused(Answer answer, const std::string& why);
    void say_broken(std::uint64_t tag, std::string_view rule);
    void confirm(std::uint64_t tag, sluice_status status);
    void put_off(const std::string& why);
    void came_back();
    void count_run(std::int64_t received_ns);
    void flush_run();

    QueuePort& queue_;
    MessageStore& store_;
    const Clock& clock_;
    const Logger logger_;

    std::vector<sluice_settlement> items_;  // taken and not yet submitted
    std::vector<End> ends_;                 // one for one; the outcome `none`: a note, no end
    std::uint64_t notes_ = 0;               // among items_
    bool has_withdrawn_ = false;            // among items_ may be some that were refused and are withdrawn
    std::deque<std::string> reasons_;       // of the notes; they stay where they are, since items_ view them
    std::unordered_map<std::uint64_t, End> unconfirmed_;
    std::uint64_t releases_open_ = 0;                             // in both of them
    bool settling_ = false;                                       // inside the adapter's settle
    std::vector<std::pair<std::uint64_t, sluice_status>> early_;  // confirmed meanwhile
    std::int64_t now_ns_ = 0;
    std::int64_t retry_at_ns_ = 0;
    std::uint32_t failures_ = 0;
    std::string failed_;
    std::uint64_t confirmed_ = 0;
    std::uint64_t left_ = 0;  // abandoned since that was said last
    RateLimit left_said_{10'000'000'000};
    RateLimit impossible_said_{10'000'000'000};
    RateLimit broken_said_{10'000'000'000};
    std::int64_t run_received_ns_ = 0;  // messages of one poll have one time: counted together
    std::uint64_t run_count_ = 0;
    std::uint64_t run_released_ = 0;  // of them, those that have no latency: they have not been processed

    SourceCounters counters_;
    Histogram latency_;
    Ages ages_;
};

}  // namespace sluice
