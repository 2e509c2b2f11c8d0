#include "dispatch/key_question.hpp"

#include <optional>

#include "dispatch/pool_feed.hpp"
#include "text/number.hpp"

namespace sluice {
namespace {

// Where the messages of the key go, and how many of them wait here.
void place(PoolQuestion& part, const PoolFeed& pool, std::uint32_t worker, std::uint64_t key_hash) {
    part.worker = worker;
    part.key_hash = key_hash;
    pool.each_waiting(worker, [&](const Message& message) { part.waiting_for_room += message.key_hash == key_hash; });
}

void ask(const std::shared_ptr<PoolQuestion>& part, PoolFeed& pool) {
    pool.options().pool->worker(part->worker).ask(part);
}

// Workers that have not answered are inside a handler, and what waits at them may be looked at from here.
void answer_for_workers(const std::vector<std::shared_ptr<PoolQuestion>>& parts, std::span<PoolFeed> pools) {
    for (const auto& part : parts)
        if (part->by_key && !part->answered.load(std::memory_order_acquire))
            for (PoolFeed& feed : pools)
                if (WorkerPool& pool = *feed.options().pool; pool.name() == part->pool && part->worker < pool.size())
                    pool.worker(part->worker).answer_from_outside();
}

}  // namespace

void KeyQuestion::answer(std::span<PoolFeed> pools) {
    if (placed.load(std::memory_order_relaxed)) return answer_for_workers(parts, pools);
    for (PoolFeed& pool : pools) {
        auto part = std::make_shared<PoolQuestion>();
        part->pool = pool.options().pool->name();
        part->told = told;
        // Whoever asks for 1.0 asks for the number, where keys are found in bodies.
        const std::optional<std::string> number = pool.router().reads_body() ? other_spelling(key) : std::nullopt;
        const auto found = pool.router().place_of(number ? *number : key);
        part->by_key = found.has_value() && !pool.options().least_loaded && pool.options().keeps_order;
        parts.push_back(part);
        if (!part->by_key) {
            part->answer();
            continue;
        }
        place(*part, pool, found->worker, found->key_hash);
        ask(part, pool);
    }
    placed.store(true, std::memory_order_release);
    if (told) told();
}

std::shared_ptr<PoolQuestion> ask_about(const Message& message, PoolFeed& pool) {
    auto part = std::make_shared<PoolQuestion>();
    part->pool = pool.options().pool->name();
    // One that came before a reload may have been at a worker that is no more, until it is routed again.
    const std::uint32_t worker = message.worker < pool.options().pool->size() ? message.worker : 0;
    bool is_here = false;
    pool.each_waiting(worker, [&](const Message& one) { is_here |= &one == &message; });
    place(*part, pool, worker, message.key_hash);
    if (!is_here) part->waiting_for_room = 0;  // those that do are newer ones of its key
    ask(part, pool);
    return part;
}

}  // namespace sluice
