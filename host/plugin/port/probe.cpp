#include "plugin/port/probe.hpp"

#include <algorithm>
#include <exception>
#include <string_view>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "plugin/fault.hpp"

namespace sluice {
namespace {

std::string line_of(sluice_bytes text) {
    const std::string_view whole = text.data == nullptr ? std::string_view() : view_of(text);
    return clean_text(whole.substr(0, limits::fault_text_bytes));
}

}  // namespace

FactSink::FactSink() {
    sink_.struct_size = sizeof sink_;
    sink_.context = this;
    sink_.fact = [](void* context, sluice_bytes name, sluice_bytes value) noexcept {
        try {
            static_cast<FactSink*>(context)->add(name, value);
        } catch (const std::exception&) {  // without memory for it, it is left out
        }
    };
}

void FactSink::add(sluice_bytes name, sluice_bytes value) {
    if (facts_.size() < limits::probe_facts) facts_.push_back({line_of(name), line_of(value)});
}

}  // namespace sluice
