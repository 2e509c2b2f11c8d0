// What control tells a running source thread about its pools, and how far that thread has come with it.
//
//   polling --hold()--> held --all messages are back from the workers--> quiet --go_on()--> polling
//
// Threads      waiting, take, reach: the source thread. The rest: control.
// Ordering     the source thread acts on an order before it answers; what control did before go_on() happens before the source thread
//              polls again, and what the source thread did before `quiet` happens before control sees it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "settle/sliding_rate.hpp"
#include "source/dispatcher.hpp"

namespace sluice {

class SourceOrders {
public:
    enum class Hold : std::uint8_t {
        drain,  // the workers work off what there is
        keep,   // they give it back, and it waits for go_on(): its place in the order is kept
    };
    enum class Stage : std::uint8_t { polling, held, quiet };

    // Where messages go.
    struct Ways {
        SourceRouter router;
        std::vector<Dispatcher::PoolLane> pools;
        std::uint64_t in_flight_max = 0;
    };
    struct Order {
        std::optional<Hold> hold;
        bool go_on = false;
        std::optional<Ways> ways;  // with go_on: others than before
        std::optional<SlidingRate> dead_letter_rate;
    };

    void hold(Hold how) {
        give([&](Order& order) { order.hold = how; });
    }
    void go_on(std::optional<Ways> ways) {
        give([&](Order& order) {
            order.hold.reset();
            order.go_on = true;
            order.ways = std::move(ways);
        });
    }
    void limit_dead_letters(SlidingRate rate) {
        give([&](Order& order) { order.dead_letter_rate = rate; });
    }
    Stage stage() const { return stage_.load(std::memory_order_acquire); }

    // Sequentially consistent: stands between the announcement of a sleep and the sleep (Doorbell).
    bool waiting() const { return given_.load(std::memory_order_seq_cst); }
    Order take() {
        std::lock_guard lock(mutex_);
        given_.store(false, std::memory_order_relaxed);
        return std::exchange(order_, {});
    }
    void reach(Stage stage) { stage_.store(stage, std::memory_order_release); }

private:
    template <typename Change>
    void give(Change&& change) {
        std::lock_guard lock(mutex_);
        change(order_);
        given_.store(true, std::memory_order_seq_cst);
    }

    std::mutex mutex_;
    Order order_;  // guarded by mutex_
    std::atomic<bool> given_{false};
    std::atomic<Stage> stage_{Stage::polling};
};

}  // namespace sluice
