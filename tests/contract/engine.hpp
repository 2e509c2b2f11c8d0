// The engines that the contract is held against. Each stands in a file of its own in engines/, which says how the options are
// made, how a queue is filled, and what the engine promises. Adding an engine is adding such a file:
//
//   const bool added = add(QueueEngine{.name = "spool", .plugin = "spool", .component = "spool", .source = ..., .fill = ...});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "answer.hpp"
#include "folder.hpp"
#include "sluice/sdk/testing_options.hpp"

namespace sluice::contract {

using Options = FakeOptions;
using Bodies = std::vector<std::string>;
// Something that lasts until it is gone: a lock, a server that is paused.
using Guard = std::shared_ptr<void>;

// The number of messages that a source delivers, once it is filled or by itself.
constexpr std::size_t stored = 8;

// A component that is a queue. All of a test happens in one folder, which the options name something in.
struct QueueEngine {
    std::string name;    // of its tests: letters, digits and '_'
    std::string plugin;  // the file: a path, or the name of a plugin of this build
    std::string component;

    // Options are given whole: no default is filled in. Empty: it has no such role.
    std::function<Options(const Folder&)> source{};
    std::function<Options(const Folder&)> target{};
    // Stores these bodies, in order, while no source or one is open. Empty: it makes `stored` messages by itself.
    std::function<void(const Folder&, const Bodies&)> fill{};
    // What the target has stored, as bodies in order; the target is closed. Empty: a source of the same engine reads it.
    std::function<Bodies(const Folder&)> read_back{};

    // ---- what it promises ----
    std::uint64_t capabilities = 0;  // SLUICE_QUEUE_, after create and after open
    bool remembers = true;           // what is confirmed as acked does not come again after the next open
    bool refuses_large = true;       // what the host takes for too large is pushed again as refused
    bool can_be_interrupted = false;
    bool can_list = false;       // depths, list, get and remove
    bool can_delay = false;      // what is published with a delay comes not before that
    bool stores_fields = false;  // key and headers of what is published come back
    bool has_limits = false;     // limits() says how large a message may be
    bool can_be_probed = true;
    bool has_service = false;  // it wants to be called while it is neither polled nor published to
    // The lanes that its messages come by, the first ones in order: those of one follow each other. 0: it has none.
    std::uint32_t lanes = 0;
    bool knows_lost = false;  // what it has taken away is settled with SLUICE_LOST_LEASE, and never SLUICE_STALE

    // ---- how it is brought into trouble; each may be empty ----
    // Makes each open fail until the guard is gone. After create, before anything is filled.
    std::function<Guard(const Folder&)> spoil{};
    // Holds up what it writes until the guard is gone. The engine is filled, and may be open.
    std::function<Guard(const Folder&)> obstruct{};
    // Options of a target that stores no more than so many messages.
    std::function<Options(const Folder&, std::uint64_t)> bounded{};
    // Options of a source whose deliveries have this lease. Empty: they stay with the host.
    std::function<Options(const Folder&, Milliseconds)> leased{};
    // Another host gets the lane, as SLUICE_LANE_ says, when the source is called the next time; or a delivery by its tag. Once
    // the host has answered, both come back soon. With `lanes` both are there.
    std::function<void(const Folder&, std::uint32_t lane, std::uint32_t how)> take_lane{};
    std::function<void(const Folder&, std::uint64_t tag)> take_delivery{};
};

// A component that is a database.
struct DatabaseEngine {
    std::string name;
    std::string plugin;
    std::string component;

    // How it is configured, apart from where.
    struct Wanted {
        std::string setup{};                // SQL to run at open
        Milliseconds patience{far_longer};  // with a lock that another program holds
        bool deduplicates = true;
    };
    std::function<Options(const Folder&, const Wanted&)> options{};

    // ---- what it promises ----
    std::uint64_t capabilities = 0;  // SLUICE_DATABASE_, with deduplicates
    std::uint64_t capabilities_without = 0;
    bool can_be_interrupted = false;
    // With SLUICE_DATABASE_SETTLES: the engine whose queues live in the same place, if the folder is the same.
    std::string queue{};

    std::function<Guard(const Folder&)> spoil{};
    std::function<Guard(const Folder&)> obstruct{};

    // ---- its SQL ----
    std::string create_table =
        "CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY, value TEXT);"
        "CREATE TABLE IF NOT EXISTS kind(a BIGINT, b DOUBLE PRECISION, c TEXT, d BLOB, e BOOLEAN)";
    std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
};

// Both answer true, so that a file can call them before main().
bool add(QueueEngine engine);
bool add(DatabaseEngine engine);

// In the order of their names.
std::vector<const QueueEngine*> queues(const std::function<bool(const QueueEngine&)>& which);
std::vector<const DatabaseEngine*> databases(const std::function<bool(const DatabaseEngine&)>& which = {});
const QueueEngine& queue(const std::string& name);

// For GoogleTest.
inline std::ostream& operator<<(std::ostream& out, const QueueEngine& engine) {
    return out << engine.name;
}
inline std::ostream& operator<<(std::ostream& out, const DatabaseEngine& engine) {
    return out << engine.name;
}
constexpr auto name_of = [](const auto& test) { return test.param->name; };

}  // namespace sluice::contract
