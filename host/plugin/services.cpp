#include "plugin/services.hpp"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <functional>
#include <new>
#include <random>

#include "core/bytes.hpp"
#include "core/private_files.hpp"
#include "core/whole.hpp"
#include "plugin/fault.hpp"

namespace {

sluice_status unsupported(sluice_fault* fault, std::string_view service) {
    const std::string text = "this kind of component has no service `" + std::string(service) + "`";
    return sluice_fault_set(fault, SLUICE_UNSUPPORTED, text.data(), text.size());
}

}  // namespace

const std::string& sluice_host::state_dir() {
    std::call_once(state_dir_made_, [this] {
        if (creates_state_dir_ && !sluice::make_private_folders(state_dir_))
            logger_.error("cannot create the state directory {}: {}; check its parent's permissions", state_dir_.string(),
                          std::strerror(errno));
        else
            state_dir_text_ = state_dir_.string();
    });
    return state_dir_text_;
}

sluice_status sluice_host::database(sluice_bytes, uint32_t*, sluice_fault* fault) {
    return unsupported(fault, "database");
}
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
sluice_status sluice_host::target(sluice_bytes, uint32_t*, sluice_fault* fault) {
    return unsupported(fault, "target");
}
sluice_status sluice_host::publish(sluice_ticket, uint32_t, const sluice_outgoing*, sluice_fault* fault) {
    return unsupported(fault, "publish");
}
uint32_t sluice_host::cancelled(sluice_ticket) {
    return 0;
}
int64_t sluice_host::deadline_ms(sluice_ticket) {
    return 0;
}
sluice_status sluice_host::complete(sluice_ticket, const sluice_ending&) {
    return SLUICE_UNSUPPORTED;
}
sluice_status sluice_host::resume(sluice_ticket, uint64_t) {
    return SLUICE_UNSUPPORTED;
}
sluice_status sluice_host::describe(uint32_t, uint32_t, sluice_statement*, sluice_fault* fault) {
    return unsupported(fault, "describe");
}
sluice_status sluice_host::json(sluice_ticket, sluice_bytes, sluice_json*, sluice_fault* fault) {
    return unsupported(fault, "json");
}
sluice_status sluice_host::metric(const sluice_metric&, uint32_t*, sluice_fault* fault) {
    return unsupported(fault, "metric");
}
void sluice_host::measure(uint32_t, int64_t) {}
sluice_status sluice_host::work_done(sluice_ticket, uint64_t) {
    return SLUICE_UNSUPPORTED;
}

namespace sluice {
namespace {

// Runs a service that answers a status. A NULL host is a plugin's mistake that costs it the answer, not the process.
template <typename Service>
sluice_status served(sluice_host* host, sluice_fault* fault, Service&& service) noexcept {
    if (host == nullptr) return SLUICE_CONTRACT;
    try {
        return service(*host);
    } catch (const std::bad_alloc&) {
        return set_fault(fault, SLUICE_UNAVAILABLE, "the host is out of memory");
    } catch (const std::exception& thrown) {
        return set_fault(fault, SLUICE_UNAVAILABLE, thrown.what());
    } catch (...) {
        return set_fault(fault, SLUICE_UNAVAILABLE, "the host could not do it and does not say why");
    }
}

// The same for one that answers something else.
template <typename Answer, typename Service>
Answer answered(sluice_host* host, Answer otherwise, Service&& service) noexcept {
    if (host == nullptr) return otherwise;
    try {
        return service(*host);
    } catch (...) {
        return otherwise;
    }
}

void write_log(sluice_host& host, std::uint32_t level, sluice_bytes text) {
    const auto known = static_cast<LogLevel>(level <= SLUICE_LOG_ERROR ? level : SLUICE_LOG_ERROR);
    if (host.logger().enabled(known)) host.logger().write(known, view_of(text));
}

constexpr sluice_host_api api = {
    .struct_size = sizeof(sluice_host_api),
    .reserved = 0,
    .log_enabled = [](sluice_host* host, uint32_t level) noexcept -> uint32_t {
        return answered(host, 0u, [&](sluice_host& its) -> uint32_t {
            return level <= SLUICE_LOG_ERROR && its.logger().enabled(static_cast<LogLevel>(level));
        });
    },
    .log =
        [](sluice_host* host, uint32_t level, sluice_bytes text) noexcept {
            answered(host, false, [&](sluice_host& its) { return write_log(its, level, text), true; });
        },
    .state_dir = [](sluice_host* host) noexcept -> sluice_bytes {
        return answered(host, sluice_bytes{nullptr, 0}, [](sluice_host& its) -> sluice_bytes {
            const std::string& path = its.state_dir();
            return {path.data(), path.size()};
        });
    },
    .now_ms = [](sluice_host* host) noexcept -> int64_t {
        return answered(host, int64_t{0}, [](sluice_host& its) { return its.clock().wall_ms(); });
    },
    .database = [](sluice_host* host, sluice_bytes name, uint32_t* database, sluice_fault* fault) noexcept -> sluice_status {
        return served(host, fault, [&](sluice_host& its) { return its.database(name, database, fault); });
    },
    .prepare = [](sluice_host* host, uint32_t database, sluice_bytes sql, uint32_t* statement,
                  sluice_fault* fault) noexcept -> sluice_status {
        return served(host, fault, [&](sluice_host& its) { return its.prepare(database, sql, statement, fault); });
    },
    .execute = [](sluice_host* host, sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                  uint32_t count, sluice_fault* fault) noexcept -> sluice_status {
        return served(host, fault,
                      [&](sluice_host& its) { return its.execute(ticket, database, statement, values, count, fault); });
    },
    .query = [](sluice_host* host, sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                uint32_t count, const sluice_row_sink* sink, sluice_fault* fault) noexcept -> sluice_status {
        return served(host, fault,
                      [&](sluice_host& its) { return its.query(ticket, database, statement, values, count, sink, fault); });
    },
    .target = [](sluice_host* host, sluice_bytes name, uint32_t* target, sluice_fault* fault) noexcept -> sluice_status {
        return served(host, fault, [&](sluice_host& its) { return its.target(name, target, fault); });
    },
    .publish = [](sluice_host* host, sluice_ticket ticket, uint32_t target, const sluice_outgoing* message,
                  sluice_fault* fault) noexcept -> sluice_status {
        if (message == nullptr) return SLUICE_CONTRACT;
        return served(host, fault, [&](sluice_host& its) {
            return with_whole(*message, [&](const sluice_outgoing& all) { return its.publish(ticket, target, &all, fault); });
        });
    },
    .cancelled = [](sluice_host* host, sluice_ticket ticket) noexcept -> uint32_t {
        return answered(host, 1u, [&](sluice_host& its) { return its.cancelled(ticket); });
    },
    .extension = [](sluice_host*, sluice_bytes) noexcept -> const void* { return nullptr; },
    .deadline_ms = [](sluice_host* host, sluice_ticket ticket) noexcept -> int64_t {
        return answered(host, int64_t{0}, [&](sluice_host& its) { return its.deadline_ms(ticket); });
    },
    .complete = [](sluice_host* host, sluice_ticket ticket, const sluice_ending* ending) noexcept -> sluice_status {
        if (ending == nullptr) return SLUICE_CONTRACT;
        return served(host, nullptr, [&](sluice_host& its) {
            return with_whole(*ending, [&](const sluice_ending& all) { return its.complete(ticket, all); });
        });
    },
    .resume = [](sluice_host* host, sluice_ticket ticket, uint64_t cookie) noexcept -> sluice_status {
        return served(host, nullptr, [&](sluice_host& its) { return its.resume(ticket, cookie); });
    },
    .describe = [](sluice_host* host, uint32_t database, uint32_t statement, sluice_statement* description,
                   sluice_fault* fault) noexcept -> sluice_status {
        if (description == nullptr) return SLUICE_CONTRACT;
        return served(host, fault, [&](sluice_host& its) { return its.describe(database, statement, description, fault); });
    },
    .json = [](sluice_host* host, sluice_ticket ticket, sluice_bytes pointer, sluice_json* value,
               sluice_fault* fault) noexcept -> sluice_status {
        if (value == nullptr) return SLUICE_CONTRACT;
        return served(host, fault, [&](sluice_host& its) { return its.json(ticket, pointer, value, fault); });
    },
    .instance = [](sluice_host* host) noexcept -> sluice_bytes {
        return answered(host, sluice_bytes{nullptr, 0}, [](sluice_host&) -> sluice_bytes {
            const std::string& name = instance_name();
            return {name.data(), name.size()};
        });
    },
    .metric = [](sluice_host* host, const sluice_metric* metric, uint32_t* number,
                 sluice_fault* fault) noexcept -> sluice_status {
        if (metric == nullptr || number == nullptr) return SLUICE_CONTRACT;
        return served(host, fault, [&](sluice_host& its) {
            return with_whole(*metric, [&](const sluice_metric& all) { return its.metric(all, number, fault); });
        });
    },
    .measure =
        [](sluice_host* host, uint32_t number, int64_t value) noexcept {
            if (host != nullptr) host->measure(number, value);
        },
    .work_done = [](sluice_host* host, sluice_ticket ticket, uint64_t n) noexcept -> sluice_status {
        return served(host, nullptr, [&](sluice_host& its) { return its.work_done(ticket, n); });
    },
};

// Names of consumers are stricter than names of hosts: NATS, for one, takes no dots.
std::string make_instance_name() {
    constexpr std::size_t host_name_most = 40;
    char host_name[256] = {};
    if (::gethostname(host_name, sizeof host_name - 1) != 0) host_name[0] = '\0';
    std::string name = std::string(host_name).substr(0, host_name_most);
    const auto is_plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    std::ranges::replace_if(name, std::not_fn(is_plain), '-');
    if (name.empty()) name = "host";
    std::uint32_t random = 0;  // host and process alone come again, in containers above all
    if (::getrandom(&random, sizeof random, 0) != sizeof random) random = std::random_device()();
    return fmt::format("{}-{}-{:08x}", name, ::getpid(), random);
}

}  // namespace

const std::string& instance_name() {
    static const std::string name = make_instance_name();
    return name;
}

const sluice_host_api& host_api() {
    return api;
}

}  // namespace sluice
