#include "generator.hpp"

#include <algorithm>
#include <charconv>

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
    message_.stream_size = static_cast<std::uint32_t>(id_.size());
    id_ += ':';
    id_.resize(id_.size() + sequence_digits);
    message_.body = bytes(body_.text());
    set_id(0);
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
    stamped_ns_ = -1;
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
    body_.set(chooser_.choose(random_of(options_.seed, sequence)), sequence, due_ns);
    if (sequence != id_number_.value() && (sequence != id_number_.value() + 1 || !id_number_.next())) set_id(sequence);
    message_.tag = sequence;
    message_.position = sequence;
    message_.position_end = sequence + 1;
    if (due_ns != stamped_ns_) {
        stamped_ns_ = due_ns;
        message_.enqueued_ms = (due_ns + unix_offset_ns_) / millisecond_ns;
    }
    const sluice_status status = sink_.push(message_);
    if (status == SLUICE_OK) return true;
    if (status == SLUICE_FULL) return false;
    throw Failure(status, "the host does not take messages of " + std::to_string(options_.size) + " bytes: lower `size`");
}

void Generator::set_id(std::uint64_t sequence) {
    char* digits = id_.data() + message_.stream_size + 1;
    char* end = std::to_chars(digits, id_.data() + id_.size(), sequence).ptr;
    id_number_ = Decimal(digits, static_cast<std::size_t>(end - digits), sequence);
    message_.id = {id_.data(), static_cast<std::uint64_t>(end - id_.data())};
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
