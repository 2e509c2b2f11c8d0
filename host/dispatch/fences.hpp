// Keys of which a message has gone back to its source: what follows of such a key goes back too, until that message has come
// again, or a later one would be handled before it.
//
// Threads      the source thread.
// Limits       limits::fences_max keys; a key whose message has no id cannot be fenced, since nothing would be recognised.
// Invariants   the source delivers what it has taken back before anything newer, in order (SLUICE_QUEUE_RELEASE_KEEPS_ORDER).
//              So if what went back second comes before what went back first, the first will never come (somebody has removed
//              it), and the fence falls; unless something is still on its way back: that may be the first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice {

class Fences {
public:
    explicit Fences(std::size_t keys_max) : keys_max_(keys_max) {}

    bool empty() const { return fences_.empty(); }
    // A message of a key is about to go back, by the lane that it came by. False: no fence can be raised, keep the message.
    bool raise(std::uint64_t key_hash, std::string_view id, std::uint16_t lane = 0);
    // May this newly polled message go to its worker? If not it is to be given back. `all_went_back`: the source has confirmed
    // that it has what was given back.
    bool pass(std::uint64_t key_hash, std::string_view id, bool all_went_back);
    // What went back by this lane comes to another host, if at all: nothing waits for it any more.
    void forget_lane(std::uint16_t lane);

private:
    struct Fence {
        std::string first;
        std::string second;  // empty: none yet
        std::uint16_t lane;  // a key has one
    };

    const std::size_t keys_max_;
    std::unordered_map<std::uint64_t, Fence> fences_;
};

}  // namespace sluice
