// Which positions of a stream are recorded: all below one number, and ranges above it.
//
// A stream that is processed without holes is that one number. Ranges that touch become one; what touches `below` is folded
// into it. The set also knows which of its ranges have a row in the database, so that only the difference has to be written.
//
// Threads  none of its own.
// Limits   as many ranges as there are holes: messages in flight, failed permanently and not confirmed, or gone to other pools.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory_resource>
#include <vector>

namespace sluice::sqlite {

class RangeSet {
public:
    struct Range {
        std::uint64_t stop = 0;         // positions start .. stop - 1
        std::uint64_t stored_stop = 0;  // of the row in the database; 0 = it has none
    };
    using Ranges = std::pmr::map<std::uint64_t, Range>;  // by start

    // What the database does not know yet. May name a start twice.
    struct Changes {
        std::vector<std::uint64_t> touched;  // starts whose range may differ from its row
        std::vector<std::uint64_t> gone;     // starts whose row has no range any more
    };

    explicit RangeSet(std::pmr::memory_resource* memory) : ranges_(memory) {}

    std::uint64_t below() const { return below_; }
    const Ranges& ranges() const { return ranges_; }
    Ranges& ranges() { return ranges_; }

    bool contains(std::uint64_t position) const {
        if (position < below_) return true;
        auto after = ranges_.upper_bound(position);
        return after != ranges_.begin() && std::prev(after)->second.stop > position;
    }

    void insert(std::uint64_t start, std::uint64_t stop, Changes* changes) {
        start = std::max(start, below_);
        if (stop <= start) return;
        auto at = ranges_.upper_bound(start);
        if (at != ranges_.begin() && std::prev(at)->second.stop >= start) {
            --at;
        } else if (start == below_) {  // no need of a node that would be folded at once
            below_ = stop;
            absorb(at, changes);
            return;
        } else {
            at = ranges_.emplace_hint(at, start, Range{stop, 0});
        }
        Range& grown = at->second;
        grown.stop = std::max(grown.stop, stop);
        for (auto next = std::next(at); next != ranges_.end() && next->first <= grown.stop;) {
            grown.stop = std::max(grown.stop, next->second.stop);
            next = remove(next, changes);
        }
        if (changes) changes->touched.push_back(at->first);
    }

    // Everything below `position` counts as recorded from now on.
    void fold(std::uint64_t position, Changes* changes) {
        if (position <= below_) return;
        below_ = position;
        absorb(ranges_.begin(), changes);
    }

    // Takes over what `other` holds; every range of it has its row.
    void restore(const RangeSet& other) {
        ranges_.clear();
        below_ = other.below_;
        for (const auto& [start, range] : other.ranges_)
            ranges_.emplace_hint(ranges_.end(), start, Range{range.stop, range.stop});
    }

private:
    // Ranges from `at` on that begin at or below `below_` are part of it.
    void absorb(Ranges::iterator at, Changes* changes) {
        while (at != ranges_.end() && at->first <= below_) {
            below_ = std::max(below_, at->second.stop);
            at = remove(at, changes);
        }
    }

    Ranges::iterator remove(Ranges::iterator at, Changes* changes) {
        if (changes && at->second.stored_stop != 0) changes->gone.push_back(at->first);
        return ranges_.erase(at);
    }

    std::uint64_t below_ = 0;
    Ranges ranges_;
};

}  // namespace sluice::sqlite
