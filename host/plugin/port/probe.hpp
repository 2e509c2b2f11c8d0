// What a component has found where it would connect (sluice/probe.h), asked before anything is open.
//
// Threads      control.
// Limits       limits::probe_facts, each of limits::fault_text_bytes; what is more is left out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sluice/probe.h"

namespace sluice {

// Both are one line of UTF-8, whatever the plugin said.
struct Fact {
    std::string name;
    std::string value;
};
using Facts = std::vector<Fact>;  // in the order in which they were told

// To hand to a plugin for one call.
class FactSink {
public:
    FactSink();
    FactSink(const FactSink&) = delete;
    FactSink& operator=(const FactSink&) = delete;

    const sluice_probe_sink* get() const { return &sink_; }
    Facts take() { return std::move(facts_); }

private:
    void add(sluice_bytes name, sluice_bytes value);

    sluice_probe_sink sink_{};
    Facts facts_;
};

}  // namespace sluice
