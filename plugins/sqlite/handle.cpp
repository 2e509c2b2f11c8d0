#include "handle.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>

namespace sluice::sqlite {
namespace {

// SQLite says "unable to open database file" of everything.
Failure cannot_open(const std::string& path, sqlite3* handle, int code) {
    std::string text = "SQLite cannot open \"" + path + "\": " + (handle ? text_of_last_error(handle) : sqlite3_errstr(code));
    if (handle != nullptr && sqlite3_system_errno(handle) == EMFILE) text += " (raise the limit of open files, `ulimit -n`)";
    return {status_of(code), text};
}

// `name`: what SQLite is told to open, which is the path or a URI of it.
Handle open_file(const std::string& path, const std::string& name, int flags, Patience& patience) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Handle handle(raw);  // also after an error: SQLite wants it closed then, too
    if (code != SQLITE_OK) throw cannot_open(path, raw, code);
    patience.apply_to(raw);
    // No statement, not even of the setup, may write into SQLite's own structures.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return handle;
}

// [reader] What a prepared statement may not do: each of these belongs to the adapter, or would break invariant 1.
int refuse_what_is_ours(void*, int action, const char*, const char*, const char*, const char*) {
    switch (action) {
        case SQLITE_TRANSACTION:
        case SQLITE_SAVEPOINT:
        case SQLITE_ATTACH:
        case SQLITE_DETACH:
        case SQLITE_PRAGMA:
        case SQLITE_CREATE_TEMP_INDEX:
        case SQLITE_CREATE_TEMP_TABLE:
        case SQLITE_CREATE_TEMP_TRIGGER:
        case SQLITE_CREATE_TEMP_VIEW: return SQLITE_DENY;
        default: return SQLITE_OK;
    }
}

// What the authorizer is not asked about: the first word, behind blanks and comments.
std::string first_word(std::string_view sql) {
    for (;;) {
        while (!sql.empty() && (std::isspace(static_cast<unsigned char>(sql.front())) || sql.front() == ';'))
            sql.remove_prefix(1);
        const bool is_line = sql.starts_with("--");
        if (!is_line && !sql.starts_with("/*")) break;
        const std::size_t end = is_line ? sql.find('\n') : sql.find("*/", 2);
        sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + (is_line ? 1 : 2));
    }
    std::string word;
    for (const char c : sql) {
        if (!std::isalpha(static_cast<unsigned char>(c))) break;
        word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return word;
}

Failure refused(std::string_view sql) {
    return {SLUICE_INVALID,
            "a statement may not begin or end transactions, attach databases, create temporary objects, set pragmas or run "
            "VACUUM, as "
            "\"" +
                shortened(sql) + "\" does: the adapter does that; pragmas go into `setup`"};
}

bool is_only_blank(sqlite3* handle, const char* text, const char* end) {
    while (text < end) {
        const char* tail = nullptr;
        sqlite3_stmt* statement = nullptr;
        const int code = sqlite3_prepare_v2(handle, text, static_cast<int>(end - text), &statement, &tail);
        sqlite3_finalize(statement);
        if (code != SQLITE_OK || statement != nullptr) return false;
        if (tail == nullptr || tail == text) break;
        text = tail;
    }
    return true;
}

}  // namespace

Handle open_for_writing(const std::string& path, Patience& patience, bool gives_back_space) {
    Handle handle = open_file(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, patience);
    // Has an effect only while the file is empty, so it stands before the first change.
    if (gives_back_space) run_script(handle.get(), "PRAGMA auto_vacuum=INCREMENTAL", "preparing \"" + path + "\" for writing");
    // The automatic checkpoint is off because the writer asks for checkpoints itself, after it has answered. A cache of 16 MiB
    // holds the upper levels of indexes far larger; the log shrinks to 64 MiB at a checkpoint after a reader made it grow.
    run_script(handle.get(),
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0;"
               "PRAGMA cache_size=-16384; PRAGMA journal_size_limit=67108864; PRAGMA cell_size_check=1",
               "preparing \"" + path + "\" for writing");
    const Prepared mode = prepare(handle.get(), "PRAGMA journal_mode");
    if (sqlite3_step(mode.get()) != SQLITE_ROW ||
        std::strcmp(reinterpret_cast<const char*>(sqlite3_column_text(mode.get(), 0)), "wal") != 0)
        throw Failure(SLUICE_UNAVAILABLE,
                      "\"" + path +
                          "\" cannot be put into WAL mode: put it on a local file system, and let no other program "
                          "hold it open in another mode");
    return handle;
}

Handle open_for_reading(const std::string& path, Patience& patience) {
    // Not SQLITE_OPEN_READONLY: a reader of a WAL keeps its marks in the shared index beside the file.
    Handle handle = open_file(path, path, SQLITE_OPEN_READWRITE, patience);
    sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    run_script(handle.get(), "PRAGMA query_only=1; PRAGMA wal_autocheckpoint=0; PRAGMA mmap_size=0; PRAGMA cell_size_check=1",
               "preparing \"" + path + "\" for reading");
    sqlite3_set_authorizer(handle.get(), refuse_what_is_ours, nullptr);
    return handle;
}

Handle open_to_look(const std::string& path, const char* parameters, Patience& patience) {
    std::string uri = "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            constexpr const char* digits = "0123456789ABCDEF";
            const auto code = static_cast<unsigned char>(c);
            uri.append(1, '%').append(1, digits[code >> 4]).append(1, digits[code & 15]);
        } else {
            uri += c;
        }
    }
    Handle handle = open_file(path, uri + "?" + parameters, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, patience);
    sqlite3_db_config(handle.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return handle;
}

void run_script(sqlite3* handle, const std::string& sql, std::string_view doing) {
    if (sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return;
    const Status error = last_error(handle);
    throw Failure(error.code(), std::string(doing) + ": " + error.text());
}

Prepared prepare(sqlite3* handle, std::string_view sql) {
    if (sql.empty()) throw Failure(SLUICE_INVALID, "the statement is empty");  // its data may be NULL, a misuse of SQLite
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const int code =
        sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, &tail);
    Prepared statement(raw);
    if (code != SQLITE_OK) {
        if ((code & 0xff) == SQLITE_AUTH) throw refused(sql);
        const int offset = sqlite3_error_offset(handle);
        const Status error = last_error(handle);  // whoever prepares says which statement it is
        throw Failure(error.code(), offset < 0
                                        ? error.text()
                                        : error.text() + ", at character " + std::to_string(offset + 1) + " of the statement");
    }
    if (!statement) throw Failure(SLUICE_INVALID, "the statement is empty");
    if (first_word(sql) == "VACUUM") throw refused(sql);
    if (!is_only_blank(handle, tail, sql.data() + sql.size()))
        throw Failure(SLUICE_INVALID, "more than one statement in \"" + shortened(sql) + "\": prepare them one by one");
    return statement;
}

Status step(sqlite3* handle, sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) [[likely]] {
        sqlite3_reset(statement);
        return SLUICE_OK;
    }
    Status error = last_error(handle, sqlite3_sql(statement));
    sqlite3_reset(statement);
    return error;
}

int bind(sqlite3_stmt* statement, std::span<const sluice_value> values) noexcept {
    int parameter = 0;
    for (const sluice_value& value : values) {
        ++parameter;
        int code = SQLITE_OK;
        switch (value.type) {
            case SLUICE_VALUE_INTEGER:
            case SLUICE_VALUE_BOOLEAN: code = sqlite3_bind_int64(statement, parameter, value.as.integer); break;
            case SLUICE_VALUE_REAL: code = sqlite3_bind_double(statement, parameter, value.as.real); break;
            case SLUICE_VALUE_TEXT:  // a NULL pointer would bind NULL instead of ''
                code = sqlite3_bind_text64(statement, parameter, value.as.bytes.size == 0 ? "" : value.as.bytes.data,
                                           value.as.bytes.size, SQLITE_STATIC, SQLITE_UTF8);
                break;
            case SLUICE_VALUE_BLOB:
                code = value.as.bytes.size == 0
                           ? sqlite3_bind_zeroblob(statement, parameter, 0)
                           : sqlite3_bind_blob64(statement, parameter, value.as.bytes.data, value.as.bytes.size, SQLITE_STATIC);
                break;
            default: code = sqlite3_bind_null(statement, parameter);
        }
        if (code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
}

sluice_value column(sqlite3_stmt* statement, int index) noexcept {
    sluice_value value{};
    const auto size = [&] { return static_cast<std::uint64_t>(sqlite3_column_bytes(statement, index)); };
    switch (sqlite3_column_type(statement, index)) {
        case SQLITE_INTEGER:
            value.type = SLUICE_VALUE_INTEGER;
            value.as.integer = sqlite3_column_int64(statement, index);
            break;
        case SQLITE_FLOAT:
            value.type = SLUICE_VALUE_REAL;
            value.as.real = sqlite3_column_double(statement, index);
            break;
        case SQLITE_TEXT:
            value.type = SLUICE_VALUE_TEXT;
            value.as.bytes.data = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
            value.as.bytes.size = size();
            break;
        case SQLITE_BLOB:
            value.type = SLUICE_VALUE_BLOB;
            value.as.bytes.data = static_cast<const char*>(sqlite3_column_blob(statement, index));
            value.as.bytes.size = size();
            break;
        default: value.type = SLUICE_VALUE_NULL;
    }
    return value;
}

}  // namespace sluice::sqlite
