#include "work/looks.hpp"

namespace sluice {

void Looks::answer(std::int64_t now_ns) {
    for (const auto& look : asked_.take()) {
        backlog_.look(*look);
        look->committing = commits_.count(look->key_hash);
        look->paused_until_ns = recovery_.pauses(now_ns) ? recovery_.again_at_ns() : 0;
        look->database_away = recovery_.gate().shut();
        if (look->paused_until_ns != 0 || look->database_away) look->pauses_for = recovery_.why();
        look->answer();
    }
}

void Looks::answer_from_outside() {
    if (!under_way_.lent.borrow()) return;
    for (const auto& look : asked_.take()) {
        backlog_.look(*look);
        look->in_handler = true;
        look->handling = describe();
        look->handling_since_ns = under_way_.unit_since_ns.load(std::memory_order_relaxed);
        look->answer();
    }
    under_way_.lent.give_back();
}

std::string Looks::describe_current() {
    if (!under_way_.lent.borrow()) return {};
    std::string text = describe();
    under_way_.lent.give_back();
    return text;
}

std::string Looks::describe() const {
    const std::string message = under_way_.describe_message();
    return message.empty() ? message : message + handler_.progress();
}

}  // namespace sluice
