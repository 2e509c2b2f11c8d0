#include "window.hpp"

#include <algorithm>

namespace sluice::file {

std::uint64_t Window::add(const Span& span) {
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        index = free_.back();
        free_.pop_back();
    }
    Slot& slot = slots_[index];
    slot.span = span;
    slot.open = true;
    slot.previous = tail_;
    slot.next = none;
    (tail_ == none ? head_ : slots_[tail_].next) = index;
    tail_ = index;
    ++count_;
    return tag_of(index);
}

Window::Slot* Window::find(std::uint64_t tag) {
    const std::uint32_t index = index_of(tag);
    if (index >= slots_.size() || !slots_[index].open || tag_of(index) != tag) return nullptr;
    return &slots_[index];
}

bool Window::settle(std::uint64_t tag) {
    Slot* slot = find(tag);
    if (slot == nullptr) return false;
    (slot->previous == none ? head_ : slots_[slot->previous].next) = slot->next;
    (slot->next == none ? tail_ : slots_[slot->next].previous) = slot->previous;
    slot->open = false;
    ++slot->generation;
    free_.push_back(index_of(tag));
    --count_;
    return true;
}

bool Window::take_back(std::uint64_t tag, std::int64_t due_ms) {
    Slot* slot = find(tag);
    if (slot == nullptr) return false;
    ++slot->generation;
    slot->due_ms = due_ms;
    taken_back_.push_back(index_of(tag));
    std::push_heap(taken_back_.begin(), taken_back_.end(), [this](auto a, auto b) { return later(a, b); });
    return true;
}

std::optional<Window::TakenBack> Window::next_taken_back() const {
    if (taken_back_.empty()) return std::nullopt;
    const Slot& slot = slots_[taken_back_.front()];
    return TakenBack{tag_of(taken_back_.front()), slot.span, slot.due_ms};
}

void Window::delivered_again() {
    std::pop_heap(taken_back_.begin(), taken_back_.end(), [this](auto a, auto b) { return later(a, b); });
    taken_back_.pop_back();
}

std::uint64_t Window::lowest_unsettled(std::uint64_t read_to) const {
    return head_ == none ? read_to : slots_[head_].span.position;
}

void Window::append_settled_ranges(std::uint64_t read_to, std::vector<Range>& ranges) const {
    for (std::uint32_t index = head_; index != none; index = slots_[index].next) {
        const Slot& slot = slots_[index];
        const std::uint64_t next = slot.next == none ? read_to : slots_[slot.next].span.position;
        if (slot.span.end < next) ranges.push_back({slot.span.end, next});
    }
}

}  // namespace sluice::file
