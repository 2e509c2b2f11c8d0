// What the fakes of sources and targets have in common: a created adapter, and what the host asks of both. Included by
// testing_queue.hpp.
//
// Threads    that of the fake.
// Ownership  the FakeHost outlives it; the adapter is destroyed with it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "sluice/queue.h"
#include "sluice/sdk/testing_host.hpp"

namespace sluice::inline sdk {

// What came of one call of an adapter's service.
struct FakeServiced {
    Status status{};
    std::optional<std::chrono::milliseconds> next{};  // when it is to be called again; empty: not again
};

// What an adapter says that it can take.
struct FakeLimits {
    Status status{};
    sluice_queue_limits values{};
};

namespace detail {

// A created adapter with its C table, and the texts of its faults.
class FakeAdapter {
public:
    FakeAdapter(FakeHost& host, const void* table, std::uint32_t role, const FakeOptions& options) {
        const auto* given = static_cast<const sluice_queue*>(table);
        std::memcpy(&table_, given, std::min<std::size_t>(given->struct_size, sizeof table_));
        FaultBuffer buffer;
        const sluice_status status = table_.create(&host.setup(role, options), &self_, &buffer.fault);
        if (status != SLUICE_OK) throw Failure(status, std::string(buffer.text()));
    }
    FakeAdapter(const FakeAdapter&) = delete;
    FakeAdapter& operator=(const FakeAdapter&) = delete;
    ~FakeAdapter() { table_.destroy(self_); }

    template <typename Call>
    Status ask(Call&& call) {
        FaultBuffer buffer;
        const sluice_status status = call(table_, self_, &buffer.fault);
        return {status, std::string(buffer.text())};
    }
    FakeServiced service() {
        if (table_.service == nullptr) return {};
        std::uint32_t next_ms = 0;
        FakeServiced serviced;
        serviced.status =
            ask([&](auto& table, void* self, sluice_fault* fault) { return table.service(self, &next_ms, fault); });
        if (next_ms != 0) serviced.next = std::chrono::milliseconds(next_ms);
        return serviced;
    }
    FakeLimits limits() {
        FakeLimits limits;
        limits.values.struct_size = sizeof limits.values;
        if (table_.limits != nullptr)
            limits.status =
                ask([&](auto& table, void* self, sluice_fault* fault) { return table.limits(self, &limits.values, fault); });
        return limits;
    }
    const sluice_queue& table() const { return table_; }
    void* self() { return self_; }

private:
    sluice_queue table_{};
    void* self_ = nullptr;
};

}  // namespace detail

}  // namespace sluice::inline sdk
