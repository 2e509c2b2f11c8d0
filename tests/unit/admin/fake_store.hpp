// A queue in memory that shows what it holds.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "plugin/port/plugin_queue.hpp"

namespace sluice {

class FakeStore {
public:
    FakeStore() {
        table_.struct_size = sizeof table_;
        table_.create = [](const sluice_setup* setup, void** self, sluice_fault*) -> sluice_status {
            *self = const_cast<char*>(setup->identity.data);  // see create_port()
            return SLUICE_OK;
        };
        table_.destroy = [](void*) {};
        table_.list = [](void* self, sluice_bytes after, const sluice_stored_sink* sink, sluice_fault* fault) -> sluice_status {
            FakeStore& store = of(self);
            const std::lock_guard lock(store.mutex_);
            if (store.answer != SLUICE_OK) return sluice_fault_set(fault, store.answer, "away", 4);
            for (auto at = store.records_.upper_bound({after.data, after.size}); at != store.records_.end(); ++at)
                if (show(*at, sink) != SLUICE_OK) break;
            return SLUICE_OK;
        };
        table_.get = [](void* self, sluice_bytes place, const sluice_stored_sink* sink, sluice_fault*) -> sluice_status {
            FakeStore& store = of(self);
            const std::lock_guard lock(store.mutex_);
            const auto found = store.records_.find({place.data, place.size});
            if (found == store.records_.end()) return SLUICE_INVALID;
            show(*found, sink);
            return SLUICE_OK;
        };
        table_.remove = [](void* self, const sluice_bytes* places, uint64_t count, uint64_t* removed,
                           sluice_fault* fault) -> sluice_status {
            FakeStore& store = of(self);
            const std::lock_guard lock(store.mutex_);
            if (store.answer != SLUICE_OK) return sluice_fault_set(fault, store.answer, "away", 4);
            for (uint64_t i = 0; i < count; ++i) *removed += store.records_.erase({places[i].data, places[i].size});
            return SLUICE_OK;
        };
    }

    std::unique_ptr<QueuePort> create_port() {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.role = SLUICE_ROLE_TARGET;
        setup.name = {"dead_letters", 12};
        setup.identity = {reinterpret_cast<const char*>(this), 0};
        return PluginQueue::create(table_, setup).value();
    }
    void put(const std::string& place, const std::string& record) {
        const std::lock_guard lock(mutex_);
        records_[place] = record;
    }
    std::size_t size() {
        const std::lock_guard lock(mutex_);
        return records_.size();
    }

    sluice_status answer = SLUICE_OK;

private:
    static FakeStore& of(void* self) { return *static_cast<FakeStore*>(self); }
    static sluice_status show(const std::pair<const std::string, std::string>& entry, const sluice_stored_sink* sink) {
        sluice_stored stored{};
        stored.struct_size = sizeof stored;
        stored.state = SLUICE_STORED_READY;
        stored.place = {entry.first.data(), entry.first.size()};
        stored.body = {entry.second.data(), entry.second.size()};
        return sink->message(sink->context, &stored);
    }

    sluice_queue table_{};
    std::mutex mutex_;
    std::map<std::string, std::string> records_;
};

}  // namespace sluice
