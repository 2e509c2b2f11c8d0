#include "app/admin_service.hpp"

#include "admin/depths.hpp"
#include "admin/enqueue.hpp"
#include "app/admin_reload.hpp"
#include "app/admin_why.hpp"

namespace sluice {

AdminService::AdminService(const HostConfig& config, PartDirectory parts, ReloadRequests& reloads, Logging& logging,
                           const Clock& clock)
    : logger_(logging.logger("host")),
      queues_(config, parts, logging, clock),
      server_(logger_, clock),
      dead_letters_(queues_, clock, logger_, server_.waker()) {
    server_.add("queues", depths_verb(queues_, clock));
    server_.add("enqueue", enqueue_verb(queues_, server_.waker()));
    server_.add("reload", reload_verb(reloads, server_.waker()));
    server_.add("why", why_verb(parts, clock, server_.waker()));
    server_.add("dead-letters", dead_letters_.verb());
    server_.add_chore([this] { dead_letters_.go_on(); });
}

void AdminService::open(const std::filesystem::path& state_dir) {
    // Messages do not need it.
    if (const auto listens = server_.listen(state_dir); !listens)
        logger_.warn("{}; the host runs without it", listens.error().message);
    server_.start();
}

bool AdminService::close(std::int64_t deadline_ns) {
    server_.stop();
    return queues_.close(deadline_ns);
}

}  // namespace sluice
