// How the host hears what went wrong in a plugin: the buffer that the plugin writes its text into.
//
// Threads      an instance belongs to the thread that makes the call.
// Limits       limits::fault_text_bytes; the plugin's own writes cannot pass it.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/limits.hpp"
#include "sluice/fault.h"

namespace sluice {

// What the caller can do next after a plugin answered this status.
ErrorKind error_kind(sluice_status status);

// "unavailable"; "status 77" for a number this host does not know.
std::string status_name(sluice_status status);

// One line of UTF-8, whatever a plugin wrote: control characters become spaces, bytes that are not UTF-8 question marks.
std::string clean_text(std::string_view text);

// As sluice_fault_set(): answers the status.
inline sluice_status set_fault(sluice_fault* fault, sluice_status status, std::string_view text) {
    return sluice_fault_set(fault, status, text.data(), text.size());
}

class FaultBuffer {
public:
    FaultBuffer() { clear(); }
    FaultBuffer(const FaultBuffer&) = delete;
    FaultBuffer& operator=(const FaultBuffer&) = delete;

    // To hand to the plugin.
    sluice_fault* get() { return &fault_; }
    void clear() {
        fault_ = {};
        fault_.struct_size = sizeof fault_;
        fault_.text = bytes_.data();
        fault_.text_capacity = static_cast<std::uint32_t>(bytes_.size());
    }

    const sluice_fault& fault() const { return fault_; }
    std::string text() const;

    // "unavailable: the server is unreachable"; what the plugin did not say is left out.
    Error error(sluice_status status) const;

private:
    std::array<char, limits::fault_text_bytes> bytes_;
    sluice_fault fault_;
};

}  // namespace sluice
