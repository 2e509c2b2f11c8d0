// The dead letters in the queue that keeps them: a page at a time, those that somebody means.
//
// Threads      one.
// Errors       what the adapter says; unsupported: it cannot show what it holds.
// Limits       limits::dead_letters_page records per page, or 16 MiB of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/request.hpp"
#include "core/error.hpp"
#include "plugin/port/queue_port.hpp"
#include "settle/dead_letter_read.hpp"

namespace sluice {

// Which dead letters a verb is about.
struct DeadLetterChoice {
    std::vector<std::string> names;  // the places or message ids of these; empty: all for which the rest holds
    std::optional<std::string> key;
    std::optional<std::string> number;  // the key as the number that it is, in the form that routes have of it
    std::optional<std::string> source;
    std::int64_t dead_until_ms = INT64_MAX;  // Unix time, included

    // The members "names", "key", "source" and "older_than_ms" of a request. Request::finish() says what is wrong with them.
    static DeadLetterChoice read(Request& request, std::int64_t now_ms);
    bool matches(const DeadLetter& letter) const;
};

struct StoredLetter {
    std::string place;
    std::string record;
    Result<DeadLetter> letter = Error{};  // what could be read of it
};

class DeadLetterStore {
public:
    // `queue` is open; its adapter can list.
    explicit DeadLetterStore(QueuePort& queue) : queue_(queue) {}

    struct Page {
        std::vector<StoredLetter> letters;
        std::vector<std::string> missing;  // names that nothing has
        bool last = false;                 // there are no more behind it; it may be empty without being the last
    };
    struct Cursor {
        std::string after;
        std::size_t next_name = 0;
        std::map<std::string, bool, std::less<>> ids;  // names that are no place, and whether a message has had it as its id
    };
    // The next of `choice` behind `cursor`, which is empty at first and is moved on.
    Result<Page> next(const DeadLetterChoice& choice, Cursor& cursor) const;

    // How many there were.
    Result<std::uint64_t> remove(const std::vector<std::string>& places) const;

private:
    Result<Page> next_by_place(const DeadLetterChoice& choice, Cursor& cursor) const;
    Result<Page> next_listed(const DeadLetterChoice& choice, Cursor& cursor) const;

    QueuePort& queue_;
};

}  // namespace sluice
