// What a queue adapter in C++ derives from: sluice::Source, sluice::Target, or both; and the host's ends that it is given.
// sdk/queue.hpp says how they become a plugin. The functions are those of sluice/queue.h one to one; what they must do stands
// there.
//
// Threads  Source: poll, settle, flush, revoked, extend on its source thread; wake from any. Target: publish on its target
//          thread. QueueAdapter: service on either thread, limits alone, the rest from any. All others: alone.
// Errors   a Status, or an exception: a Failure keeps its status, any other exception is SLUICE_FAILED (constructor:
//          SLUICE_INVALID).
// Cost     pushing a message is one call into the host, nothing is copied or allocated on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sluice/queue.h"
#include "sluice/sdk/plugin.hpp"
#include "sluice/sdk/probe.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

// A message handed to the host; the names are those of sluice_incoming. Starts out empty, with its size set:
//
//   auto message = sluice::incoming();
//   message.body = sluice::bytes(line);
//   message.tag = offset;
constexpr sluice_incoming incoming() {
    sluice_incoming message{};
    message.struct_size = sizeof(sluice_incoming);
    return message;
}

// A message as it is stored, to be shown. Starts out empty, with its size set.
constexpr sluice_stored stored() {
    sluice_stored message{};
    message.struct_size = sizeof(sluice_stored);
    return message;
}

// Receives what a queue has stored.
class StoredSink {
public:
    explicit StoredSink(const sluice_stored_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // False: no more are wanted, which is no error. What the message views is copied before it returns.
    bool message(const sluice_stored& message) const {
        return sink_.message != nullptr && sink_.message(sink_.context, &message) == SLUICE_OK;
    }

private:
    sluice_stored_sink sink_;
};

// What sources and targets have in common: a look into the queue, from any thread, and the care for the engine's connection.
// From open to close, but for probe(); overridden only where the engine can. One class of both roles answers once, for both.
class QueueAdapter {
public:
    QueueAdapter() = default;
    QueueAdapter(const QueueAdapter&) = delete;
    QueueAdapter& operator=(const QueueAdapter&) = delete;
    virtual ~QueueAdapter() = default;

    // Equal for components that can take part in one transaction. Both views live as long as the instance is open.
    virtual std::string_view resource_id() const noexcept { return {}; }
    // By what name a database with the same resource knows the queue, to ack deliveries in its units.
    virtual std::string_view name_in_unit() const noexcept { return {}; }
    virtual Status depths(sluice_queue_depths& /*depths*/) { return {SLUICE_UNSUPPORTED, "this queue does not count"}; }
    // In order, from behind `after` (empty: from the first).
    virtual Status list(std::string_view /*after*/, StoredSink) { return {SLUICE_UNSUPPORTED, "this queue cannot be listed"}; }
    // SLUICE_INVALID: there is none.
    virtual Status get(std::string_view /*place*/, StoredSink) {
        return {SLUICE_UNSUPPORTED, "this queue cannot be looked into"};
    }
    // Durably, before it returns; what is in flight stays.
    virtual Status remove(std::span<const sluice_bytes> /*places*/, std::uint64_t& /*removed*/) {
        return {SLUICE_UNSUPPORTED, "this queue can remove nothing"};
    }
    // The host waits no longer: until the next open, whatever runs or waits ends soon, with SLUICE_UNAVAILABLE. Any thread,
    // also while open() or close() runs.
    virtual void interrupt() noexcept {}
    // What is to be done while the host neither polls nor publishes: heartbeats, leases, the callbacks of a client library. On
    // the thread of the source or target, first before the first poll or publish, then within `next` of its return; left empty:
    // not again. Returns soon, reports through the sink, never pushes. SLUICE_FAILED, SLUICE_CORRUPT: a permanent failure. Any
    // other failure passes: after it an empty `next` is a backoff of the host.
    virtual Status service(std::optional<std::chrono::milliseconds>& /*next*/) { return SLUICE_OK; }
    // What the open engine can take; all of it starts out as 0, no bound.
    virtual Status limits(sluice_queue_limits& /*limits*/) { return SLUICE_OK; }
    // Alone, and instead of open(): what is there where it would connect. Creates and changes nothing.
    virtual Status probe(Probe) { return {SLUICE_UNSUPPORTED, "this queue cannot be probed"}; }
    // What it offers to the host beyond this: sluice_handler.extension.
    virtual const void* extension(std::string_view /*id*/) { return nullptr; }
};

// What one poll is to bring, as sluice_poll says it.
struct Poll {
    std::uint32_t max = 0;        // messages
    std::uint64_t max_bytes = 0;  // bodies: so many are enough; UINT64_MAX = no bound
    std::chrono::milliseconds wait{0};
};

// The host's end of a source. To be used inside poll, settle, flush, service and extend only; push and commit inside poll.
class SourceSink {
public:
    SourceSink() = default;
    explicit SourceSink(const sluice_queue_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // Takes one message; the host copies what it views. SLUICE_FULL: this poll has enough, keep the message for the next one.
    // SLUICE_INVALID: larger than the host takes, push it again with `refused` set and the body cut.
    sluice_status push(const sluice_incoming& message) const {
        return sink_.push != nullptr ? sink_.push(sink_.context, &message) : SLUICE_FULL;
    }

    // Room for a body in the host's own buffer, to be filled before commit(); nullptr is as SLUICE_FULL.
    char* reserve(std::uint64_t size) const {
        return sink_.reserve != nullptr && sink_.commit != nullptr ? sink_.reserve(sink_.context, size) : nullptr;
    }
    sluice_status commit(const sluice_incoming& message) const { return sink_.commit(sink_.context, &message); }

    // The engine has confirmed (SLUICE_OK), lost (SLUICE_LOST_LEASE, SLUICE_STALE) or could not settle these deliveries.
    void settled(std::span<const std::uint64_t> tags, sluice_status status) const {
        if (sink_.settled != nullptr) sink_.settled(sink_.context, tags.data(), tags.size(), status);
    }
    // All of the stream below `position` is acked, and that is durable.
    void confirmed_below(std::string_view stream, std::uint64_t position) const {
        if (sink_.confirmed_below != nullptr) sink_.confirmed_below(sink_.context, bytes(stream), position);
    }
    // The engine takes this lane away: SLUICE_LANE_DRAIN, or SLUICE_LANE_LOST. Source::revoked() comes with the token once the
    // host has nothing of it any more. False: this host knows no lanes.
    bool revoke(std::uint32_t lane, std::uint32_t how, std::uint64_t token) const {
        if (sink_.revoke == nullptr) return false;
        sink_.revoke(sink_.context, lane, how, token);
        return true;
    }
    // Another host has these deliveries.
    void lost(std::span<const std::uint64_t> tags) const {
        if (sink_.lost != nullptr) sink_.lost(sink_.context, tags.data(), tags.size());
    }

private:
    sluice_queue_sink sink_{};
};

// Where messages come from.
class Source : public virtual QueueAdapter {
public:
    // SLUICE_QUEUE_ flags; known after construction, and asked again after each open(). Any thread.
    virtual std::uint64_t capabilities() const noexcept = 0;
    // Connects. The sink works until close() returns; keep it.
    virtual Status open(SourceSink sink) = 0;
    // Pushes what is there, up to poll.max messages; if nothing is, waits up to poll.wait or until wake(). SLUICE_OK, also
    // when nothing came; SLUICE_END when nothing will ever come again. After poll.max_bytes of bodies push() says SLUICE_FULL:
    // only who reads ahead needs to look at it.
    virtual Status poll(const Poll& poll) = 0;
    // SLUICE_OK: all confirmed. SLUICE_QUEUED: the results come through sink.settled(). The other statuses, those that end a
    // settlement and those after which the host tries again, are listed in sluice/queue.h.
    virtual Status settle(std::span<const sluice_settlement> items) = 0;
    // Confirms everything settled so far before it returns.
    virtual Status flush() { return SLUICE_OK; }
    // Ends a waiting poll, or the next one's wait; any thread. A source that does not override it is polled with short waits.
    virtual void wake() noexcept {}
    // The host has nothing any more of the lane that sink.revoke() named with this token.
    virtual void revoked(std::uint64_t /*token*/) {}
    // These deliveries are to stay with this host for so long from now on; of those that do not, sink.lost() tells. For who
    // names sluice_queue_limits::lease_ms. A failure: none was extended, for now.
    virtual Status extend(std::span<const std::uint64_t> /*tags*/, std::chrono::milliseconds /*time*/) { return SLUICE_OK; }
    // After the last poll, settle and flush.
    virtual void close() {}
};

// The host's end of a target. Any thread, until close() returns.
class TargetSink {
public:
    TargetSink() = default;
    explicit TargetSink(const sluice_target_sink* sink) : sink_(detail::whole_or_none(sink)) {}

    // The messages token .. token + count - 1 are stored durably (SLUICE_OK), or are not, for this reason.
    void published(std::uint64_t token, std::uint64_t count, sluice_status status, std::string_view text = {}) const {
        if (sink_.published != nullptr) sink_.published(sink_.context, token, count, status, bytes(text));
    }

private:
    sluice_target_sink sink_{};
};

// Where messages are published to.
class Target : public virtual QueueAdapter {
public:
    virtual Status open(TargetSink sink) = 0;
    // In order. SLUICE_OK: all stored durably. SLUICE_QUEUED: copied, the results come through sink.published() with tokens
    // from first_token on. Otherwise none was taken. What a failure of one message means for those behind it, of its key or of
    // all, stands at sluice_queue.publish.
    virtual Status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) = 0;
    // Names may lead elsewhere now: lets go of files that were renamed or removed, and opens what has their names.
    virtual Status reopen() { return SLUICE_OK; }
    // After the last publish; waits for what was submitted.
    virtual void close() {}
};

}  // namespace sluice::inline sdk
