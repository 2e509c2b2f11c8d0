// Handlers: faults at handle.before and handle.after, and a line for each call.
//
// A body may say by itself how its calls end, before the real handler sees it: "drill":"retry:2" and "drill":"throw:2" fail the
// first two attempts, "drill":"reject" is rejected.
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

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

sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    const sluice_status status = real.create(setup, self, fault);
    const char* target = std::getenv("SLUICE_FAULTY_PUBLISH");
    if (status != SLUICE_OK || target == nullptr) return status;
    Publisher publisher{setup->api, setup->host};
    const sluice_status known = setup->api->target(setup->host, {target, std::strlen(target)}, &publisher.target, fault);
    const std::lock_guard lock(mutex);
    if (known == SLUICE_OK)
        publishers[*self] = publisher;
    else
        real.destroy(*self);
    return known;
}

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

// 0: nothing is said.
sluice_verdict told_by_body(const sluice_message& message, sluice_fault* fault) {
    constexpr std::string_view begin = "\"drill\":\"";
    const std::string_view body = view(message.body);
    const auto found = body.find(begin);
    if (found == body.npos) return 0;
    const std::string_view word = body.substr(found + begin.size());
    if (word.starts_with("reject")) return say(fault, SLUICE_REJECT, "rejected by its body");
    const auto colon = word.find(':');
    const bool fails = colon != word.npos && message.attempt <= static_cast<std::uint32_t>(word[colon + 1] - '0');
    if (!fails) return 0;
    if (word.starts_with("throw")) throw std::runtime_error("thrown by its body");
    return say(fault, SLUICE_RETRY, "failed by its body");
}

void record_call(const sluice_message& message, sluice_verdict verdict) {
    if (!records()) return;
    std::string line;
    append_line(line,
                "h " + std::string(view(message.id)) + ' ' + std::to_string(message.attempt) + ' ' + std::to_string(verdict));
    record(line);
}

sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
    if (const auto verdict = at("handle.before", view(message->body))) return *verdict;
    sluice_verdict verdict = told_by_body(*message, fault);
    if (verdict == 0) verdict = real.handle(self, message, ticket, fault);
    if (verdict == SLUICE_DONE) verdict = publish(self, *message, ticket, fault);
    record_call(*message, verdict);
    at("handle.after", view(message->body));
    return verdict;
}

}  // namespace

const void* faulty_handler(const sluice_handler& table) {
    static sluice_handler made;
    real = copy_of(table);
    made = real;
    made.create = &create;
    made.handle = &handle;
    return &made;
}

}  // namespace faulty
