// Fakes for the unit tests of database adapters: a test drives a database and its connections as the host's workers do, and
// what the adapter does against the rules of sluice/database.h stands in `broken()`.
//
//   sluice::FakeHost host;
//   auto shelf = host.database(shelf_component, {{"path", file}});
//   ASSERT_TRUE(shelf.open().ok());
//   auto worker = shelf.connect();
//   const auto insert = worker.prepare("INSERT INTO t VALUES(?)");
//   const auto unit = worker.begin();
//   EXPECT_EQ(worker.execute(unit, 1, insert, "tea").code(), SLUICE_QUEUED);
//   EXPECT_TRUE(worker.commit(unit).status.ok());
//   EXPECT_EQ(worker.query(worker.prepare("SELECT * FROM t")), (std::vector<std::vector<std::string>>{{"'tea'"}}));
//
// Threads    a connection: one, as a worker. A database: one at a time.
// Ownership  the FakeHost outlives the FakeDatabase, and that its connections.
// Errors     what a test takes for granted (prepare, begin, query) is thrown as a Failure with the adapter's text.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/database.h"
#include "sluice/sdk/testing_host.hpp"
#include "sluice/sdk/testing_probe.hpp"

namespace sluice::inline sdk {

// How a unit has ended: `status` is that of every message that is not listed.
struct FakeCommit {
    Status status = {SLUICE_UNKNOWN, "no answer in time"};
    std::map<sluice_ticket, Status> listed{};

    Status of(sluice_ticket ticket) const {
        const auto found = listed.find(ticket);
        return found == listed.end() ? status : found->second;
    }
};

// One worker's connection.
class FakeConnection {
public:
    FakeConnection(const sluice_database& table, void* database) : table_(table) {
        sink_.struct_size = sizeof sink_;
        sink_.context = this;
        sink_.committed = [](void* context, std::uint64_t token, sluice_status status, const sluice_commit_result* results,
                             std::uint64_t count, sluice_bytes text) {
            FakeCommit commit{{status, std::string(view(text))}, {}};
            for (std::uint64_t i = 0; i < count; ++i)
                commit.listed.insert_or_assign(results[i].ticket,
                                               Status(results[i].status, std::string(view(results[i].text))));
            static_cast<FakeConnection*>(context)->committed(token, std::move(commit));
        };
        raise(ask([&](sluice_fault* fault) { return table_.connect(database, &sink_, &self_, fault); }));
    }
    FakeConnection(const FakeConnection&) = delete;
    FakeConnection& operator=(const FakeConnection&) = delete;
    ~FakeConnection() { table_.disconnect(self_); }

    std::uint32_t prepare(std::string_view sql) {
        std::uint32_t statement = 0;
        raise(try_prepare(sql, statement));
        return statement;
    }
    Status try_prepare(std::string_view sql, std::uint32_t& statement) {
        return ask([&](sluice_fault* fault) { return table_.prepare(self_, bytes(sql), &statement, fault); });
    }
    std::uint64_t begin() {
        std::uint64_t unit = 0;
        raise(ask([&](sluice_fault* fault) { return table_.unit_begin(self_, &unit, fault); }));
        if (unit == 0) note("unit_begin gave a unit the number 0");
        return unit;
    }
    // SLUICE_QUEUED is success as well. Tickets are of the test's choice, one for each message.
    template <typename... Parameters>
    Status execute(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement, const Parameters&... parameters) {
        const std::vector<sluice_value> values{value(parameters)...};
        return ask([&](sluice_fault* fault) {
            return table_.execute(self_, unit, ticket, statement, values.data(), static_cast<std::uint32_t>(values.size()),
                                  fault);
        });
    }
    // Acks deliveries of a queue in the unit, each of the message of its ticket.
    Status settle(std::uint64_t unit, std::string_view queue,
                  const std::vector<std::pair<sluice_ticket, std::uint64_t>>& deliveries) {
        std::vector<sluice_ticket> tickets;
        std::vector<sluice_settlement> acks;
        for (const auto& [ticket, tag] : deliveries) {
            sluice_settlement ack{};
            ack.tag = tag;
            ack.action = SLUICE_ACK;
            tickets.push_back(ticket);
            acks.push_back(ack);
        }
        return ask([&](sluice_fault* fault) {
            return table_.settle(self_, unit, bytes(queue), tickets.data(), acks.data(), tickets.size(), fault);
        });
    }
    // Committed data, each value as SQL would write it.
    template <typename... Parameters>
    std::vector<std::vector<std::string>> query(std::uint32_t statement, const Parameters&... parameters) {
        return query_in(0, 0, statement, parameters...);
    }
    // From inside the unit: sees what it has written.
    template <typename... Parameters>
    std::vector<std::vector<std::string>> query_in(std::uint64_t unit, sluice_ticket ticket, std::uint32_t statement,
                                                   const Parameters&... parameters) {
        const std::vector<sluice_value> values{value(parameters)...};
        std::vector<std::vector<std::string>> rows;
        sluice_row_sink sink{sizeof(sluice_row_sink), 0, &rows,
                             [](void* context, const sluice_value* columns, std::uint32_t count) {
                                 auto& row = static_cast<std::vector<std::vector<std::string>>*>(context)->emplace_back();
                                 for (std::uint32_t i = 0; i < count; ++i) row.push_back(detail::shown(columns[i]));
                                 return SLUICE_OK;
                             }};
        raise(ask([&](sluice_fault* fault) {
            return table_.query(self_, unit, ticket, statement, values.data(), static_cast<std::uint32_t>(values.size()), &sink,
                                fault);
        }));
        return rows;
    }
    // SLUICE_SEEN: it was recorded before.
    Status record_once(std::uint64_t unit, sluice_ticket ticket, std::string_view source, std::string_view id) {
        if (table_.record_once == nullptr) return {SLUICE_UNSUPPORTED, "this database does not deduplicate"};
        sluice_identity identity{};
        identity.struct_size = sizeof identity;
        identity.source = bytes(source);
        identity.id = bytes(id);
        return ask([&](sluice_fault* fault) { return table_.record_once(self_, unit, ticket, &identity, fault); });
    }
    void drop(std::uint64_t unit, sluice_ticket ticket) { table_.drop(self_, unit, ticket); }
    void forget(std::uint64_t unit, sluice_ticket ticket) { table_.forget(self_, unit, ticket); }
    void abandon(std::uint64_t unit) { table_.abandon_unit(self_, unit); }
    void restart() { table_.restart(self_); }

    // Seals the unit, submits it and waits for its end.
    FakeCommit commit(std::uint64_t unit, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
        return wait_for(submit(unit), deadline);
    }
    // Seals and submits only; the answer is the token. A unit that cannot be sealed has ended with that.
    std::uint64_t submit(std::uint64_t unit) {
        const std::uint64_t token = ++tokens_;
        if (Status sealed = ask([&](sluice_fault* fault) { return table_.seal(self_, unit, fault); }); !sealed.ok()) {
            table_.abandon_unit(self_, unit);
            const std::lock_guard lock(mutex_);
            ends_.insert_or_assign(token, FakeCommit{std::move(sealed), {}});
            return token;
        }
        {
            const std::lock_guard lock(mutex_);
            awaited_.insert(token);
        }
        table_.commit_submit(self_, unit, token);
        return token;
    }
    FakeCommit wait_for(std::uint64_t token, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex_);
        change_.wait_for(lock, deadline, [&] { return ends_.contains(token); });
        return ends_.contains(token) ? ends_.at(token) : FakeCommit{};
    }
    // Rules of sluice/database.h that the adapter has broken, one sentence each.
    std::vector<std::string> broken() const {
        const std::lock_guard lock(mutex_);
        return broken_;
    }

private:
    template <typename Call>
    static Status ask(Call&& call) {
        detail::FaultBuffer buffer;
        const sluice_status status = call(&buffer.fault);
        return {status, std::string(buffer.text())};
    }
    static void raise(const Status& status) {
        if (!status.ok()) throw Failure(status.code(), status.text());
    }
    void note(std::string what) {
        const std::lock_guard lock(mutex_);
        broken_.push_back(std::move(what));
    }
    void committed(std::uint64_t token, FakeCommit commit) {
        const std::lock_guard lock(mutex_);
        if (awaited_.empty() || awaited_.count(token) == 0) {
            broken_.push_back("unit " + std::to_string(token) +
                              " was answered, which waits for no answer: twice, or never submitted");
        } else if (token != *awaited_.begin()) {
            broken_.push_back("unit " + std::to_string(token) + " was answered before the earlier unit " +
                              std::to_string(*awaited_.begin()));
        }
        awaited_.erase(token);
        for (const auto& [ticket, status] : commit.listed)
            if (status.ok()) broken_.push_back("a message is listed in a commit with SLUICE_OK: those are left out");
        ends_.try_emplace(token, std::move(commit));
        change_.notify_all();
    }

    const sluice_database& table_;
    sluice_database_sink sink_{};
    void* self_ = nullptr;
    std::uint64_t tokens_ = 0;
    mutable std::mutex mutex_;
    // guarded by mutex_
    std::condition_variable change_;
    std::set<std::uint64_t> awaited_;  // submitted; they end in this order
    std::map<std::uint64_t, FakeCommit> ends_;
    std::vector<std::string> broken_;
};

// A configured database; closed and destroyed with this object.
class FakeDatabase {
public:
    FakeDatabase(FakeHost& host, const void* table, const FakeOptions& options) {
        const auto* given = static_cast<const sluice_database*>(table);
        std::memcpy(&table_, given, std::min<std::size_t>(given->struct_size, sizeof table_));
        detail::FaultBuffer buffer;
        const sluice_status status = table_.create(&host.setup(SLUICE_ROLE_DATABASE, options), &self_, &buffer.fault);
        if (status != SLUICE_OK) throw Failure(status, std::string(buffer.text()));
        if ((capabilities() & SLUICE_DATABASE_DEDUPLICATES) == 0 || table_.record_once != nullptr) return;
        table_.destroy(self_);
        throw Failure(SLUICE_CONTRACT, "it says SLUICE_DATABASE_DEDUPLICATES and has no record_once");
    }
    FakeDatabase(const FakeDatabase&) = delete;
    FakeDatabase& operator=(const FakeDatabase&) = delete;
    ~FakeDatabase() {
        close();
        table_.destroy(self_);
    }

    std::uint64_t capabilities() { return table_.capabilities(self_); }  // SLUICE_DATABASE_
    Status open() {
        detail::FaultBuffer buffer;
        const sluice_status status = table_.open(self_, &buffer.fault);
        is_open_ = status == SLUICE_OK;
        return {status, std::string(buffer.text())};
    }
    // Instead of open().
    FakeProbe probe() { return detail::probed(table_, self_); }
    const void* extension(std::string_view id) { return detail::extension_of(table_, self_, id); }
    FakeConnection connect() { return FakeConnection(table_, self_); }
    Status ping() {
        if (table_.ping == nullptr) return {SLUICE_UNSUPPORTED, "this database cannot be asked"};
        detail::FaultBuffer buffer;
        const sluice_status status = table_.ping(self_, &buffer.fault);
        return {status, std::string(buffer.text())};
    }
    // Its connections are gone.
    void close() {
        if (std::exchange(is_open_, false)) table_.close(self_);
    }

private:
    sluice_database table_{};  // what a smaller one lacks is NULL
    void* self_ = nullptr;
    bool is_open_ = false;
};

template <std::size_t Count>
FakeDatabase FakeHost::database(const Component<Count>& component, const FakeOptions& options) {
    return FakeDatabase(*this, component.table, detail::checked(component.options, options));
}

}  // namespace sluice::inline sdk
