#include "observe/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice {
namespace histogram {

// A value of b bits (b > sub_bits + 1) lies in octave b; its sub_bits bits below the highest name the bucket in it.
std::size_t bucket_of(std::uint64_t value) {
    if (value < linear) return static_cast<std::size_t>(value);
    if (value >> range_bits != 0) return buckets - 1;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - sub_bits - 1;  // at least 1
    return static_cast<std::size_t>((static_cast<std::uint64_t>(shift) << sub_bits) + (value >> shift));
}

std::uint64_t lowest_of(std::size_t bucket) {
    if (bucket < linear) return bucket;
    const std::uint64_t shift = (bucket >> sub_bits) - 1;
    return (bucket - (shift << sub_bits)) << shift;
}

std::uint64_t highest_of(std::size_t bucket) {
    return bucket < linear ? bucket : lowest_of(bucket + 1) - 1;
}

}  // namespace histogram

std::uint64_t HistogramSnapshot::percentile(double percent) const {
    if (count_ == 0) return 0;
    const double share = std::clamp(percent, 0.0, 100.0) / 100.0 * static_cast<double>(count_);
    // A hair less before rounding up: 99 % of 1000 is 990, though 0.99 * 1000 may come out a little above it.
    const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(share * (1 - 1e-12))));
    if (rank >= count_) return max_;
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        seen += counts_[bucket];
        if (seen < rank) continue;
        const std::uint64_t middle = (histogram::lowest_of(bucket) + histogram::highest_of(bucket)) / 2;
        return std::min(middle, max_);
    }
    return max_;
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) {
    if (other.count_ == 0) return;
    if (counts_.empty()) counts_.resize(histogram::buckets);
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) counts_[bucket] += other.counts_[bucket];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

HistogramSnapshot HistogramSnapshot::since(const HistogramSnapshot& earlier) const {
    if (earlier.count_ == 0) return *this;
    HistogramSnapshot difference;
    difference.count_ = count_ - earlier.count_;
    if (difference.count_ == 0) return difference;
    difference.counts_ = counts_;
    std::size_t last = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        difference.counts_[bucket] -= earlier.counts_[bucket];
        if (difference.counts_[bucket] != 0) last = bucket;
    }
    const std::uint64_t middle = (histogram::lowest_of(last) + histogram::highest_of(last)) / 2;
    difference.max_ = max_ > earlier.max_ ? max_ : std::min(middle, max_);
    return difference;
}

HistogramSnapshot Histogram::snapshot() const {
    HistogramSnapshot snapshot;
    snapshot.counts_.resize(histogram::buckets);
    for (std::size_t bucket = 0; bucket < histogram::buckets; ++bucket) {
        snapshot.counts_[bucket] = counts_[bucket].load();
        snapshot.count_ += snapshot.counts_[bucket];
    }
    // Read after the counts: record() raises the maximum first, so it covers every value counted above.
    snapshot.max_ = max_.load();
    return snapshot;
}

}  // namespace sluice
