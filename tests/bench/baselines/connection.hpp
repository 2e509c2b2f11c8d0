// A connection to a durable SQLite file. Errors: std::runtime_error with SQLite's text.
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

class Connection {
public:
    explicit Connection(const std::string& file) {
        check(sqlite3_open(file.c_str(), &handle_));
        sqlite3_busy_timeout(handle_, 60'000);
        run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL");
    }
    ~Connection() {
        for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
        sqlite3_close(handle_);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void run(const char* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)); }
    // Valid as long as the connection.
    sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        check(sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
        statements_.push_back(statement);
        return statement;
    }
    void step(sqlite3_stmt* statement) {
        if (sqlite3_step(statement) != SQLITE_DONE) check(sqlite3_errcode(handle_));
        sqlite3_reset(statement);
    }

private:
    void check(int status) {
        if (status != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_));
    }
    sqlite3* handle_ = nullptr;
    std::vector<sqlite3_stmt*> statements_;
};

}  // namespace bench
