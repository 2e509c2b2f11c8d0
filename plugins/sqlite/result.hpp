// What SQLite's result codes mean for the message, the database and the host. One table, and the one case that needs a look.
//
// Threads  any; what takes a handle: whoever uses it.
// Errors   four answers:
//            SLUICE_CONSTRAINT, SLUICE_INVALID   the one message whose statement said so is at fault
//            SLUICE_UNAVAILABLE                  passes or can be mended while we wait: tried again, does not count as an
//                                                attempt
//            SLUICE_CORRUPT, SLUICE_FAILED       permanent: the host ends and says why
#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>

#include "sluice/sdk/status.hpp"

namespace sluice::sqlite {

// Of a primary or extended code; an extended code without a row of its own means what its primary code does.
sluice_status status_of(int code) noexcept;

inline bool is_fault_of_message(sluice_status status) {
    return status == SLUICE_CONSTRAINT || status == SLUICE_INVALID || status == SLUICE_LOST_LEASE;
}
inline bool is_permanent(sluice_status status) {
    return status == SLUICE_CORRUPT || status == SLUICE_FAILED;
}

// A failure that is none of the messages': what is permanent stays so by name, the rest is SLUICE_UNAVAILABLE.
Status blameless(const Status& status);
// A failure at a table of our own, whose values are ours: what would be a message's fault elsewhere is damage here, and a
// statement that does not fit any more SLUICE_FAILED.
Status of_own_table(sqlite3* handle, std::string_view doing);

// Status and text of the handle's last error; `sql` names the statement, cut to a readable length. SQLITE_ERROR is what a
// function says of its values ("malformed JSON") as well as what a statement says that does not fit the tables any more ("no
// such table"): the first is the message's fault, the second is not. Which it is shows when the statement is compiled once
// more.
Status last_error(sqlite3* handle, std::string_view sql = {});
// SLUICE_OK: the statement compiles.
Status fits(sqlite3* handle, std::string_view sql);

// SQLite's text, and what the operating system said where it did.
std::string text_of_last_error(sqlite3* handle);
// What is said of a file whose contents SQLite does not understand.
std::string damaged(std::string_view path, std::string_view what);
std::string shortened(std::string_view sql);

}  // namespace sluice::sqlite
