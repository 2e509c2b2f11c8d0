#include "plugin/services.hpp"

#include <cerrno>
#include <cstring>

#include "core/private_files.hpp"

namespace {

sluice_status unsupported(sluice_fault* fault, std::string_view service) {
    const std::string text = "this kind of component has no service `" + std::string(service) + "`";
    return sluice_fault_set(fault, SLUICE_UNSUPPORTED, text.data(), text.size());
}

std::string_view view(sluice_bytes bytes) { return {bytes.data, bytes.size}; }

}  // namespace

const std::string& sluice_host::state_dir() {
    std::call_once(state_dir_made_, [this] {
        if (!sluice::make_private_folders(state_dir_))
            logger_.error("cannot create the state directory {}: {}; check its parent's permissions", state_dir_.string(),
                          std::strerror(errno));
        else
            state_dir_text_ = state_dir_.string();
    });
    return state_dir_text_;
}

sluice_status sluice_host::database(sluice_bytes, uint32_t*, sluice_fault* fault) { return unsupported(fault, "database"); }
sluice_status sluice_host::prepare(uint32_t, sluice_bytes, uint32_t*, sluice_fault* fault) {
    return unsupported(fault, "prepare");
}
sluice_status sluice_host::execute(sluice_ticket, uint32_t, uint32_t, const sluice_value*, uint32_t, sluice_fault* fault) {
    return unsupported(fault, "execute");
}
sluice_status sluice_host::query(sluice_ticket, uint32_t, uint32_t, const sluice_value*, uint32_t, const sluice_row_sink*,
                                 sluice_fault* fault) {
    return unsupported(fault, "query");
}
sluice_status sluice_host::target(sluice_bytes, uint32_t*, sluice_fault* fault) { return unsupported(fault, "target"); }
sluice_status sluice_host::publish(sluice_ticket, uint32_t, const sluice_outgoing*, sluice_fault* fault) {
    return unsupported(fault, "publish");
}
uint32_t sluice_host::cancelled(sluice_ticket) { return 0; }
int64_t sluice_host::deadline_ms(sluice_ticket) { return 0; }
sluice_status sluice_host::complete(sluice_ticket, uint32_t, const sluice_fault*) { return SLUICE_UNSUPPORTED; }
sluice_status sluice_host::resume(sluice_ticket, uint64_t) { return SLUICE_UNSUPPORTED; }

namespace sluice {
namespace {

// A NULL host is a plugin's mistake that costs it the answer, not the process.
constexpr sluice_host_api api = {
    .struct_size = sizeof(sluice_host_api),
    .reserved = 0,
    .log_enabled =
        [](sluice_host* host, uint32_t level) -> uint32_t {
        return host != nullptr && level <= SLUICE_LOG_ERROR && host->logger().enabled(static_cast<LogLevel>(level));
    },
    .log =
        [](sluice_host* host, uint32_t level, sluice_bytes text) {
            if (host == nullptr) return;
            const auto known = static_cast<LogLevel>(level <= SLUICE_LOG_ERROR ? level : SLUICE_LOG_ERROR);
            if (host->logger().enabled(known)) host->logger().write(known, view(text));
        },
    .state_dir =
        [](sluice_host* host) -> sluice_bytes {
        if (host == nullptr) return {nullptr, 0};
        const std::string& path = host->state_dir();
        return {path.data(), path.size()};
    },
    .now_ms = [](sluice_host* host) -> int64_t { return host == nullptr ? 0 : host->clock().wall_ms(); },
    .database = [](sluice_host* host, sluice_bytes name, uint32_t* database, sluice_fault* fault) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->database(name, database, fault);
    },
    .prepare = [](sluice_host* host, uint32_t database, sluice_bytes sql, uint32_t* statement,
                  sluice_fault* fault) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->prepare(database, sql, statement, fault);
    },
    .execute = [](sluice_host* host, sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                  uint32_t count, sluice_fault* fault) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->execute(ticket, database, statement, values, count, fault);
    },
    .query = [](sluice_host* host, sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->query(ticket, database, statement, values, count, sink, fault);
    },
    .target = [](sluice_host* host, sluice_bytes name, uint32_t* target, sluice_fault* fault) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->target(name, target, fault);
    },
    .publish = [](sluice_host* host, sluice_ticket ticket, uint32_t target, const sluice_outgoing* message,
                  sluice_fault* fault) -> sluice_status {
        return host == nullptr || message == nullptr ? SLUICE_CONTRACT : host->publish(ticket, target, message, fault);
    },
    .cancelled = [](sluice_host* host, sluice_ticket ticket) -> uint32_t {
        return host == nullptr ? 1 : host->cancelled(ticket);
    },
    .extension = [](sluice_host*, sluice_bytes) -> const void* { return nullptr; },
    .deadline_ms = [](sluice_host* host, sluice_ticket ticket) -> int64_t {
        return host == nullptr ? 0 : host->deadline_ms(ticket);
    },
    .complete = [](sluice_host* host, sluice_ticket ticket, uint32_t verdict, const sluice_fault* fault) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->complete(ticket, verdict, fault);
    },
    .resume = [](sluice_host* host, sluice_ticket ticket, uint64_t cookie) -> sluice_status {
        return host == nullptr ? SLUICE_CONTRACT : host->resume(ticket, cookie);
    },
};

}  // namespace

const sluice_host_api& host_api() { return api; }

}  // namespace sluice
