// What a function of an adapter has answered.
#pragma once

#include <chrono>
#include <optional>
#include <ostream>
#include <string>

#include "sized.hpp"
#include "sluice/sdk/status.hpp"
#include "sluice/sluice.h"

namespace sluice::contract {

using Milliseconds = std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// What ends soon has ended within that; what would wait, waits for far longer.
constexpr std::chrono::seconds soon{5};
constexpr std::chrono::seconds far_longer{20};

struct Answer {
    sluice_status status = SLUICE_OK;
    std::string text;
    std::string fault;  // a rule of the fault that was broken; empty if none was

    bool ok() const { return status == SLUICE_OK; }
    bool is_taken() const { return status == SLUICE_OK || status == SLUICE_QUEUED; }
};
inline std::ostream& operator<<(std::ostream& out, const Answer& answer) {
    return out << "status " << answer.status << " \"" << answer.text << '"';
}

// Calls `call` with a fault of the host's.
template <typename Call>
Answer ask(const Sizes& sizes, Call&& call) {
    constexpr std::uint32_t capacity = 512;
    const Page room(capacity);
    sluice_fault given{};
    given.text = room.begin();
    given.text_capacity = capacity;
    const Sized<sluice_fault> fault(given, sizes);
    Answer answer;
    answer.status = call(fault.get());
    const sluice_fault written = fault.value();
    if (!fault.is_intact()) answer.fault = "the fault was written past its struct_size";
    if (written.text_size > capacity) {
        answer.fault = "the fault's text is longer than its buffer";
        return answer;
    }
    answer.text.assign(room.begin(), written.text_size);
    if (answer.text.find('\n') != std::string::npos) answer.fault = "the fault's text has a line end: " + answer.text;
    const bool is_good =
        answer.is_taken() || answer.status == SLUICE_END || answer.status == SLUICE_SEEN || answer.status == SLUICE_UNSUPPORTED;
    const bool has_room_for_text = sizes.of<sluice_fault>().cut == 0;
    if (!is_good && answer.text.empty() && has_room_for_text)
        answer.fault = "a failure (status " + std::to_string(answer.status) + ") was answered without a sentence";
    return answer;
}

}  // namespace sluice::contract
