#include "generator.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::generate {
namespace {

constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::size_t ahead = 16;
constexpr std::size_t ahead_bytes = 64u << 10;  // of large bodies one is enough: to copy it takes longer than to wait

}  // namespace

Generator::Made::Made(const Options& options, const std::string& id_front) : body(options.size, options.stamp) {
    std::copy(id_front.begin(), id_front.end(), id.begin());
}

Generator::Generator(const Options& options)
    : options_(options),
      chooser_(options.zipf ? KeyChooser::zipf(options.keys, *options.zipf) : KeyChooser::uniform(options.keys)),
      id_front_(std::to_string(options.seed) + ':'),
      schedule_(options.rate, options.burst, 0) {
    do made_.push_back(std::make_unique<Made>(options_, id_front_));
    while (made_.size() < std::min(ahead, ahead_bytes / options_.size));
    message_.stream_size = static_cast<std::uint32_t>(id_front_.size() - 1);
    if (!options_.key_header.empty()) {
        header_.name = bytes(options_.key_header);
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
    if (!taken_back_.empty()) return taken_back_.begin()->due_ns;
    return schedule_.paced() ? schedule_.due_ns(next_) : now;
}

void Generator::deliver(std::uint32_t max, std::int64_t now) {
    for (; max != 0 && !taken_back_.empty(); --max) {
        const TakenBack first = *taken_back_.begin();
        if (first.due_ns > now) return;
        make(*made_[0], first.sequence, now);
        if (!push(*made_[0])) return;
        taken_back_.erase(taken_back_.begin());
    }
    const bool paced = schedule_.paced();
    bool more = true;
    while (more && max != 0) {
        std::size_t count = 0;
        for (const auto& made : made_) {
            const std::uint64_t sequence = next_ + count;
            more = count < max && (options_.messages == 0 || sequence < options_.messages);
            const std::int64_t due = paced && more ? schedule_.due_ns(sequence) : now;
            more &= due <= now;
            if (!more) break;
            make(*made, sequence, due);
            ++count;
        }
        for (std::size_t i = 0; i < count; ++i, ++next_)
            if (!push(*made_[i])) return;
        max -= static_cast<std::uint32_t>(count);
    }
}

void Generator::make(Made& made, std::uint64_t sequence, std::int64_t due_ns) {
    made.sequence = sequence;
    made.due_ns = due_ns;
    made.body.set(chooser_.choose(random_of(options_.seed, sequence)), sequence, due_ns);
    if (made.id_number.set(sequence)) return;
    char* const digits = made.id.data() + id_front_.size();
    char* const end = std::to_chars(digits, made.id.data() + made.id.size(), sequence).ptr;
    made.id_number = Decimal(digits, static_cast<std::size_t>(end - digits), sequence);
    made.id_size = static_cast<std::size_t>(end - made.id.data());
}

bool Generator::push(const Made& made) {
    message_.body = bytes(made.body.text());
    message_.id = {made.id.data(), made.id_size};
    header_.value = bytes(made.body.key());
    message_.tag = made.sequence;
    message_.position = made.sequence;
    message_.position_end = made.sequence + 1;
    if (made.due_ns != stamped_ns_) {
        stamped_ns_ = made.due_ns;
        message_.enqueued_ms = (made.due_ns + unix_offset_ns_) / millisecond_ns;
    }
    const sluice_status status = sink_.push(message_);
    if (status == SLUICE_OK) return true;
    if (status == SLUICE_FULL) return false;
    throw Failure(status, "the host does not take messages of " + std::to_string(options_.size) + " bytes: lower `size`");
}

sluice_status Generator::settle(std::span<const sluice_settlement> items) {
    const auto is_plain = [this](const sluice_settlement& item) { return item.action == SLUICE_ACK && item.tag < next_; };
    if (std::ranges::all_of(items, is_plain)) return SLUICE_OK;
    settled_.clear();
    for (const sluice_settlement& item : items) settled_.push_back(settle(item));
    if (std::ranges::all_of(settled_, [](sluice_status status) { return status == SLUICE_OK; })) return SLUICE_OK;
    for (std::size_t i = 0; i < items.size(); ++i)
        if (items[i].action != SLUICE_ATTEMPTED) sink_.settled({&items[i].tag, 1}, settled_[i]);
    return SLUICE_QUEUED;
}

// Which of the delivered ones are settled is not kept, but what was never delivered, or waits to be delivered again, is known.
sluice_status Generator::settle(const sluice_settlement& item) {
    if (item.action != SLUICE_ACK && item.action != SLUICE_RELEASE) return SLUICE_INVALID;
    if (item.tag >= next_) return SLUICE_STALE;
    if (item.action == SLUICE_ACK) return SLUICE_OK;
    const std::int64_t delay_ms = std::clamp<std::int64_t>(item.delay_ms, 0, 1'000'000'000);
    const std::int64_t due_ns = delay_ms == 0 ? 0 : monotonic_ns() + delay_ms * millisecond_ns;
    return taken_back_.insert({item.tag, due_ns}).second ? SLUICE_OK : SLUICE_STALE;
}

}  // namespace sluice::generate
