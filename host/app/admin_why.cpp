#include "app/admin_why.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "admin/request.hpp"
#include "core/clock.hpp"
#include "text/json_text.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

constexpr std::int64_t ask_again_ns = 500 * ns_per_ms;  // a handler that takes longer is looked past
constexpr std::int64_t give_up_ns = 3'000 * ns_per_ms;

class Why final : public Conversation {
public:
    Why(PartDirectory parts, const Clock& clock, std::vector<std::string> sources, std::string pool, const std::string& key,
        std::shared_ptr<Waker> waker)
        : parts_(parts),
          clock_(clock),
          pool_(std::move(pool)),
          asked_ns_(clock.now()) {
        for (std::string& source : sources) {
            auto question = std::make_shared<KeyQuestion>();
            question->key = key;
            question->told = [waker] { waker->wake(); };
            questions_.emplace_back(std::move(source), question);
            parts_.ask(questions_.back().first, question);
        }
    }

    void go_on(Talk& talk) override {
        const std::int64_t waited = clock_.now() - asked_ns_;
        const bool all = std::ranges::all_of(questions_, [](const auto& asked) { return is_answered(*asked.second); });
        if (!all && waited < give_up_ns) {
            if (waited > ask_again_ns)
                for (const auto& [source, question] : questions_)
                    if (!is_answered(*question)) parts_.ask(source, question);
            return;
        }
        for (const auto& [source, question] : questions_) tell(source, *question, talk);
        talk.end(0);
    }

private:
    static bool is_answered(const KeyQuestion& question) {
        return question.placed.load(std::memory_order_acquire) && std::ranges::all_of(question.parts, [](const auto& part) {
                   return part->answered.load(std::memory_order_acquire);
               });
    }

    void tell(const std::string& source, const KeyQuestion& question, Talk& talk) const {
        if (!question.placed.load(std::memory_order_acquire)) {
            JsonFields fields;
            fields.add("source", source).add("silent", true);
            return talk.say(fmt::format("{{{}}}", fields.view()));
        }
        for (const auto& part : question.parts) {
            if (!pool_.empty() && part->pool != pool_) continue;
            JsonFields fields;
            fields.add("source", source).add("pool", part->pool);
            if (const NotPolled& why = question.not_polled; !why.reason.empty())
                fields.add("not_polled_because", why.reason)
                    .add("not_polled_ms", std::max<std::int64_t>((clock_.now() - why.since_ns) / ns_per_ms, 0));
            if (!part->by_key)
                fields.add("by_key", false);
            else
                tell(*part, fields);
            talk.say(fmt::format("{{{}}}", fields.view()));
        }
    }

    void tell(const PoolQuestion& part, JsonFields& fields) const {
        const std::int64_t now = clock_.now();
        const auto add = [&](const char* name, std::int64_t value) {
            if (value != 0) fields.add(name, value);
        };
        fields.add("worker", std::uint64_t{part.worker});
        add("waiting_for_room", part.waiting_for_room);
        if (!part.answered.load(std::memory_order_acquire)) {
            fields.add("silent", true);
            return;
        }
        if (part.queued != 0) fields.add("queued", std::uint64_t{part.queued}).add("before", std::uint64_t{part.before});
        fields.add("depth", std::uint64_t{part.depth});
        add("held", part.held);
        if (part.deferred) {
            fields.add("deferred", true);
            add("parked", part.parked);
        } else if (part.parked != 0) {
            fields.add("parked", std::uint64_t{part.parked}).add("attempt", std::uint64_t{part.attempt});
            fields.add("retry_in_ms", std::max<std::int64_t>((part.due_ns - now) / ns_per_ms, 0))
                .add("parked_id", part.parked_id);
            if (!part.parked_error.empty()) fields.add("parked_error", part.parked_error);
        }
        add("run_again", part.run_again);
        add("committing", part.committing);
        if (part.paused_until_ns > now) add("paused_ms", (part.paused_until_ns - now) / ns_per_ms);
        if (!part.pauses_for.empty()) fields.add("pauses_for", part.pauses_for);
        if (part.blocked) fields.add("worker_waits", true);
        if (part.database_away) fields.add("database_away", true);
        if (part.in_handler)
            fields.add("handling", part.handling).add("handling_ms", (now - part.handling_since_ns) / ns_per_ms);
    }

    const PartDirectory parts_;
    const Clock& clock_;
    const std::string pool_;
    const std::int64_t asked_ns_;
    std::vector<std::pair<std::string, std::shared_ptr<KeyQuestion>>> questions_;
};

}  // namespace

Verb why_verb(PartDirectory parts, const Clock& clock, std::shared_ptr<Waker> waker) {
    return [parts, &clock, waker = std::move(waker)](const Node& node, Talk& talk) -> std::unique_ptr<Conversation> {
        Request request(node);
        const std::string source = request.text("source").value_or("");
        const std::string pool = request.text("pool").value_or("");
        const std::string key = request.text("key").value_or("");
        if (const Result<void> right = request.finish(); !right) return talk.end(2, right.error().message), nullptr;
        std::vector<std::string> sources = parts.source_names();
        if (!source.empty()) {
            if (std::ranges::find(sources, source) == sources.end())
                return talk.end(2, fmt::format("there is no source \"{}\"{}", source, did_you_mean_or_list(source, sources))),
                       nullptr;
            sources = {source};
        }
        return std::make_unique<Why>(parts, clock, std::move(sources), pool, key, waker);
    };
}

}  // namespace sluice
