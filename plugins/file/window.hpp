// The deliveries that are not settled yet, in the order of the file.
//
// What lies between two of them is settled, so the list is all there is to know: the lowest unsettled offset is the head's, and
// the settled ranges above it are the gaps.
//
// Threads     one at a time.
// Limits      memory follows the number of unsettled deliveries, at most capacity.
// Invariants  (1) spans rise and do not overlap  (2) a tag names one delivery for ever: taking a message back changes its tag
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sluice::file {

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool operator==(const Range&) const = default;
};

struct Span {
    std::uint64_t position = 0;  // the message covers [position, end)
    std::uint64_t offset = 0;    // its text begins here
    std::uint64_t end = 0;
};

class Window {
public:
    static constexpr std::uint32_t capacity = 1u << 18;           // 14 MiB; hosts keep far fewer messages in flight
    static constexpr std::uint32_t marks = (~0u) / capacity + 1;  // what is left of a tag

    struct TakenBack {
        std::uint64_t tag = 0;  // the next delivery's
        Span span;
        std::int64_t due_ms = 0;
    };

    // Tags carry the mark, below `marks`: they tell the windows of several files apart.
    explicit Window(std::uint32_t mark = 0) : mark_(mark) {}
    std::uint32_t mark() const { return mark_; }
    static std::uint32_t mark_of(std::uint64_t tag) { return static_cast<std::uint32_t>(tag) / capacity; }

    bool full() const { return count_ == capacity; }
    bool empty() const { return count_ == 0; }
    std::uint32_t size() const { return count_; }

    // The span lies above all others. Not full.
    std::uint64_t add(const Span& span);
    // False: the tag names no open delivery (settled before, or taken back since).
    bool settle(std::uint64_t tag);
    bool take_back(std::uint64_t tag, std::int64_t due_ms);

    // The lowest message that was taken back, and that it is on its way again.
    std::optional<TakenBack> next_taken_back() const;
    void delivered_again();

    // Everything below is settled; `read_to` = how far the file has been delivered.
    std::uint64_t lowest_unsettled(std::uint64_t read_to) const;
    void append_settled_ranges(std::uint64_t read_to, std::vector<Range>& ranges) const;

private:
    static constexpr std::uint32_t none = ~0u;
    struct Slot {
        Span span;
        std::int64_t due_ms = 0;
        std::uint32_t previous = none;
        std::uint32_t next = none;
        std::uint32_t generation = 1;
        bool open = false;
    };

    std::uint64_t tag_of(std::uint32_t index) const {
        return std::uint64_t{slots_[index].generation} << 32 | std::uint64_t{mark_} * capacity | index;
    }
    static std::uint32_t index_of(std::uint64_t tag) { return static_cast<std::uint32_t>(tag) % capacity; }
    Slot* find(std::uint64_t tag);
    bool later(std::uint32_t a, std::uint32_t b) const { return slots_[a].span.position > slots_[b].span.position; }

    std::uint32_t mark_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> taken_back_;  // a heap: the lowest position first
    std::uint32_t head_ = none;
    std::uint32_t tail_ = none;
    std::uint32_t count_ = 0;
};

}  // namespace sluice::file
