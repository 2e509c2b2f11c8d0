// One insert and one update per message, durable, without a host: one thread with so many messages per commit, or several
// threads, each with a connection and transactions of its own.
//
//   --file PATH (created)  --messages N  --commit 1000  --threads 1
#include <atomic>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "work.hpp"

namespace {

using namespace bench;

constexpr const char* setup =
    "CREATE TABLE event(key TEXT NOT NULL, seq INTEGER NOT NULL);"
    "CREATE TABLE total(key TEXT PRIMARY KEY, count INTEGER NOT NULL);"
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
    "INSERT INTO total SELECT printf('k%07d', i), 0 FROM n;";

// The messages sequence = first, first + step, ... below `end`, so many a transaction.
void write(const std::string& file, const Bodies& bodies, std::uint64_t first, std::uint64_t step, std::uint64_t end,
           std::uint64_t commit_every) {
    Connection connection(file);
    sqlite3_stmt* begin = connection.prepare("BEGIN IMMEDIATE");
    sqlite3_stmt* commit = connection.prepare("COMMIT");
    sqlite3_stmt* insert = connection.prepare("INSERT INTO event VALUES(?, ?)");
    sqlite3_stmt* update = connection.prepare("UPDATE total SET count = count + 1 WHERE key = ?");
    simdjson::ondemand::parser parser;
    for (std::uint64_t sequence = first; sequence < end;) {
        connection.step(begin);
        for (std::uint64_t i = 0; i < commit_every && sequence < end; ++i, sequence += step) {
            simdjson::ondemand::document document = parser.iterate(bodies.body(sequence), Bodies::size, Bodies::size + 64);
            const std::string_view key = document["key"];
            const std::int64_t number = document["seq"];
            sqlite3_bind_text(insert, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
            sqlite3_bind_int64(insert, 2, number);
            connection.step(insert);
            sqlite3_bind_text(update, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
            connection.step(update);
        }
        connection.step(commit);
    }
}

}  // namespace

int main(int count, char** words) {
    Arguments arguments(count, words);
    const std::string file = arguments.text("file", "");
    const std::uint64_t messages = arguments.number("messages", 100'000);
    const std::uint64_t commit_every = arguments.number("commit", 1000);
    const std::uint64_t threads = arguments.number("threads", 1);
    arguments.check();
    const Bodies bodies(10'000);
    Connection(file).run(setup);

    std::atomic<bool> failed{false};
    const std::int64_t start = now_ns();
    {
        std::vector<std::jthread> writers;
        for (std::uint64_t i = 0; i < threads; ++i)
            writers.emplace_back([&, i] {
                try {
                    write(file, bodies, i, threads, messages, commit_every);
                } catch (const std::exception& error) {
                    std::fprintf(stderr, "%s\n", error.what());
                    failed = true;
                }
            });
    }
    std::printf("{\"messages\":%llu,\"seconds\":%.9f}\n", static_cast<unsigned long long>(messages),
                static_cast<double>(now_ns() - start) / 1e9);
    return failed ? 1 : 0;
}
