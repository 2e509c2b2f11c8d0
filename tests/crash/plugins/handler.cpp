// Handlers: faults at handle.before and handle.after, and a line for each message that a call was made with. With
// SLUICE_FAULTY_TOGETHER=1 they take many messages in one call, too: faults at together.before, together.after, and
// together.each, between two of them; what a body wants to fail is then left to handle(), and "drill":"spoil" throws out of the
// whole call.
//
// A body may say by itself how its calls end, before the real handler sees it: "drill":"retry:2" and "drill":"throw:2" fail the
// first two attempts, "drill":"never" is rejected, and so is "drill":"reject" unless SLUICE_FAULTY_MENDED is 1, or names a file
// that is there.
// "drill":"later:20" defers the first attempt, which then is resumed after 20 ms, on the bell's thread, and completed once
// more, which must be stale.
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "faults.hpp"
#include "tables.hpp"

namespace faulty {
namespace {

sluice_handler real{};

struct Publisher {
    const sluice_host_api* api = nullptr;
    sluice_host* host = nullptr;
    std::uint32_t target = 0;
};

std::mutex mutex;
std::map<void*, Publisher> publishers;

sluice_verdict publish(void* self, const sluice_message& message, sluice_ticket ticket, sluice_fault* fault) {
    std::unique_lock lock(mutex);
    const auto found = publishers.find(self);
    if (found == publishers.end()) return SLUICE_DONE;
    const Publisher publisher = found->second;
    lock.unlock();
    sluice_outgoing outgoing{};
    outgoing.struct_size = sizeof outgoing;
    outgoing.body = message.body;
    outgoing.key = message.key;
    outgoing.id = message.id;
    const sluice_status status = publisher.api->publish(publisher.host, ticket, publisher.target, &outgoing, fault);
    return status == SLUICE_OK || status == SLUICE_QUEUED ? SLUICE_DONE : SLUICE_RETRY;
}

sluice_verdict say(sluice_fault* fault, sluice_verdict verdict, const char* text) {
    sluice_fault_set(fault, SLUICE_FAILED, text, std::strlen(text));
    return verdict;
}

// What the body says to its handler: WORD:NUMBER.
struct Said {
    std::string_view word;
    std::uint32_t number = 0;
};

Said said_by(std::string_view body) {
    constexpr std::string_view begin = "\"drill\":\"";
    const auto found = body.find(begin);
    if (found == body.npos) return {};
    Said said{body.substr(found + begin.size())};
    said.word = said.word.substr(0, said.word.find('"'));
    const auto colon = std::min(said.word.find(':'), said.word.size());
    for (const char digit : said.word.substr(std::min(colon + 1, said.word.size())))
        said.number = 10 * said.number + static_cast<std::uint32_t>(digit - '0');
    said.word = said.word.substr(0, colon);
    return said;
}

bool is_mended() {
    static const char* const mended = std::getenv("SLUICE_FAULTY_MENDED");
    return mended != nullptr && (std::string_view(mended) == "1" || ::access(mended, F_OK) == 0);
}

// 0: nothing is said.
sluice_verdict told_by_body(const sluice_message& message, sluice_fault* fault) {
    const Said said = said_by(view(message.body));
    if (said.word == "never" || (said.word == "reject" && !is_mended()))
        return say(fault, SLUICE_REJECT, "rejected by its body");
    if (message.attempt > said.number) return 0;
    if (said.word == "throw") throw std::runtime_error("thrown by its body");
    return said.word == "retry" ? say(fault, SLUICE_RETRY, "failed by its body") : 0;
}

void record_call(const sluice_message& message, sluice_verdict verdict) {
    if (!records()) return;
    std::string line;
    append_line(line,
                "h " + std::string(view(message.id)) + ' ' + std::to_string(message.attempt) + ' ' + std::to_string(verdict));
    record(line);
}

// The messages that are to go on later, of all instances.
class Bell {
public:
    void set(void* self, sluice_ticket ticket, std::chrono::milliseconds delay) {
        const std::lock_guard lock(mutex_);
        waiting_.emplace(Clock::now() + delay, Waiting{self, ticket});
        change_.notify_one();
        if (!thread_.joinable()) thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
    }
    void know(void* self, const sluice_setup& setup) {
        const std::lock_guard lock(mutex_);
        hosts_[self] = {setup.api, setup.host};
    }
    // Afterwards nothing is asked of its host any more.
    void forget(void* self) {
        const std::lock_guard lock(mutex_);
        hosts_.erase(self);
        std::erase_if(waiting_, [&](const auto& one) { return one.second.self == self; });
    }

private:
    using Clock = std::chrono::steady_clock;
    struct Waiting {
        void* self;
        sluice_ticket ticket;
    };
    struct Host {
        const sluice_host_api* api;
        sluice_host* host;
    };

    void run(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            if (waiting_.empty()) {
                change_.wait(lock, stop, [this] { return !waiting_.empty(); });
            } else if (const auto first = waiting_.begin()->first; first > Clock::now()) {
                change_.wait_until(lock, stop, first, [&] { return waiting_.empty() || waiting_.begin()->first < first; });
            } else {
                ring(waiting_.begin()->second);
                waiting_.erase(waiting_.begin());
            }
        }
    }
    // Under the lock, so that the instance lives as long.
    void ring(const Waiting& one) {
        const Host& host = hosts_.at(one.self);
        at("ring.before");
        std::string lines;
        append_line(lines, "s " + std::to_string(host.api->resume(host.host, one.ticket, 0)));
        at("ring.after");
        sluice_ending done{};
        done.struct_size = sizeof done;
        done.verdict = SLUICE_DONE;
        append_line(lines, "s " + std::to_string(host.api->complete(host.host, one.ticket, &done)));
        record(lines);
    }

    std::mutex mutex_;
    std::condition_variable_any change_;
    // guarded by mutex_
    std::multimap<Clock::time_point, Waiting> waiting_;
    std::map<void*, Host> hosts_;
    std::jthread thread_;
};

Bell& bell() {
    static Bell one;
    return one;
}

sluice_verdict process(void* self, const sluice_message& message, sluice_ticket ticket, sluice_fault* fault) {
    sluice_verdict verdict = told_by_body(message, fault);
    if (verdict == 0) verdict = real.handle(self, &message, ticket, fault);
    if (verdict == SLUICE_DONE) verdict = publish(self, message, ticket, fault);
    record_call(message, verdict);
    return verdict;
}

sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    if (const auto verdict = at("handle.before", view(message->body))) return *verdict;
    sluice_verdict verdict = SLUICE_DEFER;
    if (const Said said = said_by(view(message->body)); said.word == "later" && message->attempt == 1) {
        record_call(*message, verdict);  // first: the bell may ring at once
        bell().set(self, ticket, std::chrono::milliseconds(said.number));
    } else {
        verdict = process(self, *message, ticket, fault);
    }
    at("handle.after", view(message->body));
    return verdict;
}

void handle_batch(void* self, const sluice_batch* batch, sluice_fault* fault) {
    if (at("together.before")) return;  // all of them are left
    for (std::uint32_t i = 0; i < batch->count; ++i) {
        const sluice_message& message = *batch->messages[i];
        if (at("together.each", view(message.body)) || said_by(view(message.body)).word == "later") continue;
        if (said_by(view(message.body)).word == "spoil") throw std::runtime_error("the whole call is thrown away");
        if (told_by_body(message, fault) != 0) {
            fault->status = SLUICE_OK;  // what is said of one is not said of all
            continue;
        }
        sluice_verdict verdict = real.handle(self, &message, batch->tickets[i], fault);
        if (verdict == SLUICE_DONE) verdict = publish(self, message, batch->tickets[i], fault);
        if (verdict != SLUICE_DONE) continue;
        batch->verdicts[i] = verdict;
        record_call(message, verdict);
    }
    at("together.after");
}

sluice_verdict resume(void* self, const sluice_message* message, sluice_ticket ticket, std::uint64_t, sluice_fault* fault) {
    if (const auto verdict = at("resume.before", view(message->body))) return *verdict;
    const sluice_verdict verdict = process(self, *message, ticket, fault);
    at("resume.after", view(message->body));
    return verdict;
}

void destroy(void* self) {
    bell().forget(self);
    real.destroy(self);
}

sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    const sluice_status status = real.create(setup, self, fault);
    if (status != SLUICE_OK) return status;
    bell().know(*self, *setup);
    const char* target = std::getenv("SLUICE_FAULTY_PUBLISH");
    if (target == nullptr) return SLUICE_OK;
    Publisher publisher{setup->api, setup->host};
    const sluice_status known = setup->api->target(setup->host, {target, std::strlen(target)}, &publisher.target, fault);
    const std::lock_guard lock(mutex);
    if (known == SLUICE_OK)
        publishers[*self] = publisher;
    else
        destroy(*self);
    return known;
}

}  // namespace

const void* faulty_handler(const sluice_handler& table) {
    static sluice_handler made;
    real = copy_of(table);
    made = real;
    made.create = &create;
    made.handle = &handle;
    made.destroy = &destroy;
    made.resume = &resume;
    const char* const together = std::getenv("SLUICE_FAULTY_TOGETHER");
    made.handle_batch = together != nullptr && std::string_view(together) == "1" ? &handle_batch : nullptr;
    made.flags |= SLUICE_HANDLER_KEEPS_NO_VIEWS;  // nothing but the ticket
    return &made;
}

}  // namespace faulty
