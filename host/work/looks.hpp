// Questions about keys that a worker is asked: it answers them between two batches, and others answer them for it while it is
// inside a handler.
//
// Threads      ask, answer_from_outside: any. The rest: whoever runs the worker.
// Ownership    refers to what the worker has, which outlives it. A look is shared with whoever asks.
#pragma once

#include <cstdint>
#include <memory>

#include "queue/mailbox.hpp"
#include "unit/commits.hpp"
#include "work/backlog.hpp"
#include "work/key_look.hpp"
#include "work/recovery.hpp"
#include "work/under_way.hpp"

namespace sluice {

class Looks {
public:
    Looks(const Backlog& backlog, const Commits& commits, const Recovery& recovery, UnderWay& under_way)
        : backlog_(backlog),
          commits_(commits),
          recovery_(recovery),
          under_way_(under_way) {}

    // The worker is to be woken after this.
    void ask(std::shared_ptr<KeyLook> look) { asked_.post(std::move(look)); }
    bool waiting() const { return asked_.waiting(); }
    void answer(std::int64_t now_ns);
    // Does nothing if the worker is not inside a handler: then it answers itself.
    void answer_from_outside();

private:
    const Backlog& backlog_;
    const Commits& commits_;
    const Recovery& recovery_;
    UnderWay& under_way_;
    Mailbox<std::shared_ptr<KeyLook>> asked_;
};

}  // namespace sluice
