// The host's services as a table without holes: what this host lacks answers SLUICE_UNSUPPORTED with a sentence, so that no
// plugin ever calls NULL, and the code behind it needs no checks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstring>

#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk::detail {

namespace missing {

inline sluice_status say(sluice_fault* fault, std::string_view what) noexcept {
    return detail::say(fault, SLUICE_UNSUPPORTED, what);
}

inline std::uint32_t log_enabled(sluice_host*, std::uint32_t) noexcept {
    return 0;
}
inline void log(sluice_host*, std::uint32_t, sluice_bytes) noexcept {}
inline sluice_bytes state_dir(sluice_host*) noexcept {
    return {nullptr, 0};
}
inline std::int64_t now_ms(sluice_host*) noexcept {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}
inline sluice_status database(sluice_host*, sluice_bytes, std::uint32_t*, sluice_fault* fault) noexcept {
    return say(fault, "this host offers no databases to this component");
}
inline sluice_status prepare(sluice_host*, std::uint32_t, sluice_bytes, std::uint32_t*, sluice_fault* fault) noexcept {
    return say(fault, "this host offers no databases to this component");
}
inline sluice_status execute(sluice_host*, sluice_ticket, std::uint32_t, std::uint32_t, const sluice_value*, std::uint32_t,
                             sluice_fault* fault) noexcept {
    return say(fault, "this host offers no databases to this component");
}
inline sluice_status query(sluice_host*, sluice_ticket, std::uint32_t, std::uint32_t, const sluice_value*, std::uint32_t,
                           const sluice_row_sink*, sluice_fault* fault) noexcept {
    return say(fault, "this host offers no queries to this component");
}
inline sluice_status target(sluice_host*, sluice_bytes, std::uint32_t*, sluice_fault* fault) noexcept {
    return say(fault, "this host offers no publishing to this component");
}
inline sluice_status publish(sluice_host*, sluice_ticket, std::uint32_t, const sluice_outgoing*, sluice_fault* fault) noexcept {
    return say(fault, "this host offers no publishing to this component");
}
inline std::uint32_t cancelled(sluice_host*, sluice_ticket) noexcept {
    return 0;
}
inline const void* extension(sluice_host*, sluice_bytes) noexcept {
    return nullptr;
}
inline std::int64_t deadline_ms(sluice_host*, sluice_ticket) noexcept {
    return 0;
}
inline sluice_status complete(sluice_host*, sluice_ticket, const sluice_ending*) noexcept {
    return SLUICE_UNSUPPORTED;
}
inline sluice_status resume(sluice_host*, sluice_ticket, std::uint64_t) noexcept {
    return SLUICE_UNSUPPORTED;
}

inline sluice_status describe(sluice_host*, std::uint32_t, std::uint32_t, sluice_statement*, sluice_fault*) noexcept {
    return SLUICE_UNSUPPORTED;
}
inline sluice_status json(sluice_host*, sluice_ticket, sluice_bytes, sluice_json*, sluice_fault* fault) noexcept {
    return say(fault, "this host does not read JSON for a handler: update it, or bring a parser");
}
inline sluice_bytes instance(sluice_host*) noexcept {
    return {nullptr, 0};
}
inline sluice_status metric(sluice_host*, const sluice_metric*, std::uint32_t*, sluice_fault*) noexcept {
    return SLUICE_UNSUPPORTED;
}
inline void measure(sluice_host*, std::uint32_t, std::int64_t) noexcept {}
inline sluice_status work_done(sluice_host*, sluice_ticket, std::uint64_t) noexcept {
    return SLUICE_UNSUPPORTED;
}

}  // namespace missing

// Constant after construction.
struct Services {
    sluice_host_api api{};
    sluice_host* host;

    Services(const sluice_host_api* offered, sluice_host* its_host) : host(its_host) {
        if (offered != nullptr) std::memcpy(&api, offered, std::min<std::size_t>(offered->struct_size, sizeof api));
        api.struct_size = sizeof api;
        fill(api.log_enabled, missing::log_enabled);
        fill(api.log, missing::log);
        fill(api.state_dir, missing::state_dir);
        fill(api.now_ms, missing::now_ms);
        fill(api.database, missing::database);
        fill(api.prepare, missing::prepare);
        fill(api.execute, missing::execute);
        fill(api.query, missing::query);
        fill(api.target, missing::target);
        fill(api.publish, missing::publish);
        fill(api.cancelled, missing::cancelled);
        fill(api.extension, missing::extension);
        fill(api.deadline_ms, missing::deadline_ms);
        fill(api.complete, missing::complete);
        fill(api.resume, missing::resume);
        fill(api.describe, missing::describe);
        fill(api.json, missing::json);
        fill(api.instance, missing::instance);
        fill(api.metric, missing::metric);
        fill(api.measure, missing::measure);
        fill(api.work_done, missing::work_done);
    }

    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

private:
    template <typename Function, typename Fallback>
    static void fill(Function& offered, Fallback fallback) {
        if (offered == nullptr) offered = fallback;
    }
};

}  // namespace sluice::inline sdk::detail
