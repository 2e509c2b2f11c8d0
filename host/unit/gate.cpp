#include "unit/gate.hpp"

#include <algorithm>
#include <utility>

#include "plugin/fault.hpp"

namespace sluice {
namespace {

bool ask(const Connection& connection) {
    FaultBuffer fault;
    const sluice_status status = connection.database().ping(fault.get());
    if (is_for_good(status)) connection.circuit().fail(fault.text());
    connection.circuit().asked(status == SLUICE_OK, fault.text());
    return status == SLUICE_OK;
}

}  // namespace

bool Gate::shut() const {
    return std::any_of(connections_.begin(), connections_.end(), [](const auto& c) { return !c->circuit().closed(); });
}

bool Gate::shut_for_good() const {
    return std::any_of(connections_.begin(), connections_.end(), [](const auto& c) { return c->circuit().failed_for_good(); });
}

bool Gate::pass() {
    return std::all_of(connections_.begin(), connections_.end(), [](const auto& connection) {
        if (connection->circuit().closed()) return true;
        switch (connection->circuit().turn(connection->database().can_ping())) {
            case Circuit::Turn::go:
            case Circuit::Turn::try_: return true;
            case Circuit::Turn::ask: return ask(*connection);
            case Circuit::Turn::wait: return false;
        }
        return false;
    });
}

std::int64_t Gate::wait() {
    for (const auto& connection : connections_) {
        Circuit& circuit = connection->circuit();
        if (circuit.closed()) continue;
        if (waits_at_ != &circuit) leave();
        const std::int64_t until = circuit.wait(*this);
        if (until == 0) continue;
        waits_at_ = &circuit;
        return until;
    }
    return 0;
}

void Gate::note_loss() {
    const auto lost =
        std::find_if(connections_.begin(), connections_.end(), [](const auto& c) { return !c->circuit().closed(); });
    lost_ = lost == connections_.end() ? nullptr : &(*lost)->circuit();
}

void Gate::leave() {
    if (Circuit* circuit = std::exchange(waits_at_, nullptr)) circuit->forget(*this);
}

}  // namespace sluice
