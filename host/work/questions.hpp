// Questions about keys that a worker is asked: it answers them between two batches, and others answer them for it while it is
// inside a handler.
//
// Threads      ask, answer_from_outside: any. The rest: whoever runs the worker.
// Ownership    refers to what the worker has, which outlives it. A question is shared with whoever asks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "queue/mailbox.hpp"
#include "unit/commits.hpp"
#include "unit/handler_host.hpp"
#include "work/backlog.hpp"
#include "work/pool_question.hpp"
#include "work/recovery.hpp"
#include "work/under_way.hpp"

namespace sluice {

class Questions {
public:
    Questions(const Backlog& backlog, const Commits& commits, const Recovery& recovery, const HandlerHost& handler,
              UnderWay& under_way)
        : backlog_(backlog),
          commits_(commits),
          recovery_(recovery),
          handler_(handler),
          under_way_(under_way) {}

    // The worker is to be woken after this.
    void ask(std::shared_ptr<PoolQuestion> question) { asked_.post(std::move(question)); }
    bool waiting() const { return asked_.waiting(); }
    void answer(std::int64_t now_ns);
    // Does nothing if the worker is not inside a handler: then it answers itself.
    void answer_from_outside();
    // Any thread: the message in the handler now, in words, and how far that says it is; empty if there is none.
    std::string describe_current();

private:
    std::string describe() const;

    const Backlog& backlog_;
    const Commits& commits_;
    const Recovery& recovery_;
    const HandlerHost& handler_;
    UnderWay& under_way_;
    Mailbox<std::shared_ptr<PoolQuestion>> asked_;
};

}  // namespace sluice
