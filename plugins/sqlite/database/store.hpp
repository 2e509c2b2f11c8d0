// A database on an open file: its settings, its statements and its records.
//
// Threads  open, close: control. interrupt: any, also while they run. The parts say their own.
#pragma once

#include <chrono>
#include <string>

#include "database/deduplication.hpp"
#include "database/statements.hpp"
#include "file.hpp"

namespace sluice::sqlite {

struct Settings {
    std::string path;
    std::string setup;
    std::chrono::milliseconds busy_timeout{5'000};
    std::chrono::milliseconds keep{24 * 3'600'000};
    bool deduplicate = false;
    Log log = {};
};

class Store {
public:
    explicit Store(Settings settings) : settings_(std::move(settings)) {}
    ~Store() { close(); }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    void open();  // throws Failure
    void close();
    void interrupt() { interruption_.interrupt(); }  // [any]

    const Settings& settings() const { return settings_; }
    File& file() { return *file_; }
    const std::string& path() const { return file_->path(); }
    std::string_view resource_id() const { return file_ ? std::string_view(file_->resource_id()) : std::string_view(); }
    Writer& writer() { return file_->writer(); }
    Statements& statements() { return statements_; }
    Deduplication* records() { return settings_.deduplicate ? &records_ : nullptr; }

private:
    void end();

    Settings settings_;
    Interruption interruption_;
    FileUse file_;
    Statements statements_;
    Deduplication records_;
};

}  // namespace sluice::sqlite
