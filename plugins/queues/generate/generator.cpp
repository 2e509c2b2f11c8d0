#include "generator.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace sluice::generate {
namespace {
constexpr std::size_t sequence_digits = 20;
constexpr std::int64_t millisecond_ns = 1'000'000;
}  // namespace

Generator::Generator(const Options& options)
    : options_(options),
      chooser_(options.zipf ? KeyChooser::zipf(options.keys, *options.zipf) : KeyChooser::uniform(options.keys)),
      body_(options.size, options.stamp),
      schedule_(options.rate, options.burst, 0),
      id_(std::to_string(options.seed)) {
    stream_size_ = id_.size();
    id_ += ':';
    id_.resize(id_.size() + sequence_digits);
    message_.stream_size = static_cast<std::uint32_t>(stream_size_);
    if (!options_.key_header.empty()) {
        header_ = {bytes(options_.key_header), bytes(body_.key())};
        message_.headers = &header_;
        message_.header_count = 1;
    }
}

void Generator::start(SourceSink sink) {
    sink_ = sink;
    const std::int64_t now = monotonic_ns();
    unix_offset_ns_ = unix_ns() - now;
    schedule_ = Schedule(options_.rate, options_.burst, now);
    next_ = 0;
    taken_back_.clear();
}

sluice_status Generator::poll(std::uint32_t max, std::chrono::milliseconds wait) {
    if (finished()) return SLUICE_END;
    std::int64_t now = monotonic_ns();
    const std::int64_t due = next_due(now);
    if (due > now && wait.count() > 0) {
        alarm_.wait_until(std::min(due, now + wait.count() * millisecond_ns));
        now = monotonic_ns();
    }
    deliver(max, now);
    return SLUICE_OK;
}

std::int64_t Generator::next_due(std::int64_t now) const {
    // Newer messages wait for one that was taken back: that is what keeps the order.
    if (!taken_back_.empty()) return taken_back_.front().due_ns;
    return schedule_.paced() ? schedule_.due_ns(next_) : now;
}

std::uint32_t Generator::deliver(std::uint32_t max, std::int64_t now) {
    std::uint32_t count = 0;
    for (; count < max && !taken_back_.empty(); ++count) {
        const TakenBack first = taken_back_.front();
        if (first.due_ns > now || !push(first.sequence, now)) return count;
        std::pop_heap(taken_back_.begin(), taken_back_.end());
        taken_back_.pop_back();
    }
    const bool paced = schedule_.paced();
    for (; count < max && !finished(); ++count, ++next_) {
        const std::int64_t due = paced ? schedule_.due_ns(next_) : now;
        if (due > now || !push(next_, due)) break;
    }
    return count;
}

bool Generator::push(std::uint64_t sequence, std::int64_t due_ns) {
    char* room = sink_.reserve(options_.size);
    if (room == nullptr) return false;
    char* digits = id_.data() + stream_size_ + 1;
    char* digits_end = std::to_chars(digits, digits + sequence_digits, sequence).ptr;
    body_.set(chooser_.choose(random_of(options_.seed, sequence)), {digits, digits_end}, due_ns);
    std::memcpy(room, body_.text().data(), options_.size);

    message_.body = {room, options_.size};
    message_.id = {id_.data(), static_cast<std::uint64_t>(digits_end - id_.data())};
    message_.tag = sequence;
    message_.position = sequence;
    message_.position_end = sequence + 1;
    message_.enqueued_ms = (due_ns + unix_offset_ns_) / millisecond_ns;
    const sluice_status status = sink_.commit(message_);
    if (status == SLUICE_OK) return true;
    if (status == SLUICE_FULL) return false;
    throw Failure(status, "the host does not take messages of " + std::to_string(options_.size) + " bytes: lower `size`");
}

void Generator::settle(std::span<const sluice_settlement> items) {
    for (const sluice_settlement& item : items) {
        if (item.action != SLUICE_NACK) continue;
        const std::int64_t delay_ms = std::clamp<std::int64_t>(item.delay_ms, 0, 1'000'000'000);
        taken_back_.push_back({item.tag, delay_ms == 0 ? 0 : monotonic_ns() + delay_ms * millisecond_ns});
        std::push_heap(taken_back_.begin(), taken_back_.end());
    }
}

}  // namespace sluice::generate
