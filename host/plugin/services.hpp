// The host's side of one plugin instance: what stands behind `sluice_host*` in the ABI.
//
// The base offers what every kind has (log, state_dir, now); a kind with more derives from it. Whatever a kind does not offer
// answers SLUICE_UNSUPPORTED, with a text.
//
// Threads      as tagged in sluice/host.h; instance_name: any.
// Errors       nothing is thrown into a plugin: what a service throws, for want of memory, is SLUICE_UNAVAILABLE with its text.
// Ownership    outlives the instance it was created for; never moves.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "core/clock.hpp"
#include "observe/logging.hpp"
#include "sluice/host.h"

// The name is the ABI's, so it stands outside the namespace.
struct sluice_host {
public:
    sluice_host(sluice::Logger logger, std::filesystem::path state_dir, const sluice::Clock& clock)
        : logger_(logger),
          state_dir_(std::move(state_dir)),
          clock_(clock) {}
    virtual ~sluice_host() = default;
    sluice_host(const sluice_host&) = delete;
    sluice_host& operator=(const sluice_host&) = delete;

    const sluice::Logger& logger() const { return logger_; }
    const sluice::Clock& clock() const { return clock_; }
    // Creates the folder at the first call; empty if that fails, which is logged.
    const std::string& state_dir();
    // [control] From now on state_dir() only names the folder.
    void create_no_state_dir() { creates_state_dir_ = false; }

    virtual sluice_status database(sluice_bytes name, uint32_t* database, sluice_fault* fault);
    virtual sluice_status prepare(uint32_t database, sluice_bytes sql, uint32_t* statement, sluice_fault* fault);
    virtual sluice_status execute(sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                                  uint32_t count, sluice_fault* fault);
    virtual sluice_status query(sluice_ticket ticket, uint32_t database, uint32_t statement, const sluice_value* values,
                                uint32_t count, const sluice_row_sink* sink, sluice_fault* fault);
    virtual sluice_status target(sluice_bytes name, uint32_t* target, sluice_fault* fault);
    virtual sluice_status publish(sluice_ticket ticket, uint32_t target, const sluice_outgoing* message, sluice_fault* fault);
    virtual uint32_t cancelled(sluice_ticket ticket);
    virtual int64_t deadline_ms(sluice_ticket ticket);
    virtual sluice_status complete(sluice_ticket ticket, const sluice_ending& ending);
    virtual sluice_status resume(sluice_ticket ticket, uint64_t cookie);
    virtual sluice_status describe(uint32_t database, uint32_t statement, sluice_statement* description, sluice_fault* fault);
    virtual sluice_status json(sluice_ticket ticket, sluice_bytes pointer, sluice_json* value, sluice_fault* fault);
    virtual sluice_status metric(const sluice_metric& metric, uint32_t* number, sluice_fault* fault);
    virtual void measure(uint32_t number, int64_t value);
    virtual sluice_status work_done(sluice_ticket ticket, uint64_t n);

private:
    const sluice::Logger logger_;
    const std::filesystem::path state_dir_;
    const sluice::Clock& clock_;
    bool creates_state_dir_ = true;
    std::once_flag state_dir_made_;
    std::string state_dir_text_;
};

namespace sluice {

// What tells this process from every other host, also on other machines and earlier: "HOSTNAME-PID-RANDOM", of letters, digits,
// '-' and '_'. Made at the first call, then constant.
const std::string& instance_name();

// The table every instance gets.
const sluice_host_api& host_api();

}  // namespace sluice
