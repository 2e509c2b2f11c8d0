// A created queue adapter, driven through its table: what both roles have. What it does against the rules of sluice/queue.h
// stands in `broken`, and fails the test at the end.
//
// Threads  interrupt, wake and what the header tags [any]: any. The rest: one at a time.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine.hpp"
#include "host.hpp"
#include "plugin.hpp"

namespace sluice::contract {

using Facts = std::vector<std::pair<std::string, std::string>>;

// What a list or a get has handed out.
struct Stored {
    std::string place, id, key, body;
    std::uint32_t state = 0;
    std::uint32_t attempt = 0;
    std::int64_t enqueued_ms = 0;
    std::int64_t due_ms = 0;
};

class Adapter {
public:
    Adapter(const QueueEngine& engine, const Folder& folder, std::uint32_t role, Options options, Sizes sizes,
            bool has_state_dir = true);
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;
    ~Adapter();  // destroys it; who derives from this has closed it

    const Answer& created() const { return created_; }
    bool is_open() const { return is_open_; }
    void close();

    // ---- any thread, from open to close ----
    void interrupt() { table_.interrupt(self_); }
    std::uint64_t capabilities() { return table_.capabilities(self_); }
    std::string resource_id() { return table_.resource_id ? std::string(view(table_.resource_id(self_))) : ""; }
    std::string name_in_unit() { return table_.name_in_unit ? std::string(view(table_.name_in_unit(self_))) : ""; }
    Answer depths(sluice_queue_depths& depths);
    // Wants no more than `most`.
    Answer list(const std::string& after, std::vector<Stored>& found, std::size_t most = SIZE_MAX);
    Answer get(const std::string& place, std::vector<Stored>& found);
    Answer remove(const std::vector<std::string>& places, std::uint64_t& removed);

    // ---- control ----
    Answer limits(sluice_queue_limits& limits);
    Answer probe(Facts& facts);
    Answer service(std::uint32_t& next_ms);

    const sluice_queue& table() const { return table_; }
    const Sizes& sizes() const { return host_.sizes(); }
    void note(const std::string& rule) {
        const std::lock_guard lock(mutex_);
        broken_.push_back(rule);
    }

protected:
    template <typename Call>
    Answer call(Call&& what) {
        Answer answer = ask(host_.sizes(), [&](sluice_fault* fault) { return what(table_, self_, fault); });
        if (!answer.fault.empty()) note(answer.fault);
        return answer;
    }

    const std::string name_;
    Host host_;
    const sluice_queue table_;
    void* self_ = nullptr;
    Answer created_;
    bool is_open_ = false;

private:
    template <typename Call>
    Answer show(std::vector<Stored>& found, std::size_t most, Call&& what);

    std::mutex mutex_;
    std::vector<std::string> broken_;  // guarded by mutex_
};

}  // namespace sluice::contract
