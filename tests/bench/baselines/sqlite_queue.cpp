// A durable queue without a host: one thread that stores 256-byte bodies with their keys in a table, or takes them out again,
// reading and deleting, so many per commit.
//
//   --file PATH (created)  --messages N  --commit 1000  --way in|out
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "connection.hpp"
#include "work.hpp"

namespace {

using namespace bench;

constexpr const char* setup =
    "CREATE TABLE message(number INTEGER PRIMARY KEY, enqueued INTEGER NOT NULL, due INTEGER, key BLOB, body BLOB NOT NULL);"
    "CREATE INDEX message_due ON message(due) WHERE due IS NOT NULL;";

class Table {
public:
    explicit Table(const std::string& file) : connection_(file) {
        connection_.run(setup);
        begin_ = connection_.prepare("BEGIN IMMEDIATE");
        commit_ = connection_.prepare("COMMIT");
        insert_ = connection_.prepare("INSERT INTO message(number, enqueued, key, body) VALUES(?, 1700000000000, ?, ?)");
        select_ = connection_.prepare("SELECT number, key, body FROM message WHERE number >= ? ORDER BY number LIMIT ?");
        remove_ = connection_.prepare("DELETE FROM message WHERE number BETWEEN ? AND ?");
    }

    void store(const Bodies& bodies, std::int64_t messages, std::int64_t commit_every) {
        for (std::int64_t number = 0; number < messages;) {
            connection_.step(begin_);
            for (std::int64_t i = 0; i < commit_every && number < messages; ++i, ++number) {
                const char* const body = bodies.body(static_cast<std::uint64_t>(number));
                sqlite3_bind_int64(insert_, 1, number);
                sqlite3_bind_blob(insert_, 2, body + Bodies::key_at, static_cast<int>(Bodies::key_size), SQLITE_STATIC);
                sqlite3_bind_blob(insert_, 3, body, static_cast<int>(Bodies::size), SQLITE_STATIC);
                connection_.step(insert_);
            }
            connection_.step(commit_);
        }
    }

    // How many bytes there were.
    std::size_t take_out(std::int64_t messages, std::int64_t commit_every) {
        std::vector<char> room(Bodies::size);
        std::size_t seen = 0;
        for (std::int64_t first = 0; first < messages; first += commit_every) {
            sqlite3_bind_int64(select_, 1, first);
            sqlite3_bind_int64(select_, 2, commit_every);
            while (sqlite3_step(select_) == SQLITE_ROW) {
                std::memcpy(room.data(), sqlite3_column_blob(select_, 2), room.size());
                seen += room.size();
            }
            sqlite3_reset(select_);
            connection_.step(begin_);
            sqlite3_bind_int64(remove_, 1, first);
            sqlite3_bind_int64(remove_, 2, first + commit_every - 1);
            connection_.step(remove_);
            connection_.step(commit_);
        }
        return seen;
    }

private:
    Connection connection_;
    sqlite3_stmt *begin_, *commit_, *insert_, *select_, *remove_;
};

}  // namespace

int main(int count, char** words) {
    Arguments arguments(count, words);
    const std::string file = arguments.text("file", "");
    const auto messages = static_cast<std::int64_t>(arguments.number("messages", 100'000));
    const auto commit_every = static_cast<std::int64_t>(arguments.number("commit", 1000));
    const bool is_out = arguments.text("way", "in") == "out";
    arguments.check();
    const Bodies bodies(10'000);
    try {
        Table table(file);
        if (is_out) table.store(bodies, messages, commit_every);
        const std::int64_t start = now_ns();
        if (!is_out)
            table.store(bodies, messages, commit_every);
        else if (table.take_out(messages, commit_every) != static_cast<std::size_t>(messages) * Bodies::size)
            throw std::runtime_error("messages are missing");
        std::printf("{\"messages\":%lld,\"seconds\":%.9f}\n", static_cast<long long>(messages),
                    static_cast<double>(now_ns() - start) / 1e9);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
