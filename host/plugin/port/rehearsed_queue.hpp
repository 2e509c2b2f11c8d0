// Stands between the host and a queue whose messages are only tried: nothing is settled, nothing published.
//
// A source polls as ever. What the host settles is kept here and given back when the source is closed, if the source can take
// messages back; if not, it is left unsettled. A target is created, so that its options are checked, and never opened.
//
// Threads      as QueuePort says.
// Ownership    owns the queue behind it.
// Limits       8 bytes per settled message, of which there are no more than asked for and what is in flight then.
#pragma once

#include <cstdint>
#include <memory>

#include "plugin/port/queue_port.hpp"

namespace sluice {

// After `messages_max` settled messages the source says that it has ended; or after fewer, where it lets no more be in flight.
std::unique_ptr<QueuePort> rehearse_source(std::unique_ptr<QueuePort> source, std::uint64_t messages_max);
std::unique_ptr<QueuePort> rehearse_target(std::unique_ptr<QueuePort> target);

}  // namespace sluice
