#include "source/source_gates.hpp"

#include <algorithm>
#include <string_view>

#include "core/limits.hpp"

namespace sluice {
namespace {

// `is_shut`: is it shut now?
template <typename IsShut>
PollGate gate(std::string_view reason, IsShut is_shut, bool shuts_replays = false) {
    return {.reason = reason,
            .bound = [is_shut](PollAllowance& allowance) { allowance.shut_if(is_shut()); },
            .shuts_replays = shuts_replays};
}

// `due_ns`: when it may open by itself.
template <typename IsShut, typename DueNs>
PollGate timed_gate(std::string_view reason, IsShut is_shut, DueNs due_ns) {
    PollGate made = gate(reason, is_shut);
    made.due_ns = due_ns;
    return made;
}

void bound(std::uint64_t& what, std::uint64_t by) {
    what = std::min(what, by);
}

PollGate memory_gate(const GatedSource& source) {
    return {.reason = "memory_limit", .bound = [source](PollAllowance& allowance) {
                const std::uint64_t bytes = source.memory->may_poll(source.store.live() + source.replay.live() == 0);
                bound(allowance.bytes, bytes);
                allowance.shut_if(bytes == 0);
            }};
}

PollGate room_gate(const GatedSource& source) {
    return {.reason = "a queue is full",
            .bound =
                [source](PollAllowance& allowance) {
                    const BoundedQueue::Room room = source.dispatcher->room();
                    bound(allowance.messages, room.messages);
                    bound(allowance.bytes, room.bytes);
                },
            .shuts_replays = true};
}

PollGate in_flight_gate(const GatedSource& source) {
    return {.reason = "too many messages are in flight", .bound = [source](PollAllowance& allowance) {
                const auto left = [](std::uint64_t in_flight, std::uint64_t max) {
                    return in_flight < max ? max - in_flight : 0;
                };
                bound(allowance.messages, left(source.store.live(), source.in_flight_max));
                if (source.source_in_flight_max != 0)
                    bound(allowance.messages, left(source.settlement.in_flight(), source.source_in_flight_max));
            }};
}

}  // namespace

// What ends or stops a source comes first: it outlasts the rest.
void add_gates(PollGates& gates, const GatedSource& source) {
    const auto again_ns = [source] { return source.poller.again_ns(); };

    gates.add(gate(
        "it cannot go on", [source] { return source.failing.load(std::memory_order_relaxed); }, true));
    gates.add(gate(
        "the host stops", [source] { return source.stopped; }, true));
    gates.add(gate("it is at its end", [source] { return source.poller.is_over(); }));
    gates.add(gate(
        "a reload", [source] { return !source.pool_switch.lets_poll(); }, true));
    gates.add(timed_gate(
        "it is unreachable", [source] { return source.poller.is_unreachable(source.now_ns); }, again_ns));
    gates.add(timed_gate(
        "it is empty, and so are those that feed it", [source] { return source.poller.waits_for_feeders(source.now_ns); },
        again_ns));
    gates.add(timed_gate(
        "dead_letters.max_rate", [source] { return source.dead_letter_pause.on(); },
        [source] { return source.dead_letter_pause.due_ns(); }));
    if (source.memory != nullptr) gates.add(memory_gate(source));
    gates.add(room_gate(source));
    gates.add(in_flight_gate(source));
    gates.add(gate("it has not confirmed what it was told",
                   [source] { return source.settlement.in_flight() > limits::unconfirmed_max; }));
}

}  // namespace sluice
