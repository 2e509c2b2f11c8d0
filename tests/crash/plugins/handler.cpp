// Handlers: faults at handle.before and handle.after, and a line for each call.
//
// A body may say by itself how its calls end, before the real handler sees it: "drill":"retry:2" and "drill":"throw:2" fail the
// first two attempts, "drill":"reject" is rejected.
#include <stdexcept>
#include <string>

#include "faults.hpp"
#include "tables.hpp"

namespace faulty {
namespace {

sluice_handler real{};

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
    record_call(*message, verdict);
    at("handle.after", view(message->body));
    return verdict;
}

}  // namespace

const void* faulty_handler(const sluice_handler& table) {
    static sluice_handler made;
    real = copy_of(table);
    made = real;
    made.handle = &handle;
    return &made;
}

}  // namespace faulty
