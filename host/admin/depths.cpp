#include "admin/depths.hpp"

#include <fmt/format.h>

#include "admin/request.hpp"
#include "core/saturating.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

void add_depths(JsonFields& fields, QueuePort& queue, std::int64_t now_ms) {
    const Result<sluice_queue_depths> told = queue.depths();
    if (!told) {
        fields.add("error", told.error().message);
        return;
    }
    const sluice_queue_depths& depths = *told;
    fields.add("ready", depths.ready)
        .add("delayed", depths.delayed)
        .add("in_flight", depths.in_flight)
        .add("dead", depths.dead);
    fields.add("bytes", depths.bytes);
    if (depths.messages_max != 0) fields.add("messages_max", depths.messages_max);
    if (depths.bytes_max != 0) fields.add("bytes_max", depths.bytes_max);
    if (depths.oldest_ms != 0)
        fields.add("oldest_ms", depths.oldest_ms)
            .add("oldest_age_ms", std::max<std::int64_t>(saturating_subtract(now_ms, depths.oldest_ms), 0));
}

}  // namespace

Verb depths_verb(Queues& queues, const Clock& clock) {
    return [&queues, &clock](const Node& request, Talk& talk) -> std::unique_ptr<Conversation> {
        if (const Result<void> right = Request(request).finish(); !right) return talk.end(2, right.error().message), nullptr;
        for (const SeenQueue& seen : queues.all()) {
            JsonFields fields;
            fields.add("role", seen.role).add("name", seen.name);
            if (seen.absent)
                fields.add("ready", std::uint64_t{0})
                    .add("delayed", std::uint64_t{0})
                    .add("in_flight", std::uint64_t{0})
                    .add("dead", std::uint64_t{0})
                    .add("bytes", std::uint64_t{0});
            else if (!seen.error.empty())
                fields.add("error", seen.error);
            else if (seen.queue != nullptr && seen.queue->can_count())
                add_depths(fields, *seen.queue, clock.wall_ms());
            talk.say(fmt::format("{{{}}}", fields.view()));
        }
        talk.end(0);
        return nullptr;
    };
}

}  // namespace sluice
