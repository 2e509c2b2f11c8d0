// `dead-letters`: what was given up on is shown, removed, or processed once more.
//
// Request: "do" is ls, show, count, purge or replay; which ones: as DeadLetterChoice. Lines:
//   ls      {"place":…,"id":…,"source":…,"key":…,"error":…,…}, with "whole" the record with its place
//   show    the record with its place; {"missing":place}
//   purge   {"removed":n} as it goes on; {"missing":place} is not said: what is gone is gone
//   replay  {"place":…,"became":"done" | "skipped" | "dropped" | "dead" | "unchanged","error":…}; with "no_wait" none of them
//
// Threads      the control server's.
// Ownership    replays go on when their client goes away, but nothing more of them is begun, unless it did not want to wait.
// Limits       limits::replays_in_flight of all clients; limits::dead_letters_unsaid lines that a client has not read.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "admin/dead_letter_store.hpp"
#include "admin/queues.hpp"
#include "admin/socket/control_server.hpp"
#include "admin/socket/conversation.hpp"
#include "core/clock.hpp"

namespace sluice {

// One replay verb.
struct ReplayJob {
    DeadLetterChoice choice;
    DeadLetterStore::Cursor cursor;
    std::deque<StoredLetter> next;  // read and not yet begun
    bool all_read = false;
    bool cancelled = false;  // nothing more is begun
    std::uint64_t in_flight = 0;
    std::uint64_t begun = 0;
    std::uint64_t done = 0;  // and removed
    bool watched = false;    // somebody wants to hear the lines
    std::deque<std::string> lines;
    std::string error;  // why it cannot go on

    void say(std::string line) {
        if (watched) lines.push_back(std::move(line));
    }
    bool begins_more() const { return !cancelled && error.empty() && !(all_read && next.empty()); }
};

class DeadLetterService {
public:
    DeadLetterService(Queues& queues, const Clock& clock, Logger logger, std::shared_ptr<Waker> waker);
    DeadLetterService(const DeadLetterService&) = delete;
    DeadLetterService& operator=(const DeadLetterService&) = delete;

    Verb verb();
    // To be done at every turn of the server, and a last time when no replay can come back any more.
    void go_on();

private:
    class ReturnedReplays;
    struct Item;
    struct Ended {
        std::string place;
        std::string line;
        std::shared_ptr<ReplayJob> job;
        bool remove = false;
    };

    std::unique_ptr<Conversation> begin(const Node& request, Talk& talk);
    void take_back();
    void remove_done();
    void begin_more(const std::shared_ptr<ReplayJob>& job);
    bool begin_one(const std::shared_ptr<ReplayJob>& job, StoredLetter& stored);

    Queues& queues_;
    const Clock& clock_;
    const Logger logger_;
    const std::shared_ptr<Waker> waker_;
    const std::shared_ptr<ReturnedReplays> returned_;
    std::list<std::shared_ptr<ReplayJob>> jobs_;
    std::set<std::string> busy_;  // places under way
    std::vector<Ended> done_;     // processed and not yet removed
    bool said_stuck_ = false;
    std::uint64_t bytes_in_flight_ = 0;
};

}  // namespace sluice
