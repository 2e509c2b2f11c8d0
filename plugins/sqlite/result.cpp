#include "result.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace sluice::sqlite {
namespace {

struct Meaning {
    int code;
    sluice_status status;
};

// After https://www.sqlite.org/rescode.html. Extended codes stand only where they mean something else than their primary code.
constexpr std::array meanings{
    Meaning{SQLITE_OK, SLUICE_OK},
    Meaning{SQLITE_ROW, SLUICE_OK},
    Meaning{SQLITE_DONE, SLUICE_OK},

    // The message: its values break a rule, or no column, function or bound of SQLite takes them.
    Meaning{SQLITE_CONSTRAINT, SLUICE_CONSTRAINT},
    Meaning{SQLITE_ERROR, SLUICE_INVALID},     // unless the statement does not compile any more, see last_error()
    Meaning{SQLITE_MISMATCH, SLUICE_INVALID},  // a text for an INTEGER PRIMARY KEY
    Meaning{SQLITE_TOOBIG, SLUICE_INVALID},    // a value longer than SQLITE_LIMIT_LENGTH
    Meaning{SQLITE_RANGE, SLUICE_INVALID},     // a parameter that the statement does not have

    // Others hold it. "BUSY: another database connection", "LOCKED: within the same connection", "PROTOCOL: a race at the
    // locks".
    Meaning{SQLITE_BUSY, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_LOCKED, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_PROTOCOL, SLUICE_UNAVAILABLE},
    // Disk, memory and permissions: an operator can mend them while we wait.
    Meaning{SQLITE_FULL, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_IOERR, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_NOMEM, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_CANTOPEN, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_READONLY, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_PERM, SLUICE_UNAVAILABLE},
    // The transaction was ended from outside; nothing of it is there.
    Meaning{SQLITE_INTERRUPT, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_ABORT, SLUICE_UNAVAILABLE},
    // The tables are not those the statement was prepared for. All statements were checked when the host started.
    Meaning{SQLITE_SCHEMA, SLUICE_UNAVAILABLE},
    Meaning{SQLITE_AUTH, SLUICE_UNAVAILABLE},

    // Damage. "CORRUPTFS: a read or seek failed because the file system is damaged", "IOERR_DATA: a checksum does not match".
    Meaning{SQLITE_CORRUPT, SLUICE_CORRUPT},
    Meaning{SQLITE_NOTADB, SLUICE_CORRUPT},
    Meaning{SQLITE_FORMAT, SLUICE_CORRUPT},
    Meaning{SQLITE_IOERR_CORRUPTFS, SLUICE_CORRUPT},
    Meaning{SQLITE_IOERR_DATA, SLUICE_CORRUPT},
    // No waiting helps, and the data are not to blame: the file is another one, or SQLite or this adapter has a fault.
    Meaning{SQLITE_READONLY_DBMOVED, SLUICE_FAILED},
    Meaning{SQLITE_NOLFS, SLUICE_FAILED},
    Meaning{SQLITE_INTERNAL, SLUICE_FAILED},
    Meaning{SQLITE_MISUSE, SLUICE_FAILED},
    Meaning{SQLITE_NOTFOUND, SLUICE_FAILED},
    Meaning{SQLITE_EMPTY, SLUICE_FAILED},
};

std::string path_of(sqlite3* handle) {
    const char* const path = sqlite3_db_filename(handle, "main");
    return path != nullptr ? path : "";
}

}  // namespace

sluice_status status_of(int code) noexcept {
    for (const int wanted : {code, code & 0xff})
        for (const Meaning& meaning : meanings)
            if (meaning.code == wanted) return meaning.status;
    return SLUICE_UNAVAILABLE;  // a code of a later SQLite: never a message's fault by guess
}

Status blameless(const Status& status) {
    if (status.ok() || status.code() == SLUICE_UNAVAILABLE || is_permanent(status.code())) return status;
    return {SLUICE_UNAVAILABLE, status.text()};
}

Status last_error(sqlite3* handle, std::string_view sql) {
    const int code = sqlite3_extended_errcode(handle);
    sluice_status status = status_of(code);
    std::string text = text_of_last_error(handle);
    if (!sql.empty()) text.append(", in \"").append(shortened(sql)).append("\"");
    if (code == SQLITE_ERROR && !sql.empty() && !fits(handle, sql).ok()) status = SLUICE_UNAVAILABLE;
    if (status == SLUICE_CORRUPT) text = damaged(path_of(handle), text);
    return {status, std::move(text)};
}

Status of_own_table(sqlite3* handle, std::string_view doing) {
    const Status error = last_error(handle);
    std::string text(doing);
    text.append(": ").append(error.text());
    if (sqlite3_errcode(handle) == SQLITE_ERROR)
        return {SLUICE_FAILED, text + "; somebody has changed or removed a table of Sluice's own: put it back, from a backup"};
    if (is_fault_of_message(error.code())) return {SLUICE_CORRUPT, damaged(path_of(handle), text)};
    return {error.code(), std::move(text)};
}

Status fits(sqlite3* handle, std::string_view sql) {
    // Compiling alone looks at the tables as this connection has last seen them, except for one that is not there: somebody may
    // have given a table its columns back since.
    sqlite3_exec(handle, "SELECT 1 FROM sqlite_schema LIMIT 1", nullptr, nullptr, nullptr);
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(handle, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    sqlite3_finalize(statement);
    if (code == SQLITE_OK) return SLUICE_OK;
    std::string text = text_of_last_error(handle);
    text.append(", in \"").append(shortened(sql)).append("\"");
    return {SLUICE_UNAVAILABLE, std::move(text)};
}

std::string text_of_last_error(sqlite3* handle) {
    const int system_error = errno;  // of the call that has just failed
    std::string text = sqlite3_errmsg(handle);
    const int code = sqlite3_errcode(handle) & 0xff;
    int error = sqlite3_system_errno(handle);
    if (error == 0 && code == SQLITE_IOERR) error = system_error;  // SQLite does not keep that of a COMMIT
    const bool asked_the_system =
        code == SQLITE_CANTOPEN || code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_READONLY;
    if (asked_the_system && error != 0) text.append(": ").append(std::strerror(error));
    return text;
}

std::string damaged(std::string_view path, std::string_view what) {
    return "\"" + std::string(path) + "\" is damaged, or no SQLite database (" + std::string(what) +
           "): stop what uses it, restore it from a backup, save what `sqlite3 FILE .recover` finds, or move it and its -wal "
           "and "
           "-shm away to begin with an empty one";
}

std::string shortened(std::string_view sql) {
    constexpr std::size_t most = 120;
    std::string text;
    for (const char c : sql.substr(0, most)) text += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    if (sql.size() > most) text += "...";
    return text;
}

}  // namespace sluice::sqlite
