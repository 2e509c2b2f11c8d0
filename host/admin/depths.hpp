// `queues`: how full each queue is that can tell.
#pragma once

#include "admin/queues.hpp"
#include "admin/socket/conversation.hpp"
#include "core/clock.hpp"

namespace sluice {

// Says a line for each queue: {"role":"source","name":"orders","ready":3,…,"oldest_ms":1700000000000}, of those that cannot
// tell {"role":…,"name":…} with "error" if they failed. `queues` and `clock` outlive it.
Verb depths_verb(Queues& queues, const Clock& clock);

}  // namespace sluice
