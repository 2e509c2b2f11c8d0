// A database, driven through its table as by the host's workers. What it does against the rules of sluice/database.h stands in
// `broken` of its instance, and fails the test at the end.
//
// Threads  committed: any. The rest: the test's, one at a time for each connection.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine.hpp"
#include "host.hpp"
#include "plugin.hpp"

namespace sluice::contract {

using Value = sluice_value;
using Values = std::vector<Value>;
Value integer(std::int64_t value);
Value real(double value);
Value boolean(bool value);
Value null();
// A view of `text`, which is to outlive the call; with SLUICE_LIFE_UNIT the unit.
Value text(const std::string& text, std::uint32_t life = SLUICE_LIFE_CALL);
Value blob(const std::string& bytes, std::uint32_t life = SLUICE_LIFE_CALL);

// A column of a row: "5", "'five'", "x'05'", "NULL".
using Row = std::vector<std::string>;
using Rows = std::vector<Row>;
using Ranges = std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>>;

// What makes a message the same message.
struct Identity {
    std::string id;
    std::string source = "contract";
    std::uint32_t stream_size = 0;
    std::uint64_t position = 0;

    static Identity at(std::uint64_t position) { return {"stream:" + std::to_string(position), "contract", 6, position}; }
};

// How a submitted unit has ended.
struct Ended {
    sluice_status status = SLUICE_UNKNOWN;
    std::map<sluice_ticket, sluice_status> results;
    std::string text;

    sluice_status of(sluice_ticket ticket) const {
        const auto found = results.find(ticket);
        return found == results.end() ? status : found->second;
    }
};

class DatabaseInstance {
public:
    DatabaseInstance(const DatabaseEngine& engine, const Folder& folder, const DatabaseEngine::Wanted& wanted, Sizes sizes = {},
                     bool has_state_dir = true);
    DatabaseInstance(const DatabaseInstance&) = delete;
    DatabaseInstance& operator=(const DatabaseInstance&) = delete;
    ~DatabaseInstance();

    const Answer& created() const { return created_; }
    Answer open();
    void close();
    Answer ping();
    void interrupt() { table_.interrupt(self_); }
    std::uint64_t capabilities() { return table_.capabilities(self_); }
    std::string resource_id() { return table_.resource_id ? std::string(view(table_.resource_id(self_))) : ""; }
    Answer recorded(Ranges& ranges, std::size_t most = SIZE_MAX);
    Answer probe(std::vector<std::pair<std::string, std::string>>& facts);

    const sluice_database& table() const { return table_; }
    const Sizes& sizes() const { return host_.sizes(); }
    void* self() const { return self_; }
    void note(const std::string& rule) {
        const std::lock_guard lock(mutex_);
        broken_.push_back(rule);
    }
    template <typename Call>
    Answer call(Call&& what) {
        Answer answer = ask(sizes(), std::forward<Call>(what));
        if (!answer.fault.empty()) note(answer.fault);
        return answer;
    }

private:
    Host host_;
    const sluice_database table_;
    void* self_ = nullptr;
    Answer created_;
    bool is_open_ = false;
    std::mutex mutex_;
    std::vector<std::string> broken_;  // guarded by mutex_
};

// A worker's connection.
class Worker {
public:
    explicit Worker(DatabaseInstance& database);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker();

    const Answer& connected() const { return connected_; }
    Answer prepare(std::string_view sql, std::uint32_t& statement);
    std::uint32_t prepared(const std::string& sql);  // expects that it can be
    Answer describe(std::uint32_t statement, sluice_statement& description);
    Answer begin(std::uint64_t& unit);
    std::uint64_t begun();  // expects that it can
    // What the values view is overwritten once it has returned, but for views of life `unit`.
    Answer execute(std::uint64_t unit, sluice_ticket ticket, const std::string& sql, const Values& values = {});
    Answer query(std::uint64_t unit, sluice_ticket ticket, const std::string& sql, Rows& rows, const Values& values = {},
                 std::size_t most = SIZE_MAX);
    // Committed data; one column of one row.
    std::string value(const std::string& sql);
    Answer record(std::uint64_t unit, sluice_ticket ticket, const Identity& identity);
    Answer keep(std::uint64_t unit, sluice_ticket ticket, const std::string& publishes);
    Answer kept(const Identity& identity, Rows& rows);
    void publishes_done(const std::vector<Identity>& identities);
    Answer settle(std::uint64_t unit, const std::string& queue,
                  const std::vector<std::pair<sluice_ticket, std::uint64_t>>& acks, std::uint32_t action = SLUICE_ACK);
    void drop(std::uint64_t unit, sluice_ticket ticket) { table().drop(connection_, unit, ticket); }
    void forget(std::uint64_t unit, sluice_ticket ticket) { table().forget(connection_, unit, ticket); }
    Answer seal(std::uint64_t unit);
    void submit(std::uint64_t unit, std::uint64_t token);
    void abandon(std::uint64_t unit) { table().abandon_unit(connection_, unit); }
    void restart() { table().restart(connection_); }
    void confirm_below(const std::string& stream, std::uint64_t position);

    Ended wait(std::uint64_t token);
    // Seals, submits and waits.
    Ended commit(std::uint64_t unit);

private:
    const sluice_database& table() const { return database_.table(); }
    void committed(std::uint64_t token, sluice_status status, const sluice_commit_result* results, std::uint64_t count,
                   std::string text);

    DatabaseInstance& database_;
    const Sized<sluice_database_sink> sink_;
    void* connection_ = nullptr;
    Answer connected_;
    std::map<std::string, std::uint32_t> statements_;
    std::uint64_t next_token_ = 1'000'000;
    std::mutex mutex_;
    std::condition_variable ended_;
    // guarded by mutex_
    std::map<std::uint64_t, std::optional<Ended>> submitted_;  // by token
};

}  // namespace sluice::contract
