// One insert and one update a message, durable: ten connections on the one writer, beside a single thread that commits by
// itself.
//
// The time is that of the wall. `p99_ms` is that of a unit, from its submission to its answer.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "database/connection.hpp"
#include "database/store.hpp"
#include "folder.hpp"

namespace sluice::sqlite {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int keys = 10'000;
constexpr int workers = 10;
constexpr const char* setup =
    "CREATE TABLE event(id INTEGER PRIMARY KEY, key INTEGER, body TEXT);"
    "CREATE TABLE total(key INTEGER PRIMARY KEY, count INTEGER NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
    "INSERT INTO total SELECT i, 0 FROM n";
constexpr const char* insert = "INSERT INTO event(key, body) VALUES(?, ?)";
constexpr const char* update = "UPDATE total SET count = count + 1 WHERE key = ?";

sluice_value number(std::int64_t given) {
    return {SLUICE_VALUE_INTEGER, SLUICE_LIFE_CALL, {.integer = given}};
}

// What the host does for a worker: keeps up to `in_flight` units under way.
class Load {
public:
    Load(Store& store, int index, int unit_size, int in_flight, bool with_records)
        : connection_(store, CommitSink(&sink_)),
          index_(index),
          unit_size_(unit_size),
          in_flight_(in_flight),
          with_records_(with_records) {
        (void)connection_.prepare(insert, insert_);
        (void)connection_.prepare(update, update_);
        body_.assign(100, 'x');
    }

    void run(std::int64_t messages) {
        std::int64_t done = 0;
        while (done < messages) {
            while (under_way_.load(std::memory_order_acquire) >= in_flight_)
                under_way_.wait(in_flight_, std::memory_order_acquire);
            std::uint64_t unit = 0;
            if (!connection_.unit_begin(unit).ok()) {
                std::this_thread::yield();
                continue;
            }
            for (int i = 0; i < unit_size_; ++i) fill(unit, static_cast<sluice_ticket>(i + 1));
            done += unit_size_;
            (void)connection_.seal(unit);
            under_way_.fetch_add(1, std::memory_order_relaxed);
            connection_.commit_submit(unit, static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()));
        }
        for (int left = 0; (left = under_way_.load(std::memory_order_acquire)) != 0;)
            under_way_.wait(left, std::memory_order_acquire);
    }

    std::vector<double> waits_ms;
    std::atomic<bool> has_failed{false};

private:
    void fill(std::uint64_t unit, sluice_ticket ticket) {
        const std::int64_t position = next_++ * workers + index_;  // what a router deals out to ten
        const sluice_value key = number(static_cast<std::int64_t>((static_cast<std::uint64_t>(position) * 2654435761u) % keys));
        if (with_records_) {
            const auto at = static_cast<std::uint64_t>(position);
            const sluice_identity identity{sizeof(sluice_identity), 6, bytes("source"), bytes("stream:1"), at, at + 1};
            (void)connection_.record_once(unit, ticket, identity);
        }
        const sluice_value row[] = {key, {SLUICE_VALUE_TEXT, SLUICE_LIFE_UNIT, {.bytes = bytes(body_)}}};
        (void)connection_.execute(unit, ticket, insert_, row);
        (void)connection_.execute(unit, ticket, update_, {&key, 1});
    }

    static void committed(void* context, std::uint64_t token, sluice_status status, const sluice_commit_result*,
                          std::uint64_t count, sluice_bytes) {
        auto& self = *static_cast<Load*>(context);
        if (status != SLUICE_OK || count != 0) self.has_failed = true;
        const Clock::time_point began{Clock::duration(static_cast<Clock::rep>(token))};
        self.waits_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
        self.under_way_.fetch_sub(1, std::memory_order_release);
        self.under_way_.notify_one();
    }

    const sluice_database_sink sink_{sizeof(sluice_database_sink), 0, this, &committed};
    Connection connection_;
    const int index_, unit_size_, in_flight_;
    const bool with_records_;
    std::uint32_t insert_ = 0, update_ = 0;
    std::string body_;
    std::int64_t next_ = 0;
    std::atomic<int> under_way_{0};
};

// Arguments: messages per unit, units under way per worker, 1 with records.
void ten_connections(benchmark::State& state) {
    const auto unit_size = static_cast<int>(state.range(0));
    const auto in_flight = static_cast<int>(state.range(1));
    const bool with_records = state.range(2) != 0;
    const Folder folder(std::filesystem::temp_directory_path());
    Settings settings;
    settings.path = folder.file();
    settings.setup = setup;
    settings.deduplicate = with_records;
    Store store(settings);
    store.open();
    std::vector<std::unique_ptr<Load>> loads;
    for (int i = 0; i < workers; ++i) loads.push_back(std::make_unique<Load>(store, i, unit_size, in_flight, with_records));
    const std::int64_t each = std::max<std::int64_t>(unit_size, 2000);
    for (auto unused : state) {
        std::vector<std::jthread> threads;
        for (auto& load : loads) threads.emplace_back([&load, each] { load->run(each); });
    }
    std::vector<double> waits;
    for (auto& load : loads) {
        waits.insert(waits.end(), load->waits_ms.begin(), load->waits_ms.end());
        if (load->has_failed) state.SkipWithError("a unit failed");
    }
    std::sort(waits.begin(), waits.end());
    state.counters["p50_ms"] = waits[waits.size() / 2];
    state.counters["p99_ms"] = waits[waits.size() * 99 / 100];
    state.SetItemsProcessed(state.iterations() * ((each + unit_size - 1) / unit_size * unit_size) * workers);
}
BENCHMARK(ten_connections)
    ->ArgNames({"unit", "in_flight", "records"})
    ->Args({64, 4, 0})
    ->Args({100, 1, 0})
    ->Args({64, 4, 1})
    ->Args({1, 4, 0})
    ->Args({1, 1, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Argument: messages per commit.
void one_thread(benchmark::State& state) {
    const Folder folder(std::filesystem::temp_directory_path());
    const Handle handle = open_for_writing(folder.file());
    run_script(handle.get(), setup, "setup");
    sqlite3_wal_autocheckpoint(handle.get(), 1000);
    const Prepared begin = prepare(handle.get(), "BEGIN IMMEDIATE");
    const Prepared commit = prepare(handle.get(), "COMMIT");
    const Prepared inserting = prepare(handle.get(), insert);
    const Prepared updating = prepare(handle.get(), update);
    const auto step = [](sqlite3_stmt* statement) {
        sqlite3_step(statement);
        sqlite3_reset(statement);
    };
    const std::string body(100, 'x');
    std::uint64_t message = 0;
    for (auto unused : state) {
        step(begin.get());
        for (std::int64_t i = 0; i < state.range(0); ++i, ++message) {
            const auto key = static_cast<std::int64_t>((message * 2654435761u) % keys);
            sqlite3_bind_int64(inserting.get(), 1, key);
            sqlite3_bind_text(inserting.get(), 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
            step(inserting.get());
            sqlite3_bind_int64(updating.get(), 1, key);
            step(updating.get());
        }
        step(commit.get());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(one_thread)->ArgName("commit")->Arg(1000)->Arg(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::sqlite

BENCHMARK_MAIN();
