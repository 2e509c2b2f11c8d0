// One worker's connection to one database.
//
// Threads      open, close: main. The rest: whoever runs the worker. The end of a commit arrives on any thread and is handed
//              to `ended`.
// Ownership    owns the connection to the database, which outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "plugin/port/database_port.hpp"
#include "unit/circuit.hpp"

namespace sluice {

// A database as the pools see it.
struct Database {
    std::unique_ptr<DatabasePort> port;
    std::unique_ptr<Circuit> circuit;
};

class Connection {
public:
    using Ended = ConnectionPort::Ended;

    Connection(const Database& database, std::uint32_t number, Ended& ended)
        : database_(database),
          number_(number),
          ended_(ended) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Does nothing if it is open already.
    Result<void> open();
    void close() { port_.reset(); }

    std::uint32_t number() const { return number_; }  // the configured database's
    DatabasePort& database() const { return *database_.port; }
    // Only while it is open.
    ConnectionPort& port() const { return *port_; }
    Circuit& circuit() const { return *database_.circuit; }
    // What the adapter answered to a call of a unit: that it is unreachable, or has failed permanently, is passed on to the
    // circuit.
    void note(sluice_status status, std::string_view text) const;

private:
    const Database& database_;
    const std::uint32_t number_;
    Ended& ended_;
    std::unique_ptr<ConnectionPort> port_;  // NULL: not open
};

}  // namespace sluice
