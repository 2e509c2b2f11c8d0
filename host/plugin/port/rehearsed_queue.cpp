#include "plugin/port/rehearsed_queue.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t given_back_at_once = 1024;

class RehearsedSource final : public QueuePort {
public:
    RehearsedSource(std::unique_ptr<QueuePort> source, std::uint64_t messages_max)
        : QueuePort(source->name()),
          source_(std::move(source)),
          messages_max_(messages_max) {
        take_capabilities();
    }

    Result<Facts> probe() override { return source_->probe(); }
    Result<void> open_source(const sluice_queue_sink& sink) override {
        sink_ = sink;
        // What the source says of the settlements that it got, the host does not wait for.
        sink_.settled = [](void*, const std::uint64_t*, std::uint64_t, sluice_status) noexcept {};
        sink_.confirmed_below = [](void*, sluice_bytes, std::uint64_t) noexcept {};
        auto opened = source_->open_source(sink_);
        take_capabilities();
        return opened;
    }
    sluice_status poll(const sluice_poll& poll, FaultBuffer& fault) override {
        return held_.size() >= messages_max_ ? SLUICE_END : source_->poll(poll, fault);
    }
    sluice_status settle(std::span<const sluice_settlement> items, FaultBuffer& fault) override {
        back_.clear();
        for (const sluice_settlement& item : items) {
            if (item.action == SLUICE_RELEASE) back_.push_back({item.tag, SLUICE_RELEASE, 0, item.delay_ms, {}, 0, 0});
            if (item.action != SLUICE_RELEASE && item.action != SLUICE_ATTEMPTED) held_.push_back(item.tag);
        }
        if (back_.empty() || !takes_back()) return SLUICE_OK;
        const sluice_status taken = source_->settle(back_, fault);
        return taken == SLUICE_QUEUED ? SLUICE_OK : taken;
    }
    sluice_status service(std::uint32_t& next_ms, FaultBuffer& fault) override { return source_->service(next_ms, fault); }
    // What is kept here is in flight for the source: beyond its bound it would deliver nothing, and the rehearsal not end.
    Result<sluice_queue_limits> limits() override {
        auto limits = source_->limits();
        if (limits && limits->in_flight_max != 0) messages_max_ = std::min(messages_max_, limits->in_flight_max);
        return limits;
    }
    bool has_lanes() const override { return source_->has_lanes(); }
    bool can_extend() const override { return source_->can_extend(); }
    void revoked(std::uint64_t token) override { source_->revoked(token); }
    sluice_status extend(std::span<const std::uint64_t> tags, std::uint32_t ms, FaultBuffer& fault) override {
        return source_->extend(tags, ms, fault);
    }
    bool can_wake() const override { return source_->can_wake(); }
    void wake() override { source_->wake(); }
    void interrupt() override { source_->interrupt(); }
    Result<void> close() override {
        if (takes_back()) give_back();
        return source_->close();
    }

private:
    // An attempt of a rehearsal does not count.
    void take_capabilities() { say_capabilities(source_->capabilities() & ~std::uint64_t{SLUICE_QUEUE_KEEPS_ATTEMPTS}); }

    // The last settle, with what it had: as the source was. What does not arrive, the source delivers again by itself.
    void give_back() {
        FaultBuffer fault;
        for (std::size_t at = 0; at < held_.size(); at += given_back_at_once) {
            back_.clear();
            for (std::size_t i = at; i < std::min(at + given_back_at_once, held_.size()); ++i)
                back_.push_back({held_[i], SLUICE_RELEASE, 0, 0, {}, 0, 0});
            if (source_->settle(back_, fault) > SLUICE_QUEUED) break;
        }
        (void)source_->flush();
    }

    const std::unique_ptr<QueuePort> source_;
    std::uint64_t messages_max_;  // constant once it is open
    sluice_queue_sink sink_{};
    std::vector<std::uint64_t> held_;      // tags of what the host has settled
    std::vector<sluice_settlement> back_;  // of one call
};

// As it is never opened, it has no limits and no service.
class RehearsedTarget final : public QueuePort {
public:
    explicit RehearsedTarget(std::unique_ptr<QueuePort> target) : QueuePort(target->name()), target_(std::move(target)) {}

    Result<Facts> probe() override { return target_->probe(); }
    Result<void> open_target(const sluice_target_sink&) override { return {}; }
    sluice_status publish(std::span<const sluice_outgoing* const>, std::uint64_t, FaultBuffer&) override { return SLUICE_OK; }

private:
    const std::unique_ptr<QueuePort> target_;
};

}  // namespace

std::unique_ptr<QueuePort> rehearse_source(std::unique_ptr<QueuePort> source, std::uint64_t messages_max) {
    return std::make_unique<RehearsedSource>(std::move(source), messages_max);
}

std::unique_ptr<QueuePort> rehearse_target(std::unique_ptr<QueuePort> target) {
    return std::make_unique<RehearsedTarget>(std::move(target));
}

}  // namespace sluice
