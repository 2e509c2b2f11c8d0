// A database file in a folder of its own, workers on it, and what became of their units.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "database/connection.hpp"
#include "database/store.hpp"
#include "sluice/sdk/value.hpp"

namespace sluice::sqlite {

// Handles that wait as long as the tests do; these outlive every test.
inline Patience& test_patience() {
    static Patience patience("a test", std::chrono::seconds(5));
    return patience;
}
inline Handle open_for_writing(const std::string& path) {
    return open_for_writing(path, test_patience());
}
inline Handle open_for_reading(const std::string& path) {
    return open_for_reading(path, test_patience());
}

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "sluice-sqlite-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

// The end of a unit, as the host hears of it.
struct Ended {
    sluice_status status = SLUICE_OK;
    std::string text;
    std::map<sluice_ticket, std::pair<sluice_status, std::string>> results;

    sluice_status of(sluice_ticket ticket) const {
        const auto found = results.find(ticket);
        return found == results.end() ? status : found->second.first;
    }
};

// One worker's connection and its sink.
class Worker {
public:
    explicit Worker(Store& store) : connection_(std::make_unique<Connection>(store, CommitSink(&sink_))) {}

    Connection& operator*() { return *connection_; }
    Connection* operator->() { return connection_.get(); }
    void disconnect() { connection_.reset(); }

    std::uint32_t prepare(std::string_view sql) {
        std::uint32_t number = 0;
        const Status status = connection_->prepare(sql, number);
        EXPECT_TRUE(status.ok()) << status.text();
        return number;
    }
    std::uint64_t begin() {
        std::uint64_t unit = 0;
        const Status status = connection_->unit_begin(unit);
        EXPECT_TRUE(status.ok()) << status.text();
        return unit;
    }
    template <typename... Values>
    Status write(std::uint64_t unit, sluice_ticket ticket, std::string_view sql, const Values&... values) {
        const std::vector<sluice_value> list{value(values)...};
        return connection_->execute(unit, ticket, prepare(sql), list);
    }
    // Acks deliveries of the queue: of each ticket one.
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
        return connection_->settle(unit, queue, tickets, acks);
    }
    // The first column of the rows.
    template <typename... Values>
    Status read(std::uint64_t unit, sluice_ticket ticket, std::vector<std::int64_t>& column, std::string_view sql,
                const Values&... values) {
        const std::vector<sluice_value> list{value(values)...};
        column.clear();
        const sluice_row_sink sink{sizeof(sluice_row_sink), 0, &column,
                                   [](void* context, const sluice_value* columns, std::uint32_t) -> sluice_status {
                                       static_cast<std::vector<std::int64_t>*>(context)->push_back(columns[0].as.integer);
                                       return SLUICE_OK;
                                   }};
        return connection_->query(unit, ticket, prepare(sql), list, RowSink(&sink));
    }

    void submit(std::uint64_t unit, std::uint64_t token) {
        (void)connection_->seal(unit);
        connection_->commit_submit(unit, token);
    }
    Ended wait(std::uint64_t token) {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return ended_.contains(token); })) {
            ADD_FAILURE() << "unit " << token << " did not end";
            return {SLUICE_UNKNOWN, "no answer", {}};
        }
        return ended_.at(token);
    }
    Ended commit(std::uint64_t unit) {
        const std::uint64_t token = ++last_token_;
        submit(unit, token);
        return wait(token);
    }
    std::vector<std::uint64_t> order() {
        std::lock_guard lock(mutex_);
        return order_;
    }

    // Called from the writer's thread when a unit has ended, before it is told.
    std::function<void(std::uint64_t)> on_end;

private:
    static void committed(void* context, std::uint64_t token, sluice_status status, const sluice_commit_result* results,
                          std::uint64_t count, sluice_bytes text) {
        auto& self = *static_cast<Worker*>(context);
        if (self.on_end) self.on_end(token);
        Ended ended{status, std::string(view(text)), {}};
        for (std::uint64_t i = 0; i < count; ++i)
            ended.results[results[i].ticket] = {results[i].status, std::string(view(results[i].text))};
        std::lock_guard lock(self.mutex_);
        self.ended_[token] = ended;
        self.order_.push_back(token);
        self.arrived_.notify_all();
    }

    const sluice_database_sink sink_{sizeof(sluice_database_sink), 0, this, &committed};
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<std::uint64_t, Ended> ended_;
    std::vector<std::uint64_t> order_;
    std::uint64_t last_token_ = 1'000'000;
    std::unique_ptr<Connection> connection_;
};

class StoreTest : public ::testing::Test {
protected:
    static constexpr const char* insert_item = "INSERT INTO item VALUES(?, ?)";
    static constexpr const char* read_value = "SELECT value FROM item WHERE id = ?";

    void open(Settings settings = {}) {
        settings.path = path();
        if (settings.setup.empty())
            settings.setup = "CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY, value INTEGER NOT NULL)";
        store_ = std::make_unique<Store>(settings);
        store_->open();
    }
    void open_deduplicating() {
        Settings settings;
        settings.deduplicate = true;
        open(settings);
    }
    void close() { store_.reset(); }
    Store& store() { return *store_; }
    std::string path() const { return folder_.file("test.db"); }

    // One number, as any program that reads the file would see it.
    std::int64_t number(const std::string& sql) const {
        const Handle handle = open_for_reading(path());
        const Prepared statement = prepare(handle.get(), sql);
        return sqlite3_step(statement.get()) == SQLITE_ROW ? sqlite3_column_int64(statement.get(), 0) : -1;
    }

    // Keeps the writer busy, so that what is submitted meanwhile waits together.
    class Pause {
    public:
        explicit Pause(Writer& writer) : writer_(&writer) { EXPECT_TRUE(writer.hold(turn_).ok()); }
        ~Pause() { writer_->release(); }
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;

    private:
        Writer* writer_;
        Turn turn_;
    };

    TemporaryFolder folder_;
    std::unique_ptr<Store> store_;
};

}  // namespace sluice::sqlite
