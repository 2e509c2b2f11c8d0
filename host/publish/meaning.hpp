// What a target's status means for the messages that it answers.
#pragma once

#include <cstdint>

#include "sluice/abi.h"

namespace sluice {

enum class Meaning : std::uint8_t {
    stored,
    queued,    // answered later
    passing,   // tried again
    refused,   // of this message, permanently
    breach,    // of the rules: tried again a few times
    for_good,  // of the target
};

constexpr Meaning meaning(sluice_status status) {
    switch (status) {
        case SLUICE_OK:
        case SLUICE_SEEN: return Meaning::stored;
        case SLUICE_QUEUED: return Meaning::queued;
        case SLUICE_FULL:
        case SLUICE_UNAVAILABLE:
        case SLUICE_STOPPED:
        case SLUICE_CONFLICT:
        case SLUICE_UNKNOWN: return Meaning::passing;
        case SLUICE_INVALID:
        case SLUICE_UNSUPPORTED:
        case SLUICE_CONSTRAINT: return Meaning::refused;
        case SLUICE_FAILED:
        case SLUICE_CORRUPT: return Meaning::for_good;
        default: return Meaning::breach;
    }
}

}  // namespace sluice
