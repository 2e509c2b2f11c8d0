#include "patience.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::sqlite {
namespace {

using namespace std::chrono_literals;

// The steps of SQLite's own busy handler: short ones first, since most locks are.
constexpr std::array<std::int64_t, 12> delays_ms{1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
constexpr std::int64_t long_ms = 1'000;  // a wait that is worth a line
constexpr auto say_every = 60s;

std::int64_t delay_ms(int times) {
    return delays_ms[std::min(static_cast<std::size_t>(times), delays_ms.size() - 1)];
}

std::int64_t waited_ms(int times) {
    std::int64_t sum = 0;
    for (int i = 0; i < std::min(times, static_cast<int>(delays_ms.size())); ++i) sum += delay_ms(i);
    return sum + std::max(times - static_cast<int>(delays_ms.size()), 0) * delays_ms.back();
}

}  // namespace

Patience::Patience(std::string path, std::chrono::milliseconds busy_timeout, Log log)
    : path_(std::move(path)),
      log_(log),
      busy_timeout_ms_(busy_timeout.count()) {}

void Patience::apply_to(sqlite3* handle) {
    sqlite3_busy_handler(
        handle, [](void* self, int times) { return static_cast<Patience*>(self)->wait_for_lock(times); }, this);
    sqlite3_progress_handler(
        handle, look_every, [](void* self) { return static_cast<int>(static_cast<Patience*>(self)->is_over()); }, this);
}

void Patience::be_at_least(std::chrono::milliseconds busy_timeout) {
    std::int64_t known = busy_timeout_ms_.load(std::memory_order_relaxed);
    while (known < busy_timeout.count() &&
           !busy_timeout_ms_.compare_exchange_weak(known, busy_timeout.count(), std::memory_order_relaxed)) {
    }
}

void Patience::end() {
    const std::lock_guard lock(mutex_);  // whoever looks under it and waits is woken
    is_over_.store(true, std::memory_order_relaxed);
    ended_.notify_all();
    if (on_end_) on_end_();
}

void Patience::on_end(std::function<void()> ended) {
    const std::lock_guard lock(mutex_);
    on_end_ = std::move(ended);
}

int Patience::wait_for_lock(int times) {
    const std::int64_t waited = waited_ms(times);
    const std::int64_t wait = std::min(delay_ms(times), busy_timeout().count() - waited);
    if (wait <= 0) return 0;
    std::unique_lock lock(mutex_);
    if (waited < long_ms && waited + wait >= long_ms) say();
    return ended_.wait_for(lock, std::chrono::milliseconds(wait), [this] { return is_over(); }) ? 0 : 1;
}

// Under the lock; now and then only, since whoever meets a lock meets it again.
void Patience::say() {
    const auto now = std::chrono::steady_clock::now();
    if (said_ != std::chrono::steady_clock::time_point() && now - said_ < say_every) return;
    said_ = now;
    log_.warn("another program has locked \"", path_, "\": waits for it up to ", busy_timeout().count(),
              " ms (`busy_timeout`) at a time");
}

}  // namespace sluice::sqlite
