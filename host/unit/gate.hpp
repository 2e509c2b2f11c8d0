// One worker's way past the circuits of the databases that its handler uses.
//
// Threads      whoever runs the worker; the ring comes on any thread.
// Ownership    refers to the connections of the worker's handler, which outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "unit/circuit.hpp"
#include "unit/connection.hpp"

namespace sluice {

class Gate final : private Circuit::Waiter {
public:
    using Connections = std::vector<std::unique_ptr<Connection>>;

    // `wake`: called on any thread when waiting is over.
    Gate(const Connections& connections, std::function<void()> wake) : connections_(connections), wake_(std::move(wake)) {}
    ~Gate() { leave(); }
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    // One of the databases is unreachable: no unit is begun, but by the worker that is to try.
    bool shut() const;
    // One of them has failed permanently.
    bool shut_for_good() const;
    // True if a unit may be begun now. If it is this worker's turn it asks the database, which may take its time.
    bool pass();
    // Notes which database was lost; later, whether the first question after that already found it there.
    void note_loss();
    bool loss_was_spurious() const { return lost_ != nullptr && lost_->was_spurious(); }
    // Until wake(), or the time answered. 0: it is open now.
    std::int64_t wait();

private:
    void ring() override { wake_(); }
    void leave();

    const Connections& connections_;
    const std::function<void()> wake_;
    Circuit* waits_at_ = nullptr;
    const Circuit* lost_ = nullptr;
};

}  // namespace sluice
