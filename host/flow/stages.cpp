#include "flow/stages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

std::size_t Stages::add(EventCount& event_count) {
    nodes_.emplace_back(event_count);
    return nodes_.size() - 1;
}

void Stages::connect(std::vector<std::vector<std::size_t>> feeders) {
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < nodes_.size(); ++i) nodes_[i].feeders = std::move(feeders[i]);
        version_.fetch_add(1, std::memory_order_seq_cst);
    }
    for (Node& node : nodes_) node.event_count.notify();
}

void Stages::stored(std::size_t source) {
    Node& node = nodes_[source];
    node.stored.fetch_add(1, std::memory_order_seq_cst);
    if (!node.waits.load(std::memory_order_seq_cst)) return;  // it is polled anyway
    version_.fetch_add(1, std::memory_order_seq_cst);
    node.event_count.notify();
}

bool Stages::is_fed(std::size_t source) const {
    const std::lock_guard lock(mutex_);
    return !nodes_[source].feeders.empty();
}

std::uint64_t Stages::begin_poll(std::size_t source) {
    Node& node = nodes_[source];
    const std::lock_guard lock(mutex_);
    node.at_end = false;
    node.waits.store(false, std::memory_order_seq_cst);
    return node.stored.load(std::memory_order_seq_cst);
}

bool Stages::is_over(std::size_t source, std::uint64_t seen, bool nothing_in_flight) {
    const std::lock_guard lock(mutex_);
    Node& node = nodes_[source];
    node.waits.store(true, std::memory_order_seq_cst);  // before the look at `stored`
    const bool was_at_end = node.at_end;
    node.at_end = nothing_in_flight && node.stored.load(std::memory_order_seq_cst) == seen;
    node.at_end_since = seen;
    if (!node.at_end) return false;
    if (!was_at_end) tell_others(node);
    std::vector<bool> asked(nodes_.size());
    std::vector<std::size_t> open{source};
    while (!open.empty()) {
        const Node& one = nodes_[open.back()];
        asked[open.back()] = true;
        open.pop_back();
        if (one.ended) continue;
        if (!one.at_end || one.stored.load(std::memory_order_seq_cst) != one.at_end_since) return false;
        std::copy_if(one.feeders.begin(), one.feeders.end(), std::back_inserter(open),
                     [&](std::size_t feeder) { return !asked[feeder]; });
    }
    return true;
}

void Stages::ended(std::size_t source) {
    const std::lock_guard lock(mutex_);
    Node& node = nodes_[source];
    node.ended = true;
    tell_others(node);
}

// Under the lock.
void Stages::tell_others(const Node& node) {
    version_.fetch_add(1, std::memory_order_seq_cst);
    for (Node& other : nodes_)
        if (&other != &node && other.waits.load(std::memory_order_relaxed)) other.event_count.notify();
}

}  // namespace sluice
