// A database adapter in memory whose answers a test decides. Keeps the rules of sluice/database.h unless told to break one.
#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/port/plugin_database.hpp"
#include "sluice/database.h"
#include "unit/connection.hpp"

namespace sluice {

class FakeDatabase {
public:
    struct Result {
        std::string id;  // what the message has written, or the id it was recorded with
        sluice_status status;
    };

    explicit FakeDatabase(std::string name = "db", bool deduplicates = false)
        : name_(std::move(name)),
          deduplicates_(deduplicates) {
        table_.struct_size = sizeof table_;
        table_.create = [](const sluice_setup*, void** self, sluice_fault*) -> sluice_status {
            *self = being_created_;
            return SLUICE_OK;
        };
        table_.capabilities = [](void* self) -> std::uint64_t {
            return SLUICE_DATABASE_SETTLES |
                   (static_cast<FakeDatabase*>(self)->deduplicates_ ? SLUICE_DATABASE_DEDUPLICATES : 0u);
        };
        table_.connect = [](void* self, const sluice_database_sink* sink, void** connection, sluice_fault*) -> sluice_status {
            auto& fake = *static_cast<FakeDatabase*>(self);
            if (fake.connect_answer != SLUICE_OK) return fake.connect_answer;
            *connection = new Line{fake, sink, {}, {}};
            ++fake.connected;
            return SLUICE_OK;
        };
        table_.disconnect = [](void* connection) {
            auto* line = static_cast<Line*>(connection);
            --line->database.connected;
            line->database.submitted_at_disconnect += line->submitted.size();
            delete line;
        };
        table_.prepare = [](void* connection, sluice_bytes, uint32_t* statement, sluice_fault* fault) -> sluice_status {
            if (const sluice_status answer = of(connection).prepare_answer; answer != SLUICE_OK)
                return sluice_fault_set(fault, answer, "no such table: t", 16);
            *statement = 1;
            return SLUICE_OK;
        };
        table_.unit_begin = [](void* connection, uint64_t* unit, sluice_fault* fault) {
            return of(connection).begin(connection, unit, fault);
        };
        table_.record_once = [](void* connection, uint64_t unit, sluice_ticket ticket, const sluice_identity* identity,
                                sluice_fault*) {
            of(connection).asked_for(*identity);
            return of(connection).record(connection, unit, ticket, text(identity->id));
        };
        table_.execute = [](void* connection, uint64_t unit, sluice_ticket ticket, uint32_t, const sluice_value* values,
                            uint32_t, sluice_fault* fault) -> sluice_status {
            if (of(connection).execute_throws) throw std::runtime_error("the adapter has a mistake");
            if (of(connection).execute_answer != SLUICE_QUEUED)
                return sluice_fault_set(fault, of(connection).execute_answer, "away", 4);
            const std::lock_guard lock(of(connection).mutex_);
            line(connection).units[unit].writes.push_back({ticket, text(values[0].as.bytes)});
            return SLUICE_QUEUED;
        };
        table_.settle = [](void* connection, uint64_t unit, sluice_bytes queue, const sluice_ticket* tickets,
                           const sluice_settlement* settlements, uint64_t count, sluice_fault* fault) {
            return of(connection).settle(connection, unit, text(queue), {tickets, count}, settlements, fault);
        };
        table_.drop = [](void* connection, uint64_t unit, sluice_ticket ticket) {
            ++of(connection).drops;
            of(connection).drop(connection, unit, ticket);
        };
        table_.forget = [](void* connection, uint64_t unit, sluice_ticket ticket) {
            of(connection).drop(connection, unit, ticket);
            const std::lock_guard lock(of(connection).mutex_);
            line(connection).units[unit].records.erase(ticket);
        };
        table_.seal = [](void* connection, uint64_t, sluice_fault* fault) {
            const sluice_status answer = of(connection).seal_answer;
            return answer == SLUICE_OK ? answer : sluice_fault_set(fault, answer, "not sealed", 10);
        };
        table_.commit_submit = [](void* connection, uint64_t unit, uint64_t token) {
            of(connection).submit(connection, unit, token);
        };
        table_.abandon_unit = [](void* connection, uint64_t unit) {
            const std::lock_guard lock(of(connection).mutex_);
            line(connection).units.erase(unit);
            ++of(connection).abandoned;
        };
        table_.resource_id = [](void* self) -> sluice_bytes {
            const std::string& its = static_cast<FakeDatabase*>(self)->resource;
            return {its.data(), its.size()};
        };
        table_.query = [](void*, uint64_t, sluice_ticket, uint32_t, const sluice_value*, uint32_t, const sluice_row_sink*,
                          sluice_fault*) -> sluice_status { return SLUICE_OK; };
        table_.keep_publishes = [](void* connection, uint64_t unit, sluice_ticket ticket, sluice_bytes publishes,
                                   sluice_fault* fault) {
            return of(connection).keep(connection, unit, ticket, publishes, fault);
        };
        table_.kept_publishes = [](void* connection, const sluice_identity* identity, const sluice_row_sink* sink,
                                   sluice_fault* fault) { return of(connection).find_kept(text(identity->id), *sink, fault); };
        table_.publishes_done = [](void* connection, const sluice_identity* const* identities, uint64_t count) {
            const std::lock_guard lock(of(connection).mutex_);
            for (uint64_t i = 0; i < count; ++i) of(connection).kept_.erase(text(identities[i]->id));
        };
        table_.restart = [](void* connection) {
            const std::lock_guard lock(of(connection).mutex_);
            line(connection).failed = false;
        };
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.name = {name_.data(), name_.size()};
        being_created_ = this;
        database.port = std::move(PluginDatabase::create(table_, setup)).value();
    }
    FakeDatabase(const FakeDatabase&) = delete;
    FakeDatabase& operator=(const FakeDatabase&) = delete;

    const std::string& name() const { return name_; }

    // Units wait for answer() from now on, instead of being committed at once.
    void hold(bool held = true) { held_ = held; }
    // From now on it can be asked; `ping_answer` is what it says.
    void can_be_asked() {
        table_.ping = [](void* self, sluice_fault* fault) -> sluice_status {
            auto& fake = *static_cast<FakeDatabase*>(self);
            ++fake.asked;
            return sluice_fault_set(fault, fake.ping_answer, "no answer", 9);
        };
    }
    // Ends the oldest unit that was submitted, whoever's it is. `results` name messages by what they have written.
    void answer(sluice_status status = SLUICE_OK, const std::vector<Result>& results = {}) {
        Line* from = nullptr;
        {
            const std::lock_guard lock(mutex_);
            from = submitted_.front();
            submitted_.pop_front();
        }
        end(*from, status, results);
    }
    std::size_t submitted() {
        const std::lock_guard lock(mutex_);
        return submitted_.size();
    }
    // What is durable, in the order it became so.
    std::vector<std::string> durable() {
        const std::lock_guard lock(mutex_);
        return durable_;
    }
    // What was to be recorded, in the order of the calls: "ID", or "ID STREAM POSITION END".
    std::vector<std::string> identities() {
        const std::lock_guard lock(mutex_);
        return identities_;
    }
    bool knows(const std::string& id) { return seen_.contains(id); }
    bool keeps(const std::string& id) { return kept_.contains(id); }
    void keeps(const std::string& id, std::string publishes) { kept_[id] = std::move(publishes); }
    // The delivery with this tag is another host's.
    void lose_lease(std::uint64_t tag) { lost_.insert("ack " + std::to_string(tag)); }

    Database database;
    sluice_status connect_answer = SLUICE_OK;
    std::string resource;
    sluice_status keep_answer = SLUICE_OK;
    sluice_status kept_answer = SLUICE_OK;
    std::atomic<sluice_status> ping_answer{SLUICE_OK};
    std::atomic<int> asked{0};
    sluice_status begin_answer = SLUICE_OK;
    sluice_status record_answer = SLUICE_OK;
    sluice_status execute_answer = SLUICE_QUEUED;
    bool execute_throws = false;
    sluice_status prepare_answer = SLUICE_OK;
    sluice_status settle_answer = SLUICE_QUEUED;
    bool settle_throws = false;
    bool finds_lost_leases_late = true;  // not: the unit fails, and says which are lost
    sluice_status seal_answer = SLUICE_OK;
    std::function<void()> on_submit;
    bool finds_duplicates_late = false;  // a test lists them in answer()
    std::string kills;                   // a commit of this write loses the connection
    bool commits_unknown = false;        // what is answered with SLUICE_UNKNOWN has happened
    bool answers_twice = false;
    bool submit_throws = false;
    std::atomic<int> connected{0};
    int abandoned = 0;
    std::atomic<int> drops{0};  // not those that forget the record, too
    int settle_calls = 0;
    std::size_t submitted_at_disconnect = 0;

private:
    struct Write {
        sluice_ticket ticket;
        std::string text;
    };
    struct UnitState {
        std::vector<Write> writes;
        std::map<sluice_ticket, std::string> records;
        std::map<sluice_ticket, std::string> kept;
    };
    struct Submitted {
        UnitState unit;
        std::uint64_t token;
    };
    struct Line {
        FakeDatabase& database;
        const sluice_database_sink* sink;
        std::map<std::uint64_t, UnitState> units;
        std::deque<Submitted> submitted;
        bool failed = false;  // until restart(), all units fail
    };

    static std::string text(sluice_bytes bytes) { return {bytes.data, static_cast<std::size_t>(bytes.size)}; }
    static Line& line(void* connection) { return *static_cast<Line*>(connection); }
    static FakeDatabase& of(void* connection) { return line(connection).database; }

    sluice_status begin(void* connection, uint64_t* unit, sluice_fault* fault) {
        if (begin_answer != SLUICE_OK) return sluice_fault_set(fault, begin_answer, "away", 4);
        const std::lock_guard lock(mutex_);
        *unit = ++units_;
        line(connection).units[*unit];
        return SLUICE_OK;
    }
    void asked_for(const sluice_identity& identity) {
        std::string said = text(identity.id);
        if (identity.stream_size != 0)
            said += " " + said.substr(0, identity.stream_size) + " " + std::to_string(identity.position) + " " +
                    std::to_string(identity.position_end);
        const std::lock_guard lock(mutex_);
        identities_.push_back(std::move(said));
    }
    sluice_status record(void* connection, uint64_t unit, sluice_ticket ticket, const std::string& id) {
        if (record_answer != SLUICE_OK) return record_answer;
        const std::lock_guard lock(mutex_);
        if (seen_.contains(id) && !finds_duplicates_late) return SLUICE_SEEN;
        line(connection).units[unit].records[ticket] = id;
        return SLUICE_OK;
    }
    sluice_status keep(void* connection, uint64_t unit, sluice_ticket ticket, sluice_bytes publishes, sluice_fault* fault) {
        if (keep_answer != SLUICE_OK) return sluice_fault_set(fault, keep_answer, "not kept", 8);
        const std::lock_guard lock(mutex_);
        line(connection).units[unit].kept[ticket] = text(publishes);
        return SLUICE_OK;
    }
    sluice_status find_kept(const std::string& id, const sluice_row_sink& sink, sluice_fault* fault) {
        if (kept_answer != SLUICE_OK) return sluice_fault_set(fault, kept_answer, "not found", 9);
        std::string publishes;
        {
            const std::lock_guard lock(mutex_);
            if (!kept_.contains(id)) return SLUICE_OK;
            publishes = kept_[id];
        }
        sluice_value value{};
        value.type = SLUICE_VALUE_BLOB;
        value.as.bytes = {publishes.data(), publishes.size()};
        sink.row(sink.context, &value, 1);
        return SLUICE_OK;
    }
    // Behind what the message has written.
    sluice_status settle(void* connection, uint64_t unit, const std::string& queue, std::span<const sluice_ticket> tickets,
                         const sluice_settlement* settlements, sluice_fault* fault) {
        if (settle_throws) throw std::runtime_error("the adapter has a mistake");
        if (settle_answer != SLUICE_QUEUED) return sluice_fault_set(fault, settle_answer, "not acked", 9);
        if (queue != "the queue") return SLUICE_INVALID;
        const std::lock_guard lock(mutex_);
        ++settle_calls;
        auto& writes = line(connection).units[unit].writes;
        for (std::size_t i = 0; i < tickets.size(); ++i) {
            const auto is_its = [&](const Write& write) { return write.ticket == tickets[i]; };
            const auto behind = std::find_if(writes.rbegin(), writes.rend(), is_its).base();
            writes.insert(behind == writes.begin() ? writes.end() : behind,
                          {tickets[i], "ack " + std::to_string(settlements[i].tag)});
        }
        return SLUICE_QUEUED;
    }
    void drop(void* connection, uint64_t unit, sluice_ticket ticket) {
        const std::lock_guard lock(mutex_);
        std::erase_if(line(connection).units[unit].writes, [&](const Write& write) { return write.ticket == ticket; });
    }
    void submit(void* connection, uint64_t unit, uint64_t token) {
        {
            const std::lock_guard lock(mutex_);
            Line& from = line(connection);
            from.submitted.push_back({std::move(from.units[unit]), token});
            from.units.erase(unit);
            submitted_.push_back(&from);
        }
        if (on_submit) on_submit();
        if (!held_) end_oldest_of(line(connection));
        if (submit_throws) throw std::runtime_error("the connection broke");
    }
    void end_oldest_of(Line& from) {
        {
            const std::lock_guard lock(mutex_);
            submitted_.erase(std::find(submitted_.begin(), submitted_.end(), &from));
        }
        end(from, SLUICE_OK, {});
    }
    void end(Line& from, sluice_status status, const std::vector<Result>& results) {
        std::vector<sluice_commit_result> listed;
        std::uint64_t token;
        {
            const std::lock_guard lock(mutex_);
            const Submitted ended = std::move(from.submitted.front());
            from.submitted.pop_front();
            token = ended.token;
            if (from.failed) status = SLUICE_CONFLICT;
            std::set<sluice_ticket> bad;
            for (const Write& write : ended.unit.writes)
                if (!kills.empty() && write.text == kills) status = SLUICE_UNAVAILABLE;
            for (const Result& result : results) {
                for (const Write& write : ended.unit.writes)
                    if (write.text == result.id && bad.insert(write.ticket).second)
                        listed.push_back({write.ticket, result.status, 0, {"refused", 7}});
                if (result.status == SLUICE_SEEN)
                    for (const auto& [ticket, id] : ended.unit.records)
                        if (id == result.id && bad.insert(ticket).second)
                            listed.push_back({ticket, SLUICE_SEEN, 0, {nullptr, 0}});
                if (result.status == SLUICE_CONFLICT || result.status == SLUICE_UNAVAILABLE || result.status == SLUICE_UNKNOWN)
                    from.failed = true;
            }
            for (const Write& write : ended.unit.writes)
                if (lost_.contains(write.text) && bad.insert(write.ticket).second)
                    listed.push_back({write.ticket, SLUICE_LOST_LEASE, 0, {"refused", 7}});
            if (!bad.empty() && !finds_lost_leases_late) status = SLUICE_CONFLICT;
            if (status != SLUICE_OK) {
                from.failed = true;
                std::erase_if(listed, [](const auto& result) { return result.status != SLUICE_LOST_LEASE; });
            }
            if (status == SLUICE_OK || (status == SLUICE_UNKNOWN && commits_unknown)) {
                for (const Write& write : ended.unit.writes)
                    if (!bad.contains(write.ticket)) durable_.push_back(write.text);
                for (const auto& [ticket, id] : ended.unit.records)
                    if (!bad.contains(ticket)) seen_.insert(id);
                for (const auto& [ticket, publishes] : ended.unit.kept)
                    if (!bad.contains(ticket)) kept_[ended.unit.records.at(ticket)] = publishes;
            }
        }
        const std::string_view why = status == SLUICE_OK ? "" : "the commit failed";
        for (int i = 0; i < (answers_twice ? 2 : 1); ++i)
            from.sink->committed(from.sink->context, token, status, listed.data(), listed.size(), {why.data(), why.size()});
    }

    static inline FakeDatabase* being_created_ = nullptr;
    const std::string name_;
    const bool deduplicates_;
    sluice_database table_{};
    std::mutex mutex_;
    std::deque<Line*> submitted_;
    std::vector<std::string> durable_;
    std::vector<std::string> identities_;
    std::set<std::string> seen_;
    std::map<std::string, std::string> kept_;  // of recorded messages
    std::set<std::string> lost_;
    std::uint64_t units_ = 0;
    bool held_ = false;
};

}  // namespace sluice
