// Queue adapters in C++: derive from sluice::Source, from sluice::Target, or write one class of each, and name them in
// SLUICE_PLUGIN:
//
//   SLUICE_PLUGIN("com.acme.spool", "1.0.0", sluice::queue<SpoolSource, SpoolTarget>("spool", "A folder of files.",
//   options...))
//
// An instance has one role: the host makes a Source for each configured source, a Target for each configured target. The
// functions are those of sluice/queue.h one to one; what they must do stands there.
//
// Threads  Source: poll, settle, flush on its source thread; wake from any. Target: publish on its target thread. QueueAdapter:
//          service on either thread, limits alone, the rest from any. All others: alone.
// Errors   a Status, or an exception: a Failure keeps its status, any other exception is SLUICE_FAILED (constructor:
//          SLUICE_INVALID).
// Cost     pushing a message is one call into the host, nothing is copied or allocated on the way.
#pragma once

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "sluice/sdk/manifest.hpp"
#include "sluice/sdk/plugin.hpp"
#include "sluice/sdk/probe.hpp"
#include "sluice/sdk/setup.hpp"
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
    explicit StoredSink(const sluice_stored_sink* sink) : sink_(sink) {}

    // False: no more are wanted, which is no error. What the message views is copied before it returns.
    bool message(const sluice_stored& message) const { return sink_->message(sink_->context, &message) == SLUICE_OK; }

private:
    const sluice_stored_sink* sink_;
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

// The host's end of a source. To be used inside poll, settle, flush and service only; push and commit inside poll.
class SourceSink {
public:
    SourceSink() = default;
    explicit SourceSink(const sluice_queue_sink* sink) : sink_(sink) {}

    // Takes one message; the host copies what it views. SLUICE_FULL: this poll has enough, keep the message for the next one.
    // SLUICE_INVALID: larger than the host takes, push it again with `refused` set and the body cut.
    sluice_status push(const sluice_incoming& message) const { return sink_->push(sink_->context, &message); }

    // Room for a body in the host's own buffer, to be filled before commit(); nullptr is as SLUICE_FULL.
    char* reserve(std::uint64_t size) const { return sink_->reserve(sink_->context, size); }
    sluice_status commit(const sluice_incoming& message) const { return sink_->commit(sink_->context, &message); }

    // The engine has confirmed (SLUICE_OK), lost (SLUICE_LOST_LEASE, SLUICE_STALE) or could not settle these deliveries.
    void settled(std::span<const std::uint64_t> tags, sluice_status status) const {
        sink_->settled(sink_->context, tags.data(), tags.size(), status);
    }
    // All of the stream below `position` is acked, and that is durable.
    void confirmed_below(std::string_view stream, std::uint64_t position) const {
        if (SLUICE_HAS(sink_, confirmed_below) && sink_->confirmed_below != nullptr)
            sink_->confirmed_below(sink_->context, bytes(stream), position);
    }

private:
    const sluice_queue_sink* sink_ = nullptr;
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
    // After the last poll, settle and flush.
    virtual void close() {}
};

// The host's end of a target. Any thread, until close() returns.
class TargetSink {
public:
    TargetSink() = default;
    explicit TargetSink(const sluice_target_sink* sink) : sink_(sink) {}

    // The messages token .. token + count - 1 are stored durably (SLUICE_OK), or are not, for this reason.
    void published(std::uint64_t token, std::uint64_t count, sluice_status status, std::string_view text = {}) const {
        sink_->published(sink_->context, token, count, status, bytes(text));
    }

private:
    const sluice_target_sink* sink_ = nullptr;
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

namespace detail {

struct NoRole {};

template <typename Base, typename First, typename Second>
using RoleOf = std::conditional_t<std::derived_from<First, Base>, First,
                                  std::conditional_t<std::derived_from<Second, Base>, Second, NoRole>>;

template <typename Type, typename Base>
std::unique_ptr<Base> make_adapter(const Setup& setup) {
    static_assert(std::constructible_from<Type, const Setup&> || std::default_initializable<Type>,
                  "an adapter is constructed from a const sluice::Setup&, or from nothing");
    if constexpr (std::constructible_from<Type, const Setup&>)
        return std::make_unique<Type>(setup);
    else
        return std::make_unique<Type>();
}

// Whether a class brings a member of its own that `Base` has, too; one that is not public counts. `member` names it:
// [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::wake) { return nullptr; }
template <typename Base, typename Type, typename Member>
constexpr bool brings(Member) {
    if constexpr (!std::derived_from<Type, Base>)
        return false;
    else if constexpr (std::invocable<Member, Type*>)
        return !std::same_as<std::invoke_result_t<Member, Type*>, std::invoke_result_t<Member, Base*>>;
    else
        return true;
}

template <typename SourceType, typename TargetType>
struct QueueThunks {
    static constexpr bool consumes = !std::same_as<SourceType, NoRole>;
    static constexpr bool produces = !std::same_as<TargetType, NoRole>;
    static_assert(consumes || produces, "a queue adapter derives from sluice::Source or sluice::Target");

    struct Instance {  // exactly one of them
        std::unique_ptr<Source> source{};
        std::unique_ptr<Target> target{};
    };

    static Instance& of(void* self) noexcept { return *static_cast<Instance*>(self); }
    static QueueAdapter& adapter(void* self) noexcept {
        return of(self).source ? static_cast<QueueAdapter&>(*of(self).source) : *of(self).target;
    }

    // A member that neither class brings is NULL in the table.
    template <typename Thunk, typename Member>
    static constexpr Thunk* if_brought(Thunk* thunk, Member member) {
        return brings<QueueAdapter, SourceType>(member) || brings<QueueAdapter, TargetType>(member) ? thunk : nullptr;
    }

    static sluice_status create(const sluice_setup* raw, void** self, sluice_fault* fault) noexcept {
        return guarded(
            fault,
            [&] {
                auto instance = std::make_unique<Instance>();
                const Setup setup(*raw);
                if constexpr (consumes)
                    if (raw->role == SLUICE_ROLE_SOURCE) instance->source = make_adapter<SourceType, Source>(setup);
                if constexpr (produces)
                    if (raw->role == SLUICE_ROLE_TARGET) instance->target = make_adapter<TargetType, Target>(setup);
                if (instance->source == nullptr && instance->target == nullptr)
                    throw Failure(SLUICE_UNSUPPORTED, raw->role == SLUICE_ROLE_SOURCE ? "this queue can only be published to"
                                                                                      : "this queue can only be received from");
                *self = instance.release();
            },
            SLUICE_INVALID);
    }
    static void destroy(void* self) noexcept {
        guarded_quietly([self] { delete &of(self); });
    }
    static std::uint64_t capabilities(void* self) noexcept { return of(self).source ? of(self).source->capabilities() : 0; }
    static sluice_status open_source(void* self, const sluice_queue_sink* sink, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).source->open(SourceSink(sink)); });
    }
    static sluice_status poll(void* self, const sluice_poll* given, sluice_fault* fault) noexcept {
        sluice_poll whole{};  // what an older host does not say is zero
        std::memcpy(&whole, given, std::min<std::size_t>(given->struct_size, sizeof whole));
        const Poll asked{whole.max, whole.max_bytes != 0 ? whole.max_bytes : UINT64_MAX,
                         std::chrono::milliseconds(whole.wait_ms)};
        return guarded(fault, [&] { return of(self).source->poll(asked); });
    }
    static sluice_status settle(void* self, const sluice_settlement* items, std::uint64_t count, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).source->settle({items, count}); });
    }
    static sluice_status flush(void* self, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).source->flush(); });
    }
    static void wake(void* self) noexcept { of(self).source->wake(); }
    static sluice_status open_target(void* self, const sluice_target_sink* sink, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).target->open(TargetSink(sink)); });
    }
    static sluice_status publish(void* self, const sluice_outgoing* const* messages, std::uint64_t count,
                                 std::uint64_t first_token, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).target->publish({messages, count}, first_token); });
    }
    static void close(void* self) noexcept {
        guarded_quietly([self] { of(self).source ? of(self).source->close() : of(self).target->close(); });
    }

    static sluice_bytes resource_id(void* self) noexcept { return bytes(adapter(self).resource_id()); }
    static sluice_bytes name_in_unit(void* self) noexcept { return bytes(adapter(self).name_in_unit()); }
    static sluice_status depths(void* self, sluice_queue_depths* depths, sluice_fault* fault) noexcept {
        return guarded(fault, [&] {
            sluice_queue_depths all{};  // never written past the size that the caller knows
            Status status = adapter(self).depths(all);
            all.struct_size = depths->struct_size;
            std::memcpy(depths, &all, std::min<std::size_t>(depths->struct_size, sizeof all));
            return status;
        });
    }
    static sluice_status list(void* self, sluice_bytes after, const sluice_stored_sink* sink, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return adapter(self).list(view(after), StoredSink(sink)); });
    }
    static sluice_status get(void* self, sluice_bytes place, const sluice_stored_sink* sink, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return adapter(self).get(view(place), StoredSink(sink)); });
    }
    static sluice_status remove(void* self, const sluice_bytes* places, std::uint64_t count, std::uint64_t* removed,
                                sluice_fault* fault) noexcept {
        *removed = 0;
        return guarded(fault, [&] { return adapter(self).remove({places, count}, *removed); });
    }

    static void interrupt(void* self) noexcept { adapter(self).interrupt(); }
    static sluice_status reopen(void* self, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).target->reopen(); });
    }
    static sluice_status probe(void* self, const sluice_probe_sink* sink, sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return adapter(self).probe(Probe(sink)); });
    }

    static sluice_status service(void* self, std::uint32_t* next_ms, sluice_fault* fault) noexcept {
        std::optional<std::chrono::milliseconds> next;
        const sluice_status status = guarded(fault, [&] { return adapter(self).service(next); });
        // What is late is due at once, which 0 does not say.
        constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
        *next_ms = next ? static_cast<std::uint32_t>(std::clamp<std::int64_t>(next->count(), 1, most)) : 0;
        return status;
    }
    static const void* extension(void* self, sluice_bytes id) noexcept {
        const void* offered = nullptr;
        guarded_quietly([&] { offered = adapter(self).extension(view(id)); });
        return offered;
    }
    static sluice_status limits(void* self, sluice_queue_limits* limits, sluice_fault* fault) noexcept {
        return guarded(fault, [&] {
            sluice_queue_limits all{};  // never written past the size that the caller knows
            Status status = adapter(self).limits(all);
            all.struct_size = limits->struct_size;
            std::memcpy(limits, &all, std::min<std::size_t>(limits->struct_size, sizeof all));
            return status;
        });
    }

    static constexpr sluice_queue table{
        sizeof(sluice_queue),
        0,
        &create,
        &destroy,
        consumes ? &capabilities : nullptr,
        consumes ? &open_source : nullptr,
        consumes ? &poll : nullptr,
        consumes ? &settle : nullptr,
        consumes ? &flush : nullptr,
        brings<Source, SourceType>([](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::wake) { return nullptr; })
            ? &wake
            : nullptr,
        produces ? &open_target : nullptr,
        produces ? &publish : nullptr,
        &close,
        if_brought(&resource_id,
                   [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::resource_id) { return nullptr; }),
        if_brought(&name_in_unit,
                   [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::name_in_unit) { return nullptr; }),
        if_brought(&depths, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::depths) { return nullptr; }),
        if_brought(&list, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::list) { return nullptr; }),
        if_brought(&get, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::get) { return nullptr; }),
        if_brought(&remove, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::remove) { return nullptr; }),
        if_brought(&interrupt,
                   [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::interrupt) { return nullptr; }),
        brings<Target, TargetType>(
            [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::reopen) { return nullptr; })
            ? &reopen
            : nullptr,
        if_brought(&service, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::service) { return nullptr; }),
        if_brought(&limits, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::limits) { return nullptr; }),
        if_brought(&probe, [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::probe) { return nullptr; }),
        if_brought(&extension,
                   [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::extension) { return nullptr; })};
};

}  // namespace detail

// A queue component of one class or two: queue<A>(...), queue<ASource, ATarget>(...). The roles are found from what they derive
// from.
template <typename First, typename Second = detail::NoRole, std::same_as<Option>... Options>
constexpr auto queue(std::string_view name, std::string_view summary, const Options&... options) {
    using Thunks = detail::QueueThunks<detail::RoleOf<Source, First, Second>, detail::RoleOf<Target, First, Second>>;
    auto component = detail::make_component(SLUICE_KIND_QUEUE, name, summary,
                                            std::array<Option, sizeof...(Options)>{options...}, &Thunks::table);
    component.source = Thunks::consumes;
    component.target = Thunks::produces;
    return component;
}

}  // namespace sluice::inline sdk
