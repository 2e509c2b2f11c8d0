// Databases: faults before a unit is submitted, and after its end is durable and before the host knows. What fails there has
// happened, and the host hears something else: that nobody knows, say.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>

#include "faults.hpp"
#include "tables.hpp"

namespace faulty {
namespace {

sluice_database real{};

struct Connection {
    const sluice_database_sink* host = nullptr;
    sluice_database_sink mine{};
    // Until restart():
    std::atomic<bool> failed{false};  // a unit was answered by a fault: those that are submitted from then on conflict
    std::atomic<sluice_status> lost{SLUICE_OK};  // the answer to those that were under way then, and may have happened
};

std::mutex mutex;
std::map<void*, std::unique_ptr<Connection>> connections;

Connection& connection_of(void* connection) {
    const std::lock_guard lock(mutex);
    return *connections.at(connection);
}

void committed(void* context, std::uint64_t token, sluice_status status, const sluice_commit_result* results,
               std::uint64_t count, sluice_bytes text) {
    Connection& mine = *static_cast<Connection*>(context);
    if (const auto answer = at("commit.after")) {
        mine.lost = *answer;
        mine.failed = true;
    }
    if (const sluice_status lost = mine.lost; lost != SLUICE_OK && status == SLUICE_OK) {
        constexpr std::string_view why = "its answer was lost by a fault";
        return mine.host->committed(mine.host->context, token, lost, nullptr, 0, {why.data(), why.size()});
    }
    mine.host->committed(mine.host->context, token, status, results, count, text);
}

sluice_status connect(void* self, const sluice_database_sink* sink, void** connection, sluice_fault* fault) {
    auto made = std::make_unique<Connection>();
    made->host = sink;
    made->mine = {sizeof made->mine, 0, made.get(), &committed};
    const sluice_status status = real.connect(self, &made->mine, connection, fault);
    if (status != SLUICE_OK) return status;
    const std::lock_guard lock(mutex);
    connections[*connection] = std::move(made);
    return status;
}

void disconnect(void* connection) {
    real.disconnect(connection);
    const std::lock_guard lock(mutex);
    connections.erase(connection);
}

void commit_submit(void* connection, std::uint64_t unit, std::uint64_t token) {
    Connection& mine = connection_of(connection);
    const auto status = mine.failed ? std::optional(SLUICE_CONFLICT) : at("commit.before");
    if (!status) return real.commit_submit(connection, unit, token);
    mine.failed = true;
    real.abandon_unit(connection, unit);
    constexpr std::string_view text = "failed by a fault";
    mine.host->committed(mine.host->context, token, *status, nullptr, 0, {text.data(), text.size()});
}

void restart(void* connection) {
    Connection& mine = connection_of(connection);
    mine.failed = false;
    mine.lost = SLUICE_OK;
    real.restart(connection);
}

}  // namespace

const void* faulty_database(const sluice_database& table) {
    static sluice_database made;
    real = copy_of(table);
    made = real;
    made.connect = &connect;
    made.disconnect = &disconnect;
    made.commit_submit = &commit_submit;
    made.restart = &restart;
    return &made;
}

}  // namespace faulty
