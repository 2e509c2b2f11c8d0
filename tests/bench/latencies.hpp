// How long after its due time each message came to its handler: counts in buckets that are 1/32 of an octave wide.
//
// The buckets are written out as they are, so that those of ten workers can be added before a percentile is taken of them.
//
// Threads  one.
// Units    nanoseconds, 0 .. 2^40; negative counts as 0.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>

namespace bench {

class Latencies {
public:
    void record(std::int64_t ns) {
        ++counts_[bucket_of(static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 0, (std::int64_t{1} << octaves) - 1)))];
    }
    void add(const Latencies& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    }
    // {"1024":7,"1056":2}: the lowest value of each bucket that is not empty, and its count.
    std::string json() const {
        std::string text = "{";
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            if (counts_[i] == 0) continue;
            if (text.size() > 1) text += ',';
            text += '"' + std::to_string(lowest_of(i)) + "\":" + std::to_string(counts_[i]);
        }
        return text + "}";
    }

private:
    static constexpr unsigned sub_bits = 5;
    static constexpr unsigned octaves = 40;
    static constexpr std::uint64_t sub = 1u << sub_bits;

    static std::size_t bucket_of(std::uint64_t value) {
        if (value < sub) return static_cast<std::size_t>(value);
        const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - 1 - sub_bits;
        return static_cast<std::size_t>((std::uint64_t{shift} << sub_bits) + (value >> shift));
    }
    static std::uint64_t lowest_of(std::size_t bucket) {
        if (bucket < 2 * sub) return bucket;
        const unsigned shift = static_cast<unsigned>(bucket >> sub_bits) - 1;
        return (std::uint64_t{bucket} - (std::uint64_t{shift} << sub_bits)) << shift;
    }

    std::array<std::uint64_t, (octaves - sub_bits + 1) * sub> counts_{};
};

}  // namespace bench
