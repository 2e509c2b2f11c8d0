#include "source.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::contract {
namespace {

sluice_queue_sink sink_of(Source* source, auto push, auto reserve, auto commit, auto settled, auto confirmed_below, auto revoke,
                          auto lost) {
    sluice_queue_sink sink{};
    sink.context = source;
    sink.push = push;
    sink.reserve = reserve;
    sink.commit = commit;
    sink.settled = settled;
    sink.confirmed_below = confirmed_below;
    sink.revoke = revoke;
    sink.lost = lost;
    return sink;
}

constexpr std::uint32_t known_flags = SLUICE_MESSAGE_REDELIVERED;

}  // namespace

Source::Source(const QueueEngine& engine, const Folder& folder, Options options, Sizes sizes, bool has_state_dir)
    : Adapter(engine, folder, SLUICE_ROLE_SOURCE, std::move(options), std::move(sizes), has_state_dir),
      keeps_attempts_((engine.capabilities & SLUICE_QUEUE_KEEPS_ATTEMPTS) != 0),
      has_stable_ids_((engine.capabilities & SLUICE_QUEUE_STABLE_IDS) != 0),
      sink_(sink_of(
                this, [](void* context, const sluice_incoming* message) noexcept { return of(context).push(*message, false); },
                [](void* context, std::uint64_t size) noexcept { return of(context).reserve(size); },
                [](void* context, const sluice_incoming* message) noexcept { return of(context).push(*message, true); },
                [](void* context, const std::uint64_t* tags, std::uint64_t count, sluice_status status) noexcept {
                    of(context).expect_call("settled", false);
                    of(context).confirm(tags, count, status);
                },
                [](void* context, sluice_bytes stream, std::uint64_t position) noexcept {
                    of(context).confirm_below(std::string(view(stream)), position);
                },
                [](void* context, std::uint32_t lane, std::uint32_t how, std::uint64_t token) noexcept {
                    of(context).revoke(lane, how, token);
                },
                [](void* context, const std::uint64_t* tags, std::uint64_t count) noexcept { of(context).lose(tags, count); }),
            host_.sizes()) {}

Answer Source::open() {
    Answer answer =
        call([this](auto& table, void* self, sluice_fault* fault) { return table.open_source(self, sink_.get(), fault); });
    is_open_ = answer.ok();
    in_flight_.clear();
    awaited_.clear();
    open_revocations_.clear();
    taken_away_.clear();
    return answer;
}

Answer Source::poll(std::uint32_t max, Milliseconds wait, std::uint64_t max_bytes) {
    sluice_poll given{};
    given.max = max;
    given.max_bytes = max_bytes;
    given.wait_ms = static_cast<std::uint32_t>(wait.count());
    const Sized<sluice_poll> asked(given, sizes());
    left_ = std::min<std::size_t>(max, room.value_or(SIZE_MAX));
    bytes_left_ = max_bytes == 0 ? UINT64_MAX : max_bytes;
    is_polling_ = true;
    Answer answer =
        call_as_source([&](auto& table, void* self, sluice_fault* fault) { return table.poll(self, asked.get(), fault); });
    is_polling_ = false;
    reserved_.reset();
    switch (answer.status) {
        case SLUICE_OK:
        case SLUICE_UNAVAILABLE:
        case SLUICE_FAILED:
        case SLUICE_CORRUPT: break;
        case SLUICE_END:
            if ((capabilities() & SLUICE_QUEUE_FINITE) == 0) note("poll has answered SLUICE_END, without SLUICE_QUEUE_FINITE");
            break;
        default:
            if (!too_large_at) note("poll has answered " + std::to_string(answer.status) + ", which is none of its answers");
    }
    return answer;
}

std::vector<Delivery> Source::take(std::size_t count, std::uint32_t max) {
    const std::size_t before = delivered.size();
    for (const auto deadline = Clock::now() + soon; delivered.size() < before + count && Clock::now() < deadline;) {
        const Answer polled =
            poll(static_cast<std::uint32_t>(std::min<std::size_t>(max, before + count - delivered.size())), Milliseconds(100));
        if (polled.status != SLUICE_OK) break;
    }
    return {delivered.begin() + static_cast<std::ptrdiff_t>(before), delivered.end()};
}

std::vector<Delivery> Source::take_what_is_there() {
    const std::size_t before = delivered.size();
    for (std::size_t last = SIZE_MAX; last != delivered.size();) {
        last = delivered.size();
        if (poll().status != SLUICE_OK) break;
    }
    return {delivered.begin() + static_cast<std::ptrdiff_t>(before), delivered.end()};
}

Answer Source::settle(const std::vector<sluice_settlement>& items) {
    for (const sluice_settlement& item : items)
        if (item.action != SLUICE_ATTEMPTED) awaited_.insert(item.tag);
    // In front of a page, too: so many, and no more.
    const Page given(items.size() * sizeof(sluice_settlement));
    if (!items.empty()) std::memcpy(given.begin(), items.data(), items.size() * sizeof(sluice_settlement));
    const Answer answer = call_as_source([&](auto& table, void* self, sluice_fault* fault) {
        return table.settle(self, reinterpret_cast<const sluice_settlement*>(given.begin()), items.size(), fault);
    });
    if (answer.status == SLUICE_QUEUED) return answer;
    for (const sluice_settlement& item : items)
        if (item.action != SLUICE_ATTEMPTED) confirm(&item.tag, 1, answer.status);
    return answer;
}

Answer Source::flush() {
    if (table_.flush == nullptr) return {};
    const Answer answer = call_as_source([](auto& table, void* self, sluice_fault* fault) { return table.flush(self, fault); });
    if (answer.ok() && !awaited_.empty())
        note("flush has answered SLUICE_OK, and " + std::to_string(awaited_.size()) + " settlements are not confirmed");
    return answer;
}

void Source::settle_all(const std::vector<Delivery>& which, std::uint32_t action) {
    std::vector<sluice_settlement> items;
    for (const Delivery& each : which) {
        items.push_back(settlement(each.tag, action));
        settled.erase(each.tag);
    }
    const Answer answer = settle(items);
    EXPECT_TRUE(answer.is_taken()) << answer;
    EXPECT_TRUE(flush().ok());
    for (const Delivery& each : which) EXPECT_EQ(settled[each.tag], std::vector<sluice_status>{SLUICE_OK}) << each.body;
}

sluice_status Source::end_of(const sluice_settlement& item) {
    settled.erase(item.tag);
    (void)settle({item});
    EXPECT_TRUE(flush().ok());
    EXPECT_EQ(settled[item.tag].size(), 1u);
    return settled[item.tag].empty() ? SLUICE_UNKNOWN : settled[item.tag].front();
}

Answer Source::service(std::uint32_t& next_ms) {
    next_ms = 0;
    return call_as_source([&](auto& table, void* self, sluice_fault* fault) { return table.service(self, &next_ms, fault); });
}

Answer Source::extend(const std::vector<std::uint64_t>& tags, Milliseconds time) {
    const Page given(tags.size() * sizeof(std::uint64_t));
    if (!tags.empty()) std::memcpy(given.begin(), tags.data(), tags.size() * sizeof(std::uint64_t));
    return call_as_source([&](auto& table, void* self, sluice_fault* fault) {
        return table.extend(self, reinterpret_cast<const std::uint64_t*>(given.begin()), tags.size(),
                            static_cast<std::uint32_t>(time.count()), fault);
    });
}

void Source::answer(std::uint64_t token) {
    open_revocations_.erase(token);
    table_.revoked(self_, token);
}

bool Source::is_revoked(std::uint32_t lane) const {
    return std::ranges::any_of(open_revocations_, [&](const auto& open) { return open.second == lane; });
}

// ---- the sink --------------------------------------------------------------------------------------------------------------

void Source::expect_call(const char* what, bool in_poll) {
    if (caller_.load() != std::this_thread::get_id())
        note(std::string(what) + " was called outside poll, settle, flush, service and extend, or from another thread");
    else if (in_poll && !is_polling_)
        note(std::string(what) + " was called outside poll");
}

sluice_status Source::push(const sluice_incoming& given, bool is_commit) {
    expect_call(is_commit ? "commit" : "push", true);
    sluice_incoming message{};
    std::memcpy(&message, &given, std::min<std::size_t>(given.struct_size, sizeof message));
    if (is_commit) {
        if (!reserved_ || message.body.data != reserved_->begin() || message.body.size > reserved_bytes_)
            note("commit of a body that was not reserved");
    } else if (left_ == 0 || bytes_left_ == 0) {
        return SLUICE_FULL;
    } else if (too_large_at && *too_large_at == pushes_) {
        ++pushes_;
        return SLUICE_INVALID;
    }
    if (is_revoked(message.lane)) {
        note("a message came by the lane " + std::to_string(message.lane) + ", which is revoked");
        return SLUICE_CONTRACT;
    }
    ++pushes_;
    check(message);
    take_in(message);
    --left_;
    bytes_left_ -= std::min(bytes_left_, std::max<std::uint64_t>(message.body.size, 1));
    reserved_.reset();
    return SLUICE_OK;
}

char* Source::reserve(std::uint64_t size) {
    expect_call("reserve", true);
    reserved_.reset();
    if (!reserves || left_ == 0 || bytes_left_ == 0 || (too_large_at && *too_large_at == pushes_)) return nullptr;
    reserved_.emplace(size);
    reserved_bytes_ = size;
    return reserved_->begin();
}

void Source::take_in(const sluice_incoming& message) {
    Delivery delivery;
    delivery.body = view(message.body);
    delivery.id = view(message.id);
    delivery.stream = view(message.id).substr(0, message.stream_size);
    delivery.refused = view(message.refused);
    delivery.message_key = view(message.message_key);
    delivery.subject = view(message.subject);
    for (std::uint32_t i = 0; i < message.header_count; ++i)
        delivery.headers.emplace_back(view(message.headers[i].name), view(message.headers[i].value));
    delivery.tag = message.tag;
    delivery.position = message.position;
    delivery.position_end = message.position_end;
    delivery.attempt = message.attempt;
    delivery.deliveries = message.deliveries;
    delivery.flags = message.flags;
    delivery.lane = message.lane;
    in_flight_.insert_or_assign(delivery.tag, delivery);
    delivered.push_back(std::move(delivery));
}

void Source::check(const sluice_incoming& message) {
    if (in_flight_.contains(message.tag))
        note("the tag " + std::to_string(message.tag) + " is that of two deliveries at a time");
    if (message.stream_size > message.id.size) note("the stream is longer than the id that it begins");
    if (message.stream_size != 0 && message.position >= message.position_end) note("a message covers no position");
    if (message.stream_size == 0 && (message.position != 0 || message.position_end != 0)) note("a position without a stream");
    if (has_stable_ids_ && message.id.size == 0) note("a message of a source with stable ids has none");
    if (keeps_attempts_ == (message.attempt == 0)) note("the attempt is told though it is not kept, or kept and not told");
    if ((message.flags & ~known_flags) != 0) note("a message has unknown flags");
    if (message.header_count != 0 && message.headers == nullptr) note("headers are counted and not there");
    if (message.lane > SLUICE_LANES_MAX) note("a message came by the lane " + std::to_string(message.lane));
    if (message.lane != 0 && table().revoked == nullptr) note("a message came by a lane, and there is no `revoked`");
    if (message.deliveries > 1 && (message.flags & SLUICE_MESSAGE_REDELIVERED) == 0)
        note("a message was delivered before, and its flags do not say so");
    if (message.deliveries == 1 && (message.flags & SLUICE_MESSAGE_REDELIVERED) != 0)
        note("a message that was redelivered is counted as delivered once");
    if (taken_away_.contains(message.tag)) note("a message has the tag of one that was lost");
}

void Source::revoke(std::uint32_t lane, std::uint32_t how, std::uint64_t token) {
    expect_call("revoke", false);
    if (table().revoked == nullptr) note("a lane was revoked, and there is no `revoked`");
    if (lane == 0 || lane > SLUICE_LANES_MAX) note("the lane " + std::to_string(lane) + " was revoked, which is none");
    if (how != SLUICE_LANE_DRAIN && how != SLUICE_LANE_LOST) note("a lane was revoked in an unknown way");
    revocations.push_back({lane, how, token});
    if (!open_revocations_.emplace(token, lane).second) note("two revocations at a time have one token");
    if (how == SLUICE_LANE_DRAIN) return;
    for (auto delivery = in_flight_.begin(); delivery != in_flight_.end();) {
        const bool is_lost = delivery->second.lane == lane;
        if (is_lost) taken_away_.insert(delivery->first);
        delivery = is_lost ? in_flight_.erase(delivery) : std::next(delivery);
    }
}

void Source::lose(const std::uint64_t* tags, std::uint64_t count) {
    expect_call("lost", false);
    for (std::uint64_t i = 0; i < count; ++i) {
        lost.insert(tags[i]);
        if (in_flight_.erase(tags[i]) != 0) taken_away_.insert(tags[i]);
    }
}

void Source::confirm(const std::uint64_t* tags, std::uint64_t count, sluice_status status) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto awaited = awaited_.find(tags[i]);
        if (awaited == awaited_.end())
            note("the settlement of " + std::to_string(tags[i]) + " was answered, and nobody has asked for one, or twice");
        else
            awaited_.erase(awaited);
        settled[tags[i]].push_back(status);
        if (status == SLUICE_OK || status == SLUICE_LOST_LEASE || status == SLUICE_STALE) in_flight_.erase(tags[i]);
    }
}

void Source::confirm_below(const std::string& stream, std::uint64_t position) {
    expect_call("confirmed_below", false);
    std::uint64_t& known = confirmed[stream];
    if (position < known) note("what is confirmed of a stream has fallen");
    known = position;
    for (const auto& [tag, delivery] : in_flight_)
        if (delivery.stream == stream && delivery.position < position && !awaited_.contains(tag))
            note("a position is confirmed above a message that is not acked: " + delivery.id);
}

// ---- what tests compare ----------------------------------------------------------------------------------------------------

std::vector<std::string> bodies_of(const std::vector<Delivery>& deliveries) {
    std::vector<std::string> bodies;
    for (const Delivery& each : deliveries) bodies.push_back(each.body);
    return bodies;
}

std::vector<std::string> ids_of(const std::vector<Delivery>& deliveries) {
    std::vector<std::string> ids;
    for (const Delivery& each : deliveries) ids.push_back(each.id);
    return ids;
}

Bodies numbered_bodies(std::size_t count, std::size_t from) {
    Bodies bodies;
    for (std::size_t i = 0; i < count; ++i) bodies.push_back("{\"number\":" + std::to_string(from + i) + "}");
    return bodies;
}

}  // namespace sluice::contract
