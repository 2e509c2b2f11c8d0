// A received message as a handler sees it, and one that it publishes.
//
// Ownership  views of the host's memory: valid until handle() returns (deferred: until the end of the message). Whoever needs
//            them longer copies; to find a view that was kept, run the host with SLUICE_DEBUG_MESSAGES=1, which overwrites what
//            is no longer valid.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/sdk/json.hpp"
#include "sluice/sdk/services.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

class Message {
public:
    explicit Message(const sluice_message& message, const detail::Services* services = nullptr, sluice_ticket ticket = 0)
        : message_(&message),
          services_(services),
          ticket_(ticket) {}

    // Its first byte is aligned to 64, and 64 readable zero bytes lie behind the last one: parsers that read ahead need no
    // copy.
    std::string_view body() const { return view(message_->body); }
    std::string_view id() const { return view(message_->id); }
    std::string_view key() const { return view(message_->key); }        // what the router found; empty if missing
    std::string_view source() const { return view(message_->source); }  // the source's identity
    std::uint32_t attempt() const { return message_->attempt; }         // 1 at the first try
    std::uint32_t worker() const { return message_->worker; }

    // As the engine has it, which need not be what the router goes by: a Kafka key, a NATS subject token, an AMQP routing key;
    // empty if there is none.
    std::string_view message_key() const {
        return SLUICE_HAS(message_, message_key) ? view(message_->message_key) : std::string_view();
    }
    // The topic, subject or routing address that it came by; empty if the source names none.
    std::string_view subject() const { return SLUICE_HAS(message_, subject) ? view(message_->subject) : std::string_view(); }
    // Whether the engine has delivered it before, as far as it knows.
    bool redelivered() const { return SLUICE_HAS(message_, flags) && (message_->flags & SLUICE_MESSAGE_REDELIVERED) != 0; }
    // How often the engine has delivered it, this time included; 0 if it does not count.
    std::uint32_t deliveries() const { return SLUICE_HAS(message_, deliveries) ? message_->deliveries : 0; }

    // The first header of that name, compared byte by byte.
    std::optional<std::string_view> header(std::string_view name) const {
        for (const sluice_header& header : headers())
            if (view(header.name) == name) return view(header.value);
        return std::nullopt;
    }
    std::span<const sluice_header> headers() const { return {message_->headers, message_->header_count}; }

    // When the engine took it; the epoch if it does not know.
    std::chrono::sys_time<std::chrono::milliseconds> enqueued() const {
        return std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(message_->enqueued_ms));
    }

    // What a JSON pointer names in the body. The host's parser, which knows where it is: the body is looked at once, and only
    // up to the value. In handle() and resume(); later it throws a Failure with SLUICE_STALE. Throws as well if `pointer` is
    // none.
    Json json(std::string_view pointer) const {
        if (services_ == nullptr) throw Failure(SLUICE_UNSUPPORTED, "this message is not being handled by a host");
        sluice_json found{sizeof(sluice_json), SLUICE_JSON_MISSING, {nullptr, 0}};
        detail::FaultBuffer buffer;
        const sluice_status status = services_->api.json(services_->host, ticket_, bytes(pointer), &found, &buffer.fault);
        // A pointer that is none is not the message's fault: SLUICE_INVALID would reject it.
        if (status != SLUICE_OK) [[unlikely]]
            buffer.raise(status == SLUICE_INVALID ? SLUICE_CONTRACT : status,
                         "reading " + std::string(pointer) + " of the body");
        return {found.type, view(found.text)};
    }

    const sluice_message& raw() const { return *message_; }

private:
    const sluice_message* message_;
    const detail::Services* services_;
    sluice_ticket ticket_;
};

// A message to publish. The host copies it.
//
//   context.publish("alerts", {.body = text, .key = message.key()});
struct Outgoing {
    std::string_view body{};
    std::string_view key{};  // empty = none
    std::string_view id{};   // empty = none; engines that can, deduplicate on it
    std::span<const sluice_header> headers{};
    std::chrono::milliseconds delay{0};  // not before now + delay; engines that cannot, refuse
};

}  // namespace sluice::inline sdk
