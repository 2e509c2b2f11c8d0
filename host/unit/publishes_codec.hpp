// What one message publishes, as bytes that its database keeps with the message's record until all of it is confirmed.
//
// Layout 1, numbers as unsigned LEB128:
//
//   byte 1   count   count x ( target  body  key  id  delay_ms  headers  headers x ( name  value ) )       text: size, bytes
//
// Targets stand by name: their numbers change with the configuration.
//
// Limits       limits::kept_publishes_bytes; limits::publishes_max publishes of limits::headers_max headers. Whatever bytes are
//              read, nothing beyond them is.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "unit/publishes.hpp"

namespace sluice {

// `name_of`: of a target, by its number. Replaces what is in `out`. False: larger than may be kept.
bool encode_publishes(std::span<const Publishes::Item> items, const std::function<std::string_view(std::uint32_t)>& name_of,
                      std::string& out);

// Calls `take` with each publish, whose views are valid until it returns and which stops the reading with false. True if all
// was read.
bool decode_publishes(std::string_view kept,
                      const std::function<bool(std::string_view target, const sluice_outgoing& outgoing)>& take);

}  // namespace sluice
