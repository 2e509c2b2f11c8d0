#include "source/intake.hpp"

#include <exception>
#include <limits>
#include <utility>

#include "core/bytes.hpp"
#include "core/whole.hpp"

namespace sluice {
namespace {

// Nothing may be thrown into the plugin. Without memory there is no room: the message stays with the source for the next poll.
template <typename Call, typename Answer>
auto unless_out_of_memory(Call&& call, Answer no_room) noexcept -> decltype(call()) {
    try {
        return call();
    } catch (const std::exception&) {
        return no_room;
    }
}

}  // namespace

Intake::Intake(MessageStore& store, Settlement& settlement, Confirmed& confirmed)
    : store_(store),
      settlement_(settlement),
      confirmed_(confirmed) {
    sink_.struct_size = sizeof sink_;
    sink_.context = this;
    sink_.push = [](void* context, const sluice_incoming* incoming) {
        auto& self = *static_cast<Intake*>(context);
        return unless_out_of_memory(
            [&] { return with_whole(*incoming, [&](const sluice_incoming& message) { return self.push(message); }); },
            SLUICE_FULL);
    };
    sink_.reserve = [](void* context, std::uint64_t size) {
        return unless_out_of_memory([&] { return static_cast<Intake*>(context)->reserve(size); }, nullptr);
    };
    sink_.commit = [](void* context, const sluice_incoming* incoming) {
        auto& self = *static_cast<Intake*>(context);
        return unless_out_of_memory(
            [&] { return with_whole(*incoming, [&](const sluice_incoming& message) { return self.commit(message); }); },
            SLUICE_FULL);
    };
    // An end that cannot be noted would be lost: the host ends rather, and the source delivers again what it has not been told
    // of.
    sink_.settled = [](void* context, const std::uint64_t* tags, std::uint64_t count, sluice_status status) noexcept {
        static_cast<Intake*>(context)->settlement_.settled(tags, count, status);
    };
    sink_.confirmed_below = [](void* context, sluice_bytes stream, std::uint64_t position) noexcept {
        static_cast<Intake*>(context)->confirmed_.write(view_of(stream), position);
    };
    sink_.revoke = [](void* context, std::uint32_t lane, std::uint32_t how, std::uint64_t token) noexcept {
        const Withdrawn withdrawn = how == SLUICE_LANE_DRAIN ? Withdrawn::drained : Withdrawn::lost;
        auto& self = *static_cast<Intake*>(context);
        if (self.deliveries_ == nullptr) return;
        self.deliveries_->revoke(lane, withdrawn, token);
        if (withdrawn == Withdrawn::lost) self.settlement_.withdraw_lane(lane);
    };
    sink_.lost = [](void* context, const std::uint64_t* tags, std::uint64_t count) noexcept {
        auto& self = *static_cast<Intake*>(context);
        if (self.deliveries_ == nullptr) return;
        self.deliveries_->lose({tags, count});
        self.settlement_.withdraw({tags, count});
    };
}

void Intake::open(std::uint32_t max, std::uint64_t bytes, std::int64_t now_ns) {
    max_ = max;
    full_at_ = bytes > std::numeric_limits<std::uint64_t>::max() - store_.bytes() ? bytes : store_.bytes() + bytes;
    now_ns_ = now_ns;
}

MessageList Intake::close() {
    if (reserved_ != nullptr) store_.destroy(std::exchange(reserved_, nullptr));
    max_ = 0;
    MessageList polled = polled_;
    polled_ = MessageList();
    if (!polled.empty()) settlement_.received(polled.size());
    return polled;
}

[[gnu::noinline]] void Intake::note_delivery(Message& message, const sluice_incoming& incoming) {
    message.lane = static_cast<std::uint16_t>(incoming.lane);
    deliveries_->add(message, now_ns_);
}

[[gnu::noinline]] void Intake::refuse(Message& message, const sluice_incoming& incoming) {
    message.outcome = Outcome::dead_letter;
    unless_out_of_memory(  // a dead letter that gives no reason
        [&] {
            message.fail(std::string(view_of(incoming.refused)));
            return true;
        },
        false);
}

inline void Intake::accept(Message* message, const sluice_incoming& incoming) {
    message->received_ns = now_ns_;
    if (deliveries_ != nullptr) [[unlikely]]
        note_delivery(*message, incoming);
    if (poison_ != nullptr && poison_->any()) [[unlikely]]
        poison_->mark(*message);
    if (incoming.refused.size != 0) [[unlikely]]
        refuse(*message, incoming);
    polled_.push_back(message);
}

sluice_status Intake::push(const sluice_incoming& incoming) {
    if (is_full()) return SLUICE_FULL;
    if (!may_come(incoming)) return SLUICE_CONTRACT;
    Message* message = store_.create(incoming);
    if (message == nullptr) return SLUICE_INVALID;
    accept(message, incoming);
    return SLUICE_OK;
}

char* Intake::reserve(std::uint64_t size) {
    if (reserved_ != nullptr) store_.destroy(std::exchange(reserved_, nullptr));
    if (is_full()) return nullptr;
    reserved_ = store_.reserve(size);
    return reserved_ != nullptr ? const_cast<char*>(reserved_->view.body.data) : nullptr;
}

sluice_status Intake::commit(const sluice_incoming& incoming) {
    if (reserved_ == nullptr || incoming.body.size > reserved_->body_capacity || !may_come(incoming)) return SLUICE_CONTRACT;
    if (!store_.commit(reserved_, incoming)) return SLUICE_INVALID;
    accept(std::exchange(reserved_, nullptr), incoming);
    return SLUICE_OK;
}

}  // namespace sluice
