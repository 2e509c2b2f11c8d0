// `reload`: the running host reads its configuration again. A line {"line":"…"} for each thing that it says about it; exit
// status 1 if nothing has changed because the configuration, or a change of it, is refused.
#pragma once

#include "admin/socket/control_server.hpp"
#include "reload/reload_requests.hpp"

namespace sluice {

Verb reload_verb(ReloadRequests& requests, std::shared_ptr<Waker> waker);

}  // namespace sluice
