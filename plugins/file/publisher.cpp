#include "publisher.hpp"

#include <utility>

namespace sluice::file {
namespace {

constexpr std::size_t kept_buffer_bytes = 4u << 20;

// Why the message cannot be a line; empty if it can.
std::string_view objection(const sluice_outgoing& message) {
    if (message.delay_ms > 0) return "a file cannot delay a message: publish it without a delay";
    if (message.body.size == 0) return "an empty body would be an empty line, which readers skip: publish at least {}";
    if (view(message.body).find('\n') != std::string_view::npos) {
        return "the body has a line end in it, and a line is all that a message can be here: publish compact JSON";
    }
    return {};
}

// A path that leads astray while the host runs is waited for; it is not the fault of the messages.
template <typename Call>
void blaming_nobody(const Call& call) {
    try {
        call();
    } catch (const Failure& failure) {
        throw Failure(failure.code() == SLUICE_INVALID ? SLUICE_UNAVAILABLE : failure.code(), failure.what());
    }
}

}  // namespace

Publisher::Publisher(const OutputOptions& options, TargetSink sink, const Log& log)
    : output_(open_output(options, log)),
      sink_(sink) {}

void Publisher::reopen() {
    blaming_nobody([&] { output_->reopen(); });
}

sluice_status Publisher::publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) {
    lines_.clear();
    bool refused = false;
    for (const sluice_outgoing* message : messages) {
        if (!objection(*message).empty()) {
            refused = true;
        } else {
            lines_.append(view(message->body)).push_back('\n');
        }
    }
    if (!lines_.empty()) blaming_nobody([&] { output_->append(lines_); });
    if (lines_.capacity() > kept_buffer_bytes) std::string().swap(lines_);
    if (!refused) return SLUICE_OK;

    std::uint64_t token = first_token;
    for (const sluice_outgoing* message : messages) {
        const std::string_view why = objection(*message);
        const sluice_status status = why.empty() ? SLUICE_OK : message->delay_ms > 0 ? SLUICE_UNSUPPORTED : SLUICE_INVALID;
        sink_.published(token++, 1, status, why);
    }
    return SLUICE_QUEUED;
}

}  // namespace sluice::file
