// Queue adapters in C++: derive from sluice::Source, from sluice::Target, or write one class of each, and name them in
// SLUICE_PLUGIN:
//
//   SLUICE_PLUGIN("com.acme.spool", "1.0.0", sluice::queue<SpoolSource, SpoolTarget>("spool", "A folder of files.",
//   options...))
//
// An instance has one role: the host makes a Source for each configured source, a Target for each configured target. Threads
// and errors stand in sdk/queue_roles.hpp.
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
#include "sluice/sdk/queue_roles.hpp"
#include "sluice/sdk/setup.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

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
        const sluice_poll poll = whole(*given);
        const Poll asked{poll.max, poll.max_bytes != 0 ? poll.max_bytes : UINT64_MAX, std::chrono::milliseconds(poll.wait_ms)};
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
        return guarded(fault, [&] {
            const WholeArray whole(messages, count);
            return of(self).target->publish(whole.all(), first_token);
        });
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
    static void revoked(void* self, std::uint64_t token) noexcept {
        guarded_quietly([&] { of(self).source->revoked(token); });
    }
    static sluice_status extend(void* self, const std::uint64_t* tags, std::uint64_t count, std::uint32_t ms,
                                sluice_fault* fault) noexcept {
        return guarded(fault, [&] { return of(self).source->extend({tags, count}, std::chrono::milliseconds(ms)); });
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
        brings<Source, SourceType>(
            [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::revoked) { return nullptr; })
            ? &revoked
            : nullptr,
        brings<Source, SourceType>(
            [](auto* type) -> decltype(&std::remove_pointer_t<decltype(type)>::extend) { return nullptr; })
            ? &extend
            : nullptr,
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
