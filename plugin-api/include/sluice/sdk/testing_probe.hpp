// What a probe of an adapter has told, for its unit tests:
//
//   const auto probed = host.source(spool_component, {{"path", folder}}).probe();
//   EXPECT_TRUE(probed.status.ok());
//   EXPECT_EQ(probed.fact(SLUICE_FACT_SERVER), "spool 1.2");
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/probe.h"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

struct FakeProbe {
    Status status = {SLUICE_UNSUPPORTED, "this component cannot be probed"};
    std::vector<std::pair<std::string, std::string>> facts{};  // in the order in which they were told

    // The first of this name; empty: there is none.
    std::string fact(std::string_view name) const {
        for (const auto& [its_name, value] : facts)
            if (its_name == name) return value;
        return {};
    }
};

namespace detail {

template <typename Table>
FakeProbe probed(const Table& table, void* self) {
    FakeProbe probe;
    if (table.probe == nullptr) return probe;
    const sluice_probe_sink sink{sizeof(sluice_probe_sink), 0, &probe.facts,
                                 [](void* context, sluice_bytes name, sluice_bytes value) {
                                     static_cast<decltype(probe.facts)*>(context)->emplace_back(view(name), view(value));
                                 }};
    FaultBuffer buffer;
    const sluice_status status = table.probe(self, &sink, &buffer.fault);
    probe.status = {status, std::string(buffer.text())};
    return probe;
}

}  // namespace detail
}  // namespace sluice::inline sdk
