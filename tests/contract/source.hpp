// A source, driven as by the host's source thread; the sink is the test's, and plays a host that has no more room where the
// test wants it to.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "adapter.hpp"

namespace sluice::contract {

struct Delivery {
    std::string body, id, stream, refused, message_key, subject;
    std::vector<std::pair<std::string, std::string>> headers;
    std::uint64_t tag = 0;
    std::uint64_t position = 0;
    std::uint64_t position_end = 0;
    std::uint32_t attempt = 0;
    std::uint32_t deliveries = 0;
    std::uint32_t flags = 0;
    std::uint32_t lane = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Delivery& delivery) {
    return out << delivery.body << " (id " << delivery.id << ", tag " << delivery.tag << ", attempt " << delivery.attempt
               << ')';
}

inline sluice_settlement settlement(std::uint64_t tag, std::uint32_t action, Milliseconds delay = {},
                                    std::uint32_t attempt = 0) {
    sluice_settlement item{};
    item.tag = tag;
    item.action = action;
    item.attempt = attempt;
    item.delay_ms = delay.count();
    return item;
}

// What the source has asked for with sink->revoke.
struct Revocation {
    std::uint32_t lane = 0;
    std::uint32_t how = 0;
    std::uint64_t token = 0;
};

class Source : public Adapter {
public:
    Source(const QueueEngine& engine, const Folder& folder, Sizes sizes = {}, bool has_state_dir = true)
        : Source(engine, folder, engine.source(folder), std::move(sizes), has_state_dir) {}
    Source(const QueueEngine& engine, const Folder& folder, Options options, Sizes sizes, bool has_state_dir = true);
    ~Source() { close(); }  // while the sink is there

    // ---- how the sink answers ----
    std::optional<std::size_t> room;          // messages that one poll takes, whatever its max
    std::optional<std::size_t> too_large_at;  // the push, counted from 0 in all polls, that is answered SLUICE_INVALID
    bool reserves = true;                     // false: reserve has no room, and push takes

    // ---- what the sink was told ----
    std::vector<Delivery> delivered;                              // by all polls so far
    std::map<std::uint64_t, std::vector<sluice_status>> settled;  // by tag
    std::map<std::string, std::uint64_t> confirmed;               // by stream: all below is acked
    std::vector<Revocation> revocations;                          // all of them, in order
    std::set<std::uint64_t> lost;                                 // tags that were lost one by one

    Answer open();
    Answer poll(std::uint32_t max = 1024, Milliseconds wait = {}, std::uint64_t max_bytes = 0);
    // Polls until so many more have come, or the source has ended, or time is over; those that came.
    std::vector<Delivery> take(std::size_t count, std::uint32_t max = 1024);
    // What comes without waiting.
    std::vector<Delivery> take_what_is_there();
    Answer settle(const std::vector<sluice_settlement>& items);
    Answer flush();
    void wake() { table_.wake(self_); }
    Answer service(std::uint32_t& next_ms);
    Answer extend(const std::vector<std::uint64_t>& tags, Milliseconds time);
    // The host has nothing more of the lane that was revoked with this token; it may also be none.
    void answer(std::uint64_t token);
    // Whether the lane is on its way out: it was revoked, and that is not answered.
    bool is_revoked(std::uint32_t lane) const;

    // Settles these and flushes; expects that each is confirmed, once, with SLUICE_OK.
    void ack(const std::vector<Delivery>& which) { settle_all(which, SLUICE_ACK); }
    void release(const std::vector<Delivery>& which) { settle_all(which, SLUICE_RELEASE); }
    // How a settlement of one delivery ends, after a flush.
    sluice_status end_of(const sluice_settlement& item);

private:
    static Source& of(void* context) { return *static_cast<Source*>(context); }

    void settle_all(const std::vector<Delivery>& which, std::uint32_t action);
    void expect_call(const char* what, bool in_poll);
    sluice_status push(const sluice_incoming& given, bool is_commit);
    char* reserve(std::uint64_t size);
    void take_in(const sluice_incoming& message);
    void check(const sluice_incoming& message);
    void confirm(const std::uint64_t* tags, std::uint64_t count, sluice_status status);
    void confirm_below(const std::string& stream, std::uint64_t position);
    void revoke(std::uint32_t lane, std::uint32_t how, std::uint64_t token);
    void lose(const std::uint64_t* tags, std::uint64_t count);
    // A function of the thread of the source that may use the sink.
    template <typename Call>
    Answer call_as_source(Call&& what) {
        caller_ = std::this_thread::get_id();
        Answer answer = call(std::forward<Call>(what));
        caller_ = std::thread::id();
        return answer;
    }

    const bool keeps_attempts_;
    const bool has_stable_ids_;
    const Sized<sluice_queue_sink> sink_;
    std::atomic<std::thread::id> caller_{};  // of the call under way; none: there is none
    bool is_polling_ = false;
    std::size_t left_ = 0;
    std::uint64_t bytes_left_ = 0;
    std::size_t pushes_ = 0;  // in all
    std::optional<Page> reserved_;
    std::uint64_t reserved_bytes_ = 0;
    std::map<std::uint64_t, Delivery> in_flight_;              // by tag, until it is confirmed
    std::multiset<std::uint64_t> awaited_;                     // tags that were settled and not confirmed
    std::map<std::uint64_t, std::uint32_t> open_revocations_;  // lanes, by the tokens that are not answered
    std::set<std::uint64_t> taken_away_;                       // tags of deliveries that were lost, alone or with their lane
};

std::vector<std::string> bodies_of(const std::vector<Delivery>& deliveries);
std::vector<std::string> ids_of(const std::vector<Delivery>& deliveries);
// As many as the contract's tests fill a queue with.
Bodies numbered_bodies(std::size_t count = stored, std::size_t from = 0);

}  // namespace sluice::contract
