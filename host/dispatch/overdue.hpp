// Names the oldest message of a pool once it has not ended for longer than the pool's `warn_at`: since when, its key, and what
// it waits for.
//
//   the oldest message of the source is that old -> find the oldest of each such pool -> ask its worker about its key -> say so
//
// Threads      the source thread.
// Cost         is_due(): a few comparisons per turn of the source, nothing per message. look(): walks the source's messages,
//              about once per second at most, and only while one of them is that old.
// Ownership    pools and store outlive it.
// Limits       one line per pool and minute. Replayed dead letters are not looked at: somebody waits for those.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/message.hpp"
#include "observe/logging.hpp"
#include "observe/notice.hpp"
#include "work/pool_question.hpp"
#include "work/worker_pool.hpp"

namespace sluice {

class Overdue {
public:
    // Asks the worker that has the message about its key, or about messages without one.
    using Ask = std::function<std::shared_ptr<PoolQuestion>(const Message&)>;

    // `pools`, as messages number them, are added before the first question.
    explicit Overdue(const MessageStore& store) : store_(store) {}
    void add(WorkerPool& pool, Logger logger);

    // `oldest_ns`: when the oldest message that has not ended was received; 0 = there is none.
    bool is_due(std::int64_t now_ns, std::int64_t oldest_ns) const {
        return now_ns >= next_look_ns_ && oldest_ns != 0 && now_ns - oldest_ns >= least_ns_;
    }
    void look(std::int64_t now_ns, const Ask& ask);

private:
    struct Pool {
        WorkerPool* pool;
        Logger logger;
        std::int64_t warn_at_ns;  // 0 = never
        const Message* oldest = nullptr;
        std::shared_ptr<PoolQuestion> asked = nullptr;
        std::int64_t asked_ns = 0;
        std::string about = {};   // the message that was asked about, in words
        std::string remedy = {};  // as the end of a sentence
        RateLimit notices{60'000'000'000};
    };
    void ask_about(Pool& pool, std::int64_t now_ns, const Ask& ask);
    static void say(Pool& pool, std::int64_t now_ns);

    const MessageStore& store_;
    std::vector<Pool> pools_;
    std::int64_t least_ns_ = INT64_MAX;  // of all warn_at
    std::int64_t next_look_ns_ = 0;
};

// "its turn, behind 12 others in the queue of worker 3"
std::string waits_for(const PoolQuestion& question, std::int64_t now_ns);

}  // namespace sluice
