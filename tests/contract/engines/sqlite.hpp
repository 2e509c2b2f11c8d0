// What the components of the plugin `sqlite` have in common here: one file, which another program may lock.
#pragma once

#include <sqlite3.h>

#include <stdexcept>

#include "lines.hpp"

namespace sluice::contract {

inline std::string sqlite_file(const Folder& folder) {
    return folder / "data/sluice.db";
}

// A folder cannot be made where a file is.
inline Guard sqlite_spoiled(const Folder& folder) {
    return file_at(folder / "data");
}

// Another program is in the middle of a write. The file is there.
inline Guard sqlite_locked(const Folder& folder) {
    sqlite3* handle = nullptr;
    if (sqlite3_open(sqlite_file(folder).c_str(), &handle) != SQLITE_OK ||
        sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error("cannot lock the database of the test");
    return Guard(handle, [](void* held) { sqlite3_close(static_cast<sqlite3*>(held)); });
}

inline Options sqlite_queue_options(const Folder& folder) {
    return {{"path", sqlite_file(folder)}, {"queue", "q"}, {"busy_timeout", Milliseconds(far_longer)}};
}
inline Options sqlite_target_options(const Folder& folder, std::uint64_t messages_max, std::uint64_t bytes_max) {
    Options options = sqlite_queue_options(folder);
    options.emplace_back("max_messages", messages_max);
    options.emplace_back("max_bytes", bytes_max);
    options.emplace_back("deduplicate", false);
    options.emplace_back("keep", Milliseconds(std::chrono::hours(1)));
    return options;
}

}  // namespace sluice::contract
