// Handlers in C++: derive from sluice::Handler, name the class in SLUICE_PLUGIN, done.
//
//   class Orders : public sluice::Handler {
//       std::string table_;
//   public:
//       explicit Orders(const sluice::Setup& setup) : table_(setup.text("table")) {}
//       sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
//           ...
//           return sluice::done();
//       }
//   };
//   SLUICE_PLUGIN("com.acme.orders", "1.2.0", sluice::handler<Orders>("orders", "Writes orders to a table."))
//
// Threads  one instance per worker, one call at a time: a handler needs no lock. Calls may come from different threads one
//          after the other; a class with `static constexpr bool thread_affine = true` is always run on the same one.
// Effects  a class with `static constexpr bool no_outside_effects = true` says that all it does goes through its databases and
//          targets, so that the host can take it back.
// Errors   what a constructor or start() throws is a configuration error with its text; what handle() throws is a retry with
//          its text (a Failure with SLUICE_CONSTRAINT or SLUICE_INVALID: a reject; with SLUICE_UNAVAILABLE or SLUICE_CONFLICT:
//          a retry that does not count as an attempt). Nothing leaves the plugin.
// More     a class may have further functions, found by their names:
//            void handle_batch(Batch&, Context&)   many messages in one call: batch.hpp. handle() is called for those that come
//              alone
//            std::shared_ptr<const T> load_shared(Context&) and void use_shared(std::shared_ptr<const T>)   what all workers
//              of a pool use and none changes: loaded once, when databases are connected, and given to each before its start()
//            Verdict resume(const Message&, Context&, std::uint64_t cookie)   goes on with a deferred message: completer.hpp
//            void cancel(sluice_ticket)   from any thread: the time of this call or deferred message is over
//            const void* extension(std::string_view id)   what it offers to the host beyond this: sluice_handler.extension
//          One that defers and has no cancel() says `static constexpr bool keeps_no_views = true` if it copies what it needs of
//          a deferred message; else the host cannot end such a message when its time is over, and waits.
// Cost     handling a message allocates nothing here and makes no virtual call.
#pragma once

#include <chrono>
#include <concepts>
#include <memory>
#include <string>
#include <utility>

#include "sluice/sdk/batch.hpp"
#include "sluice/sdk/completer.hpp"
#include "sluice/sdk/context.hpp"
#include "sluice/sdk/manifest.hpp"
#include "sluice/sdk/message.hpp"
#include "sluice/sdk/plugin.hpp"
#include "sluice/sdk/setup.hpp"
#include "sluice/sdk/verdict.hpp"

namespace sluice::inline sdk {

class Handler {
public:
    Handler() = default;
    Handler(const Handler&) = delete;
    Handler& operator=(const Handler&) = delete;
    virtual ~Handler() = default;

    // Before the first message, when databases are connected: statements may be prepared.
    virtual void start(Context&) {}
    // One message.
    virtual Verdict handle(const Message& message, Context& context) = 0;
    // After the last message.
    virtual void stop() {}
};

namespace detail {

template <typename Type>
Type construct(const Setup& setup) {
    if constexpr (std::constructible_from<Type, const Setup&>)
        return Type(setup);
    else
        return Type();
}

// What a handler's load_shared() answers.
template <typename Type>
struct SharedOf {
    using type = std::shared_ptr<const void>;
};
template <typename Type>
requires requires(Type& type, Context& context) {
    type.load_shared(context);
}
struct SharedOf<Type> {
    using type = decltype(std::declval<Type&>().load_shared(std::declval<Context&>()));
};

template <std::derived_from<Handler> Type>
struct HandlerThunks {
    static_assert(std::constructible_from<Type, const Setup&> || std::default_initializable<Type>,
                  "a handler is constructed from a const sluice::Setup&, or from nothing");

    struct Instance {
        Context context;
        Type handler;

        explicit Instance(const sluice_setup& setup)
            : context(setup.api, setup.host),
              handler(construct<Type>(Setup(setup, &context))) {}
    };

    using Shared = typename SharedOf<Type>::type;

    static Instance& of(void* self) noexcept { return *static_cast<Instance*>(self); }

    static sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) noexcept {
        return guarded(
            fault, [&] { *self = new Instance(*setup); }, SLUICE_INVALID);
    }
    static void destroy(void* self) noexcept {
        guarded_quietly([self] { delete &of(self); });
    }
    static sluice_status start(void* self, sluice_fault* fault) noexcept {
        return guarded(fault, [self] { of(self).handler.start(of(self).context); });
    }
    static void stop(void* self) noexcept {
        Instance& instance = of(self);
        guarded_quietly([&] {
            detail::FaultBuffer buffer;
            if (guarded(&buffer.fault, [&] { instance.handler.stop(); }) != SLUICE_OK)
                instance.context.log().error("stop() has thrown: ", buffer.text());
        });
    }

    // `call` makes the verdict.
    template <typename Call>
    static sluice_verdict answer(Instance& instance, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault,
                                 Call&& call) noexcept {
        const typename Context::Call under_way(instance.context, message, ticket);
        try {
            const Verdict verdict = call();
            if (verdict.number() == SLUICE_DONE || fault == nullptr) [[likely]]
                return verdict.number();
            if (!verdict.text().empty()) say(fault, verdict.status(), verdict.text());
            fault->retry_delay_ms = verdict.delay_ms();
            return verdict.number();
        } catch (...) {
            // Out of memory counts as the message's own failure: it may be what asks for so much.
            const sluice_status status = say_caught(fault, SLUICE_FAILED, SLUICE_FAILED);
            return status == SLUICE_CONSTRAINT || status == SLUICE_INVALID ? SLUICE_REJECT : SLUICE_RETRY;
        }
    }
    static sluice_verdict handle(void* self, const sluice_message* message, sluice_ticket ticket,
                                 sluice_fault* fault) noexcept {
        Instance& instance = of(self);
        // The object is a Type and nothing derived from it: the call need not be virtual.
        return answer(instance, message, ticket, fault,
                      [&] { return instance.handler.Type::handle(instance.context.message(), instance.context); });
    }
    static sluice_verdict resume(void* self, const sluice_message* message, sluice_ticket ticket, std::uint64_t cookie,
                                 sluice_fault* fault) noexcept {
        Instance& instance = of(self);
        return answer(instance, message, ticket, fault,
                      [&] { return instance.handler.resume(instance.context.message(), instance.context, cookie); });
    }
    // What leaves it is said of all that have no verdict.
    static void handle_batch(void* self, const sluice_batch* batch, sluice_fault* fault) noexcept {
        Instance& instance = of(self);
        guarded(fault, [&] {
            Batch messages(*batch, instance.context, fault);
            instance.handler.handle_batch(messages, instance.context);
        });
    }
    // A pointer to the shared pointer crosses, so that free_shared knows its type.
    static sluice_status load_shared(void* self, void** shared, sluice_fault* fault) noexcept {
        return guarded(fault, [&] {
            auto loaded = of(self).handler.load_shared(of(self).context);
            if (loaded != nullptr) *shared = new Shared(std::move(loaded));
        });
    }
    static void use_shared(void* self, void* shared) noexcept {
        guarded_quietly([&] { of(self).handler.use_shared(*static_cast<Shared*>(shared)); });
    }
    static void free_shared(void* shared) noexcept {
        guarded_quietly([&] { delete static_cast<Shared*>(shared); });
    }
    static void cancel(void* self, sluice_ticket ticket) noexcept {
        guarded_quietly([&] { of(self).handler.cancel(ticket); });
    }
    static const void* extension(void* self, sluice_bytes id) noexcept {
        const void* offered = nullptr;
        guarded_quietly([&] { offered = of(self).handler.extension(view(id)); });
        return offered;
    }
    // Members of a template are made only if they are named: a class without these functions does well.
    static constexpr auto resume_if_any() -> decltype(sluice_handler::resume) {
        if constexpr (requires(Type & type, const Message& message, Context& context) {
                          type.resume(message, context, std::uint64_t{});
                      })
            return &resume;
        else
            return nullptr;
    }
    static constexpr auto cancel_if_any() -> decltype(sluice_handler::cancel) {
        if constexpr (requires(Type & type) { type.cancel(sluice_ticket{}); })
            return &cancel;
        else
            return nullptr;
    }

    static constexpr auto extension_if_any() -> decltype(sluice_handler::extension) {
        if constexpr (requires(Type & type) { type.extension(std::string_view{}); })
            return &extension;
        else
            return nullptr;
    }

    static constexpr auto handle_batch_if_any() -> decltype(sluice_handler::handle_batch) {
        if constexpr (requires(Type & type, Batch & batch, Context & context) { type.handle_batch(batch, context); })
            return &handle_batch;
        else
            return nullptr;
    }
    static constexpr bool shares = requires(Type & type, Context& context) { type.use_shared(type.load_shared(context)); };
    static constexpr auto load_shared_if_any() -> decltype(sluice_handler::load_shared) {
        if constexpr (shares)
            return &load_shared;
        else
            return nullptr;
    }
    static constexpr auto use_shared_if_any() -> decltype(sluice_handler::use_shared) {
        if constexpr (shares)
            return &use_shared;
        else
            return nullptr;
    }
    static constexpr auto free_shared_if_any() -> decltype(sluice_handler::free_shared) {
        if constexpr (shares)
            return &free_shared;
        else
            return nullptr;
    }

    static constexpr std::uint32_t flags() {
        std::uint32_t flags = 0;
        if constexpr (requires { Type::thread_affine; }) flags |= Type::thread_affine ? SLUICE_HANDLER_THREAD_AFFINE : 0;
        if constexpr (requires { Type::no_outside_effects; })
            flags |= Type::no_outside_effects ? SLUICE_HANDLER_NO_OUTSIDE_EFFECTS : 0;
        if constexpr (requires { Type::keeps_no_views; }) flags |= Type::keeps_no_views ? SLUICE_HANDLER_KEEPS_NO_VIEWS : 0;
        return flags;
    }

    static constexpr sluice_handler table{sizeof(sluice_handler),
                                          flags(),
                                          &create,
                                          &start,
                                          &handle,
                                          &stop,
                                          &destroy,
                                          resume_if_any(),
                                          cancel_if_any(),
                                          extension_if_any(),
                                          handle_batch_if_any(),
                                          load_shared_if_any(),
                                          use_shared_if_any(),
                                          free_shared_if_any()};
};

}  // namespace detail

// A handler component: its name in configurations, a sentence for people, its options.
template <typename Type, std::same_as<Option>... Options>
constexpr auto handler(std::string_view name, std::string_view summary, const Options&... options) {
    return detail::make_component(SLUICE_KIND_HANDLER, name, summary, std::array<Option, sizeof...(Options)>{options...},
                                  &detail::HandlerThunks<Type>::table);
}
template <typename Type>
constexpr auto handler(std::string_view name) {
    return handler<Type>(name, "");
}

}  // namespace sluice::inline sdk
