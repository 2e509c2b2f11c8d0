#include "unit/publishable.hpp"

#include <fmt/format.h>

#include "core/limits.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

std::uint64_t bytes_of(const sluice_outgoing& message) {
    std::uint64_t bytes = message.body.size + message.key.size + message.id.size;
    for (std::uint32_t i = 0; i < message.header_count; ++i)
        bytes += message.headers[i].name.size + message.headers[i].value.size;
    return bytes;
}

}  // namespace

std::string why_not_publishable(const sluice_outgoing& message, const std::string& target, std::uint64_t bytes_max) {
    if (message.body.size > limits::message_bytes_max || message.header_count > limits::headers_max)
        return fmt::format("a published message may have at most {} headers and a body of {} MiB", limits::headers_max,
                           limits::message_bytes_max >> 20);
    if (message.delay_ms > limits::retry_delay_ms_max)
        return "a published message may be delayed by at most " + format_duration(limits::retry_delay_ms_max);
    if (bytes_max == 0) return {};
    if (const std::uint64_t bytes = bytes_of(message); bytes > bytes_max)
        return fmt::format("target \"{}\" takes messages of at most {} bytes (body, key, id and headers), and this one has {}",
                           target, bytes_max, bytes);
    return {};
}

}  // namespace sluice
