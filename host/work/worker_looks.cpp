// What a worker tells of its messages: between two batches by itself, and from outside while it is inside a handler.
#include <algorithm>

#include "core/bytes.hpp"
#include "plugin/fault.hpp"
#include "work/worker.hpp"

namespace sluice {
namespace {

std::string describe(const Message& message) {
    const sluice_bytes id = message.view.id, key = message.view.key;
    return "message " + clean_text(view_of(id)) + (key.size == 0 ? "" : ", key \"" + clean_text(view_of(key)) + "\"");
}

}  // namespace

// A unit that runs has its time in running_since_ns_ until that is 0, and in busy_ns from then on; in between, for a moment, in
// neither. Its begin being the same before and after the counters were read, they are those of before its end.
WorkerCounts Worker::counts() const {
    const std::int64_t since =
        running_since_ns_.load(std::memory_order_acquire);  // keeps the reads in order, as those of the counters do
    WorkerCounts counts = counters_.read();
    if (since != 0 && running_since_ns_.load(std::memory_order_relaxed) == since)
        counts.busy_ns += static_cast<std::uint64_t>(std::max<std::int64_t>(clock_.now() - since, 0));
    return counts;
}

// From outside: no message leaves the worker while its backlog is lent, so the one in the handler stays as it is while we look.
std::string Worker::describe_current() {
    if (!lent_.borrow()) return {};
    std::string text;
    if (const Message* message = current_.load(std::memory_order_acquire)) text = describe(*message) + handler_.progress();
    lent_.give_back();
    return text;
}

void Worker::answer_looks() {
    for (const auto& look : looks_.take()) {
        backlog_.look(*look);
        look->committing = commits_.count(look->key_hash);
        look->paused_until_ns = now_ns_ < again_at_ns_ ? again_at_ns_ : 0;
        look->database_away = gate_.shut();
        if (look->paused_until_ns != 0 || look->database_away) look->pauses_for = pauses_for_;
        look->answer();
    }
}

void Worker::answer_from_outside() {
    if (!lent_.borrow()) return;
    for (const auto& look : looks_.take()) {
        backlog_.look(*look);
        look->in_handler = true;
        if (const Message* message = current_.load(std::memory_order_acquire))
            look->handling = describe(*message) + handler_.progress();
        look->handling_since_ns = running_since_ns();
        look->answer();
    }
    lent_.give_back();
}

}  // namespace sluice
