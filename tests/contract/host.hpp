// The host as an instance sees it: its services, and what create() receives.
//
// Threads    services: any. The rest: the test's.
// Ownership  outlives the instance. The setup itself is gone once create() has returned, as the ABI has it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine.hpp"
#include "sized.hpp"

namespace sluice::contract {

class Host {
public:
    // `role`: SLUICE_ROLE_. The state directory is there unless the instance is only probed.
    Host(const Folder& folder, std::uint32_t role, Options options, Sizes sizes, bool has_state_dir = true);
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    const Sizes& sizes() const { return sizes_; }
    // Calls create with a setup that ends with the call.
    Answer create(const std::function<sluice_status(const sluice_setup*, sluice_fault*)>& call);

    std::vector<std::string> log() const {
        const std::lock_guard lock(mutex_);
        return log_;
    }

private:
    static Host& of(sluice_host* host) { return *reinterpret_cast<Host*>(host); }
    static sluice_host_api services();

    const std::uint32_t role_;
    const FakeValue options_;
    const Sizes sizes_;
    const std::string state_dir_;
    const Sized<sluice_host_api> api_;
    const Sized<sluice_options_api> options_api_;

    mutable std::mutex mutex_;
    std::vector<std::string> log_;  // guarded by mutex_
};

}  // namespace sluice::contract
