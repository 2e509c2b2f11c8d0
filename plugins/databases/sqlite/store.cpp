#include "store.hpp"

#include <filesystem>

namespace sluice::sqlite {
namespace {

namespace fs = std::filesystem;

std::string prepared_path(const std::string& given) {
    const fs::path path(given);
    std::error_code error;
    if (!path.has_filename() || given == "-" || given == ":memory:" || fs::is_directory(path, error))
        throw Failure(SLUICE_INVALID, "`path` must name a database file, which \"" + given + "\" does not");
    if (path.has_parent_path()) {
        fs::create_directories(path.parent_path(), error);
        if (error)
            throw Failure(SLUICE_UNAVAILABLE,
                          "cannot create the folder \"" + path.parent_path().string() + "\": " + error.message());
    }
    const fs::path real = fs::weakly_canonical(path, error);
    return error ? path.string() : real.string();
}

}  // namespace

void Store::open() {
    // SQLite would count its memory under one lock for the whole process, at each allocation. Refused, and without harm, if
    // something in this process has used SQLite before.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    path_ = prepared_path(settings_.path);
    lock_.acquire(path_);
    try {
        writer_.open(path_, settings_.busy_timeout, settings_.setup);
        if (settings_.deduplicate) records_.open(writer_.connection().handle(), settings_.keep);
        writer_.start(records());
    } catch (...) {
        close();
        throw;
    }
}

void Store::close() {
    writer_.close();
    records_.close();
    statements_.finalize();
    writer_.close_connection();
    lock_.release();
}

}  // namespace sluice::sqlite
