// A consuming adapter whose answers a test decides.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "plugin/port/plugin_queue.hpp"

namespace sluice {

class FakeSource {
public:
    using Settlements = std::span<const sluice_settlement>;

    FakeSource() {
        table_.struct_size = sizeof table_;
        table_.create = [](const sluice_setup*, void** self, sluice_fault*) -> sluice_status {
            *self = being_created_;
            return SLUICE_OK;
        };
        table_.capabilities = [](void* self) { return fake(self).capabilities; };
        table_.open_source = [](void* self, const sluice_queue_sink* to, sluice_fault*) -> sluice_status {
            fake(self).sink = to;
            return SLUICE_OK;
        };
        table_.poll = [](void* self, const sluice_poll* poll, sluice_fault* fault) {
            fake(self).polled = *poll;
            return fake(self).on_poll(poll->max, poll->wait_ms, fault);
        };
        table_.settle = [](void* self, const sluice_settlement* items, uint64_t count, sluice_fault*) {
            return fake(self).on_settle(Settlements(items, count));
        };
        table_.flush = [](void* self, sluice_fault*) { return fake(self).on_flush(); };
        table_.wake = [](void* self) { fake(self).on_wake(); };
        table_.close = [](void* self) { fake(self).on_close(); };
    }
    FakeSource(const FakeSource&) = delete;
    FakeSource& operator=(const FakeSource&) = delete;

    std::unique_ptr<QueuePort> create_port() {
        being_created_ = this;
        if (on_service)
            table_.service = [](void* self, uint32_t* next_ms, sluice_fault* fault) {
                return fake(self).on_service(*next_ms, fault);
            };
        if (on_limits)
            table_.limits = [](void* self, sluice_queue_limits* limits, sluice_fault* fault) {
                return fake(self).on_limits(*limits, fault);
            };
        if (on_revoked) table_.revoked = [](void* self, uint64_t token) { fake(self).on_revoked(token); };
        if (on_extend)
            table_.extend = [](void* self, const uint64_t* tags, uint64_t count, uint32_t ms, sluice_fault*) {
                return fake(self).on_extend({tags, count}, ms);
            };
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.role = SLUICE_ROLE_SOURCE;
        setup.name = {"sources.fake", 12};
        return PluginQueue::create(table_, setup).value();
    }

    std::function<sluice_status(std::uint32_t max, std::uint32_t wait_ms, sluice_fault*)> on_poll =
        [](std::uint32_t, std::uint32_t, sluice_fault*) { return SLUICE_END; };
    std::function<sluice_status(Settlements)> on_settle = [](Settlements) { return SLUICE_OK; };
    std::function<sluice_status()> on_flush = [] { return SLUICE_OK; };
    std::function<void()> on_wake = [] {};
    std::function<void()> on_close = [] {};
    // Before create_port(); without them the table has no such function.
    std::function<sluice_status(std::uint32_t& next_ms, sluice_fault*)> on_service;
    std::function<sluice_status(sluice_queue_limits&, sluice_fault*)> on_limits;
    std::function<void(std::uint64_t token)> on_revoked;
    std::function<sluice_status(std::span<const std::uint64_t> tags, std::uint32_t ms)> on_extend;
    std::uint64_t capabilities = SLUICE_QUEUE_TAKES_BACK;
    const sluice_queue_sink* sink = nullptr;
    sluice_poll polled{};  // the last one; the source thread's

private:
    static FakeSource& fake(void* self) { return *static_cast<FakeSource*>(self); }

    static inline FakeSource* being_created_ = nullptr;
    sluice_queue table_{};
};

}  // namespace sluice
