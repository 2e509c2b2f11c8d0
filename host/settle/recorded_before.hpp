// Which positions of one source's streams its databases had recorded when the host started.
//
// A message there has ended before: its effects are committed, or its end is confirmed. Should the source deliver it once more,
// a worker finds that out from the database. One that becomes a dead letter before it has reached a worker is known here, so
// that its replay makes no effects a second time (docs/adr/0028-dead-letters-stay-dead.md).
//
// Threads      add, finish: one, before the source runs. The rest: the source thread.
// Limits       limits::recorded_ranges of all streams; the rest is not known.
// Cost         has(): a look into a map and a binary search, only for messages that end without a worker.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.hpp"
#include "core/message.hpp"

namespace sluice {

class RecordedBefore {
public:
    explicit RecordedBefore(std::size_t ranges_max = limits::recorded_ranges) : ranges_max_(ranges_max) {}

    // Positions from .. to - 1. False: there is no room for it.
    bool add(std::string_view stream, std::uint64_t from, std::uint64_t to);
    // Nothing is added any more.
    void finish();

    std::size_t size() const { return size_; }
    // A replayed message is none: it is delivered by its dead letter, not by the source.
    bool has(const Message& message) const;

private:
    struct Range {
        std::uint64_t from;
        std::uint64_t to;
    };

    std::size_t ranges_max_;
    std::size_t size_ = 0;
    std::map<std::string, std::vector<Range>, std::less<>> streams_;  // sorted and without overlaps by finish()
};

}  // namespace sluice
