#include "work/questions.hpp"

namespace sluice {

void Questions::answer(std::int64_t now_ns) {
    for (const auto& question : asked_.take()) {
        backlog_.answer(*question);
        question->committing = commits_.count(question->key_hash);
        question->paused_until_ns = recovery_.pauses(now_ns) ? recovery_.again_at_ns() : 0;
        question->database_away = recovery_.gate().shut();
        if (question->paused_until_ns != 0 || question->database_away) question->pauses_for = recovery_.why();
        question->answer();
    }
}

void Questions::answer_from_outside() {
    if (!under_way_.lock.try_lock()) return;
    for (const auto& question : asked_.take()) {
        backlog_.answer(*question);
        question->in_handler = true;
        question->handling = describe();
        question->handling_since_ns = under_way_.unit_since_ns.load(std::memory_order_relaxed);
        question->answer();
    }
    under_way_.lock.unlock();
}

std::string Questions::describe_current() {
    if (!under_way_.lock.try_lock()) return {};
    std::string text = describe();
    under_way_.lock.unlock();
    return text;
}

std::string Questions::describe() const {
    const std::string message = under_way_.describe_message();
    return message.empty() ? message : message + handler_.progress();
}

}  // namespace sluice
