// A database file that is open: its lock, its writer, its statements and its records. What several components on one file
// share.
//
// Threads  open, close: control. The parts say their own.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "deduplication.hpp"
#include "lock_file.hpp"
#include "statements.hpp"
#include "writer.hpp"

namespace sluice::sqlite {

struct Settings {
    std::string path;
    std::string setup;
    std::chrono::milliseconds busy_timeout{5'000};
    std::chrono::milliseconds keep{24 * 3'600'000};
    bool deduplicate = false;
};

class Store {
public:
    explicit Store(Settings settings) : settings_(std::move(settings)) {}
    ~Store() { close(); }

    void open();  // throws Failure
    void close();

    const Settings& settings() const { return settings_; }
    const std::string& path() const { return path_; }
    Writer& writer() { return writer_; }
    Statements& statements() { return statements_; }
    Deduplication* records() { return settings_.deduplicate ? &records_ : nullptr; }

private:
    Settings settings_;
    std::string path_;  // without symbolic links, so that one file has one lock
    LockFile lock_;
    Statements statements_;
    Deduplication records_;
    Writer writer_;
};

}  // namespace sluice::sqlite
