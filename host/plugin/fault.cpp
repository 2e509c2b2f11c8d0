#include "plugin/fault.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace sluice {

ErrorKind error_kind(sluice_status status) {
    switch (status) {
        case SLUICE_INVALID:
        case SLUICE_CONSTRAINT: return ErrorKind::invalid;
        case SLUICE_FULL: return ErrorKind::full;
        case SLUICE_CONFLICT: return ErrorKind::conflict;
        case SLUICE_UNAVAILABLE:
        case SLUICE_UNKNOWN:
        case SLUICE_LOST_LEASE: return ErrorKind::unavailable;
        case SLUICE_UNSUPPORTED: return ErrorKind::unsupported;
        case SLUICE_STOPPED:
        case SLUICE_END: return ErrorKind::stopped;
        case SLUICE_CORRUPT: return ErrorKind::corrupt;
        case SLUICE_FAILED: return ErrorKind::failed;
        default: return ErrorKind::contract;
    }
}

std::string status_name(sluice_status status) {
    static constexpr const char* names[] = {"ok",      "queued",   "invalid",    "full",  "unavailable", "unsupported",
                                            "stopped", "contract", "corrupt",    "stale", "conflict",    "constraint",
                                            "unknown", "seen",     "lost lease", "end",   "failed"};
    static_assert(std::size(names) == SLUICE_FAILED + 1);
    return status < std::size(names) ? names[status] : fmt::format("status {}", status);
}

std::string clean_text(std::string_view text) {
    std::string cleaned(text);
    const bool utf8 = simdjson::validate_utf8(cleaned.data(), cleaned.size());
    for (char& c : cleaned) {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20 || code == 0x7f) c = ' ';
        if (!utf8 && code >= 0x80) c = '?';
    }
    return cleaned;
}

std::string FaultBuffer::text() const {
    // The plugin may have moved `text` or lied about `text_size`: only our own buffer is read.
    return clean_text({bytes_.data(), std::min<std::size_t>(fault_.text_size, bytes_.size())});
}

Error FaultBuffer::error(sluice_status status) const {
    std::string said = text();
    return {error_kind(status), said.empty() ? status_name(status) : fmt::format("{}: {}", status_name(status), said)};
}

}  // namespace sluice
