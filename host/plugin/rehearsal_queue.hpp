// Stands between the host and a queue whose messages are only tried: nothing is settled, nothing published.
//
// A source polls as ever. What the host settles is kept here and given back when the source is closed, if the source can take
// messages back; if not, it is left unsettled. A target is created, so that its options are checked, and never opened.
//
// Threads      as the table's functions say.
// Ownership    owns the instance behind it; is itself owned by the instance that it answers.
// Limits       8 bytes a settled message, of which there are no more than asked for and what is in flight then.
#pragma once

#include <cstdint>

#include "plugin/instance.hpp"

namespace sluice {

// After `messages_max` settled messages the source says that it has ended.
QueueInstance rehearse_source(QueueInstance source, std::uint64_t messages_max);
QueueInstance rehearse_target(QueueInstance target);

}  // namespace sluice
