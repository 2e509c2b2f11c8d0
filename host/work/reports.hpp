// What a worker tells its source: which messages have ended, in order, and which attempts have failed. Collected while the
// worker runs and sent once per run.
//
// Threads      whoever runs the worker.
// Ownership    the messages are the source's once they are sent.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/clock.hpp"
#include "queue/confirmed.hpp"
#include "queue/event_count.hpp"
#include "queue/inbox.hpp"

namespace sluice {

class Reports {
public:
    // To the pool's source: its inbox and its event count, and what it has confirmed.
    struct ReturnPath {
        Inbox<Outcomes>& outcomes;
        EventCount& event_count;
        const Confirmed& confirmed;
        bool keeps_attempts = false;  // the source hears of each failed attempt
    };

    explicit Reports(ReturnPath return_path) : return_path_(return_path) {}

    const ReturnPath& return_path() const { return return_path_; }
    void ended(Message* message) { collected().messages.push_back(message); }
    // If the source wants to hear of it. `message` is to be tried again, with that attempt's number.
    void failed_attempt(const Message& message, std::int64_t delay_ns, std::string_view reason) {
        if (return_path_.keeps_attempts && !message.replayed)
            collected().attempts.push_back({message.tag, message.view.attempt, delay_ns / ns_per_ms, std::string(reason)});
    }
    void send() {
        if (!collected_) return;
        return_path_.outcomes.push(collected_.release());
        return_path_.event_count.notify_soon();
    }

private:
    Outcomes& collected() {
        if (!collected_) collected_ = std::make_unique<Outcomes>();
        return *collected_;
    }

    const ReturnPath return_path_;
    std::unique_ptr<Outcomes> collected_;  // NULL: nothing since the last send()
};

}  // namespace sluice
