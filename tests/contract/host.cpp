#include "host.hpp"

#include <chrono>

namespace sluice::contract {

Host::Host(const Folder& folder, std::uint32_t role, Options options, Sizes sizes, bool has_state_dir)
    : role_(role),
      options_(FakeValue::map(std::move(options))),
      sizes_(std::move(sizes)),
      state_dir_(folder / "state"),
      api_(services(), sizes_),
      options_api_(*FakeValue::api(), sizes_) {
    if (has_state_dir) std::filesystem::create_directories(state_dir_);
}

Answer Host::create(const std::function<sluice_status(const sluice_setup*, sluice_fault*)>& call) {
    sluice_setup given{};
    given.role = role_;
    given.name = bytes("contract.test");
    given.identity = bytes("contract");
    given.api = api_.get();
    given.host = reinterpret_cast<sluice_host*>(this);
    given.options_api = options_api_.get();
    given.options = options_.node();
    given.workers = 1;
    const Sized<sluice_setup> setup(given, sizes_);
    return ask(sizes_, [&](sluice_fault* fault) { return call(setup.get(), fault); });
}

sluice_host_api Host::services() {
    sluice_host_api api{};
    api.log_enabled = [](sluice_host*, std::uint32_t) noexcept { return 1u; };
    api.log = [](sluice_host* host, std::uint32_t, sluice_bytes text) noexcept {
        const std::lock_guard lock(of(host).mutex_);
        of(host).log_.emplace_back(view(text));
    };
    api.state_dir = [](sluice_host* host) noexcept { return bytes(of(host).state_dir_); };
    api.now_ms = [](sluice_host*) noexcept {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return std::int64_t{std::chrono::duration_cast<Milliseconds>(now).count()};
    };
    api.extension = [](sluice_host*, sluice_bytes) noexcept -> const void* { return nullptr; };
    api.instance = [](sluice_host*) noexcept { return bytes("contract-1-00000000"); };
    return api;
}

}  // namespace sluice::contract
