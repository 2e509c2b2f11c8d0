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
    // A message of a key is about to go back. False: no fence can be raised, keep the message.
    bool raise(std::uint64_t key_hash, std::string_view id);
    // May this newly polled message go to its worker? If not it is to be given back. `all_went_back`: the source has confirmed
    // that it has what was given back.
    bool pass(std::uint64_t key_hash, std::string_view id, bool all_went_back);

private:
    struct Fence {
        std::string first;
        std::string second;  // empty: none yet
    };

    const std::size_t keys_max_;
    std::unordered_map<std::uint64_t, Fence> fences_;
};

}  // namespace sluice
