// One worker's connection to one database.
//
// Threads      open, close: control. The rest: whoever runs the worker. The end of a commit arrives on any thread and is handed to
//              `ended`.
// Ownership    owns the plugin's connection; the database instance outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/error.hpp"
#include "plugin/instance.hpp"
#include "work/circuit.hpp"

namespace sluice {

// A database as the pools see it.
struct Database {
    DatabaseInstance instance;
    std::unique_ptr<Circuit> circuit;
    bool deduplicates = false;

    // [any] Nobody waits for it any more: calls that are under way end, if the adapter can be told so.
    void interrupt() const {
        if (instance.table().interrupt != nullptr)
            fenced({instance.part(), "interrupt"}, [&] { instance.table().interrupt(instance.self()); });
    }
};

class Connection {
public:
    // [any] The end of a submitted unit; what it points to lives until it returns.
    class Ended {
    public:
        virtual ~Ended() = default;
        virtual void committed(std::uint64_t token, sluice_status status, const sluice_commit_result* results, std::uint64_t count,
                               sluice_bytes text) = 0;
    };

    Connection(const Database& database, std::uint32_t number, Ended& ended);
    ~Connection() { close(); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Does nothing if it is open already.
    Result<void> open();
    void close();

    std::uint32_t number() const { return number_; }  // the configured database's
    bool deduplicates() const { return database_.deduplicates; }
    const sluice_database& table() const { return database_.instance.table(); }
    void* self() const { return connection_; }
    const PluginPart* part() const { return database_.instance.part(); }
    // What server and database, or file, it is connected to; empty: nobody else can be.
    std::string_view resource() const;
    void* database_self() const { return database_.instance.self(); }
    Circuit& circuit() const { return *database_.circuit; }
    // What the adapter answered to a call of a unit: that it is away, or will never be there, is passed on to the circuit.
    void note(sluice_status status, std::string_view text) const;

private:
    const Database& database_;
    const std::uint32_t number_;
    sluice_database_sink sink_{};
    void* connection_ = nullptr;
};

}  // namespace sluice
