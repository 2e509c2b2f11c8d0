// Which key a random number stands for: all alike, or by Zipf's law (the key of rank r in proportion to 1 / r^exponent).
//
// Limits      keys_max keys; a Zipf table of 8 bytes per key.
// Invariants  constant after construction; choosing costs one multiplication, and for Zipf one look into the table (alias
//             method)
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::generate {

class KeyChooser {
public:
    static constexpr std::uint32_t keys_max = 1'000'000;

    static KeyChooser uniform(std::uint32_t keys) { return KeyChooser(keys); }
    static KeyChooser zipf(std::uint32_t keys, double exponent);

    // 0 .. keys - 1 from 64 random bits; for Zipf, 0 is the most frequent.
    std::uint32_t choose(std::uint64_t random) const {
        const auto column = static_cast<std::uint32_t>(((random >> 32) * keys_) >> 32);
        if (columns_.empty()) return column;
        return static_cast<std::uint32_t>(random) < columns_[column].share ? column : columns_[column].other;
    }

private:
    // Of a column's probability `share` / 2^32 is the column's own key, the rest `other`.
    struct Column {
        std::uint32_t share = ~0u;
        std::uint32_t other = 0;
    };

    explicit KeyChooser(std::uint32_t keys) : keys_(keys) {}

    std::uint64_t keys_;
    std::vector<Column> columns_;
};

// The n-th of the 2^64 random numbers of a seed (SplitMix64), so that any message can be made again.
constexpr std::uint64_t random_of(std::uint64_t seed, std::uint64_t n) {
    std::uint64_t x = seed * 0xd1342543de82ef95u + (n + 1) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

}  // namespace sluice::generate
