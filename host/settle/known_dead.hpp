// The messages of one source that were dead letters already when the host started.
//
// A dead letter is stored before its source is told, so after a kill the source may deliver its message once more. That message
// has ended: were it handled again, and its dead letter replayed as well, it would take effect twice
// (docs/adr/0028-dead-letters-stay-dead.md).
//
// Threads      add, finish: one, before the source runs. The rest: the source thread.
// Limits       limits::known_dead_bytes of ids and places; beyond it the oldest are left out.
// Cost         has(): a hash and a bit for a message that is none of them; 16 bits, 8 bytes, its id and its place for each that
//              is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/limits.hpp"

namespace sluice {

class KnownDead {
public:
    explicit KnownDead(std::size_t bytes_max = limits::known_dead_bytes) : bytes_max_(bytes_max) {}

    // In the order in which they died. `place`: of the dead letter in its store.
    void add(std::string_view id, std::string_view place);
    // Nothing is added any more.
    void finish();

    bool empty() const { return letters_.empty(); }
    std::size_t size() const { return letters_.size(); }
    std::size_t left_out() const { return left_out_; }

    // Whether a message with this id is a dead letter. `is_there(place)`: whether the store still has this one. It is not asked
    // about messages that died again meanwhile.
    template <class IsThere>
    bool has(std::string_view id, IsThere&& is_there) const {
        if (!may_have(id)) return false;
        if (died_again_.contains(std::string(id))) return true;
        auto letter = std::ranges::lower_bound(letters_, id, {}, [this](const Letter& one) { return id_of(one); });
        for (; letter != letters_.end() && id_of(*letter) == id; ++letter)
            if (is_there(place_of(*letter))) return true;
        return false;
    }
    // A replay of it has failed, so its dead letter is at another place. Out of line: it would weigh on the end of each
    // message.
    [[gnu::noinline]] void died_again(std::string_view id) {
        if (may_have(id)) died_again_.emplace(id);
    }

private:
    struct Letter {
        std::uint32_t at;  // the id, and the place behind it
        std::uint16_t id_size;
        std::uint16_t place_size;
    };
    static_assert(limits::known_dead_bytes <= UINT32_MAX && limits::id_bytes_max <= UINT16_MAX);

    std::string_view id_of(const Letter& letter) const { return {bytes_.data() + letter.at, letter.id_size}; }
    std::string_view place_of(const Letter& letter) const {
        return {bytes_.data() + letter.at + letter.id_size, letter.place_size};
    }
    std::size_t bit_of(std::string_view id) const;
    bool may_have(std::string_view id) const {
        if (letters_.empty()) return false;
        const std::size_t bit = bit_of(id);
        return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
    }
    void leave_out_older_half();

    std::size_t bytes_max_;
    std::string bytes_;                // ids and places, one behind the other
    std::vector<Letter> letters_;      // sorted by finish()
    std::vector<std::uint64_t> bits_;  // a power of two of them; of each id's hash one is set
    std::size_t left_out_ = 0;
    std::unordered_set<std::string> died_again_;  // never more than letters_
};

}  // namespace sluice
