#include "settle/recorded_before.hpp"

#include <algorithm>

#include "core/bytes.hpp"

namespace sluice {

bool RecordedBefore::add(std::string_view stream, std::uint64_t from, std::uint64_t to) {
    if (from >= to) return true;
    if (size_ >= ranges_max_) return false;
    auto found = streams_.find(stream);
    if (found == streams_.end()) found = streams_.emplace(stream, std::vector<Range>()).first;
    found->second.push_back({from, to});
    ++size_;
    return true;
}

void RecordedBefore::finish() {
    for (auto& [stream, ranges] : streams_) {
        std::ranges::sort(ranges, {}, &Range::from);
        std::size_t kept = 0;
        for (const Range& range : ranges) {
            if (kept != 0 && range.from <= ranges[kept - 1].to)
                ranges[kept - 1].to = std::max(ranges[kept - 1].to, range.to);
            else
                ranges[kept++] = range;
        }
        ranges.resize(kept);
    }
}

bool RecordedBefore::has(const Message& message) const {
    if (size_ == 0 || message.replayed || message.stream_size == 0) return false;
    const auto found = streams_.find(view_of(message.view.id).substr(0, message.stream_size));
    if (found == streams_.end()) return false;
    const auto behind = std::ranges::upper_bound(found->second, message.position, {}, &Range::from);
    return behind != found->second.begin() && std::prev(behind)->to > message.position;
}

}  // namespace sluice
