// Where a component tells what it finds when it is probed, for `sluice check --connect`:
//
//   sluice::Status probe(sluice::Probe probe) override {
//       const Client client(address_);  // throws a Failure with SLUICE_UNAVAILABLE if nobody answers
//       probe.fact(SLUICE_FACT_SERVER, client.version());
//       return SLUICE_OK;
//   }
//
// What a probe may do and what its status means stands at sluice_queue.probe.
#pragma once

#include <string_view>

#include "sluice/probe.h"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

// The host's end. To be used inside probe() only.
class Probe {
public:
    explicit Probe(const sluice_probe_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // A short line. `name`: a SLUICE_FACT_ of sluice/probe.h, or a word of its own.
    void fact(std::string_view name, std::string_view value) const {
        if (sink_.fact != nullptr) sink_.fact(sink_.context, bytes(name), bytes(value));
    }

private:
    sluice_probe_sink sink_;
};

}  // namespace sluice::inline sdk
