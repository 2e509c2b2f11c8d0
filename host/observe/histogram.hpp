// How long things took, in buckets that grow with the value (as in HdrHistogram): 32 buckets an octave.
//
// Threads  record: one thread at a time. snapshot: any, at any time; it may miss what is being recorded.
// Units    nanoseconds, 0 .. 2^47 (39 hours); what is longer counts in the last bucket, what is negative as 0.
// Error    A percentile is at most 1.6 % off (half a bucket); values below 64 and the greatest value are exact.
// Limits   1376 buckets, 11 KiB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "observe/counter.hpp"

namespace sluice {

namespace histogram {

inline constexpr unsigned sub_bits = 5;             // 2^5 buckets an octave
inline constexpr unsigned linear = 2u << sub_bits;  // below this every value has a bucket of its own
inline constexpr unsigned range_bits = 47;
inline constexpr std::size_t buckets = linear + (range_bits - sub_bits - 1) * (1u << sub_bits);

std::size_t bucket_of(std::uint64_t value);
std::uint64_t lowest_of(std::size_t bucket);
std::uint64_t highest_of(std::size_t bucket);

}  // namespace histogram

// The counts at one moment. A plain value.
class HistogramSnapshot {
public:
    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    // The nearest rank: the smallest recorded value that at least `percent` of all values do not exceed. 0 if there are none.
    std::uint64_t percentile(double percent) const;

    void merge(const HistogramSnapshot& other);
    // What was recorded after `earlier`, a snapshot of the same histogram. Its max is exact if it is a new greatest value, and
    // as good as a percentile otherwise.
    HistogramSnapshot since(const HistogramSnapshot& earlier) const;

private:
    friend class Histogram;
    std::vector<std::uint64_t> counts_;  // empty = all zero
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

class Histogram {
public:
    void record(std::int64_t value, std::uint64_t count = 1) {
        const std::uint64_t magnitude = value < 0 ? 0 : static_cast<std::uint64_t>(value);
        max_.raise_to(magnitude);
        counts_[histogram::bucket_of(magnitude)].add(count);
    }

    HistogramSnapshot snapshot() const;

private:
    std::array<Counter, histogram::buckets> counts_;
    Counter max_;
};

}  // namespace sluice
