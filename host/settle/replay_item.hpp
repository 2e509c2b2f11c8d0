// A dead letter that goes through the host once more, from the admin thread to the source thread and back.
//
// Ownership    whoever holds it; the source thread from Replay::post until ReplayReturn::put.
#pragma once

#include <memory>
#include <string>

#include "core/message.hpp"
#include "settle/dead_letter_read.hpp"

namespace sluice {

struct ReplayItem;

// Where ended replays come back.
class ReplayReturn {
public:
    virtual ~ReplayReturn() = default;
    virtual void put(std::unique_ptr<ReplayItem> item) = 0;  // [any]
};

struct ReplayItem : Replayed {
    virtual ~ReplayItem() = default;  // whoever asked keeps more with it

    DeadLetter letter;
    std::shared_ptr<ReplayReturn> back;
    // How it ended. acked, skipped, dropped: to be removed from the store. dead_letter: stored anew in its place. released: as
    // it was.
    Outcome outcome = Outcome::none;
    std::string text;  // why, of the last two
};

}  // namespace sluice
