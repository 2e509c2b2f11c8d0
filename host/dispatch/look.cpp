// Where the messages of a key would go, and how many of them wait here.
#include <memory>

#include "dispatch/dispatcher.hpp"
#include "text/number.hpp"

namespace sluice {

void Dispatcher::ask(Pool& pool, const std::shared_ptr<KeyLook>& look, std::uint32_t worker, std::uint64_t key_hash) {
    look->worker = worker;
    look->key_hash = key_hash;
    const Line& line = pool.lines[worker];
    for (const Message* message = line.messages.first(); message != nullptr; message = message->next)
        look->waiting_for_room += message->key_hash == key_hash;
    for (const Message* message = pool.drain.held.first(); message != nullptr; message = message->next)
        look->waiting_for_room += message->key_hash == key_hash;
    line.worker->ask(look);
}

std::shared_ptr<KeyLook> Dispatcher::ask_about(const Message& message) {
    Pool& pool = pools_[message.pool];
    auto look = std::make_shared<KeyLook>();
    look->pool = pool.lane.pool->name();
    // One that came before a reload may have been at a worker that is no more, until it is routed again.
    ask(pool, look, message.worker < pool.lines.size() ? message.worker : 0, message.key_hash);
    bool is_here = false;
    for (const MessageList* list : {&pool.lines[look->worker].messages, &pool.drain.held})
        for (const Message* one = list->first(); one != nullptr; one = one->next) is_here |= one == &message;
    if (!is_here) look->waiting_for_room = 0;  // those that do are newer ones of its key
    return look;
}

void Dispatcher::answer(KeyQuestion& question) {
    // Asked before: workers that have not answered are inside a handler, and what waits at them may be looked at from here.
    if (question.placed.load(std::memory_order_relaxed)) {
        for (const auto& look : question.looks)
            if (look->by_key && !look->answered.load(std::memory_order_acquire))
                for (Pool& pool : pools_)
                    if (pool.lane.pool->name() == look->pool && look->worker < pool.lines.size())
                        pool.lines[look->worker].worker->answer_from_outside();
        return;
    }
    for (std::size_t i = 0; i < pools_.size(); ++i) {
        Pool& pool = pools_[i];
        auto look = std::make_shared<KeyLook>();
        look->pool = pool.lane.pool->name();
        look->told = question.told;
        const Router& router = router_.router(static_cast<std::uint32_t>(i));
        // Whoever asks for 1.0 asks for the number, where keys are found in bodies.
        const std::optional<std::string> number = router.reads_body() ? other_spelling(question.key) : std::nullopt;
        const auto place = router.place_of(number ? *number : question.key);
        look->by_key = place.has_value() && !pool.lane.least_loaded && pool.lane.keeps_order;
        question.looks.push_back(look);
        if (!look->by_key) {
            look->answer();
            continue;
        }
        ask(pool, look, place->worker, place->key_hash);
    }
    question.placed.store(true, std::memory_order_release);
    if (question.told) question.told();
}

}  // namespace sluice
