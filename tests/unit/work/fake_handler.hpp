// A handler whose verdicts a test decides; all workers of a test share it.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/port/plugin_handler.hpp"
#include "sluice/handler.h"

namespace sluice {

class FakeHandler {
public:
    // One call of handle().
    struct Call {
        const sluice_message& message;
        sluice_ticket ticket;
        sluice_fault* fault;
        const sluice_host_api& api;
        sluice_host* host;

        std::string id() const { return {message.id.data, static_cast<std::size_t>(message.id.size)}; }
        std::uint32_t database(std::string_view name = "db") const {
            std::uint32_t number = 0;
            status = api.database(host, {name.data(), name.size()}, &number, fault);
            return number;
        }
        // Writes its id, or `text`.
        sluice_status write(std::string text = {}, std::string_view name = "db") const {
            if (text.empty()) text = id();
            const std::uint32_t number = database(name);
            if (status != SLUICE_OK) return status;
            sluice_value value{};
            value.type = SLUICE_VALUE_TEXT;
            value.as.bytes = {text.data(), text.size()};
            return api.execute(host, ticket, number, 1, &value, 1, fault);
        }
        sluice_status publish(std::string_view body) const {
            std::uint32_t number = 0;
            if (api.target(host, {"out", 3}, &number, fault) != SLUICE_OK) return SLUICE_INVALID;
            sluice_outgoing outgoing{};
            outgoing.struct_size = sizeof outgoing;
            outgoing.body = {body.data(), body.size()};
            return api.publish(host, ticket, number, &outgoing, fault);
        }
        sluice_verdict say(sluice_verdict verdict, std::string_view text) const {
            sluice_fault_set(fault, SLUICE_OK, text.data(), text.size());
            return verdict;
        }
        mutable sluice_status status = SLUICE_OK;
    };
    using Handle = std::function<sluice_verdict(const Call&)>;
    // One call of handle_batch().
    struct Batch {
        std::vector<Call> calls;  // one for each message
        sluice_verdict* verdicts;
        sluice_fault* fault;

        std::string ids() const {
            std::string all;
            for (const Call& call : calls) all += (all.empty() ? "" : " ") + call.id();
            return all;
        }
        // "b1 a1" and done: the verdict of both.
        void say(std::string_view ids, sluice_verdict verdict) const {
            for (std::size_t i = 0; i < calls.size(); ++i)
                if ((" " + std::string(ids) + " ").find(" " + calls[i].id() + " ") != std::string::npos) verdicts[i] = verdict;
        }
        void say_all(sluice_verdict verdict) const { std::fill_n(verdicts, calls.size(), verdict); }
    };

    explicit FakeHandler(Handle handle) : handle_(std::move(handle)) {
        table_.struct_size = sizeof table_;
        table_.create = [](const sluice_setup* setup, void** self, sluice_fault* fault) -> sluice_status {
            auto* seat = new Seat{*being_created_, setup->api, setup->host};
            if (seat->handler.on_create) seat->handler.on_create(*setup, fault);
            *self = seat;
            return SLUICE_OK;
        };
        table_.handle = [](void* self, const sluice_message* message, sluice_ticket ticket, sluice_fault* fault) {
            auto& seat = *static_cast<Seat*>(self);
            return seat.handler.handle_({*message, ticket, fault, *seat.api, seat.host});
        };
        table_.start = [](void* self, sluice_fault*) { return static_cast<Seat*>(self)->handler.start_answer; };
        table_.stop = [](void* self) { ++static_cast<Seat*>(self)->handler.stops; };
        table_.destroy = [](void* self) { delete static_cast<Seat*>(self); };
    }
    FakeHandler(const FakeHandler&) = delete;
    FakeHandler& operator=(const FakeHandler&) = delete;

    // For the instances that are created next.
    PluginHandlerFactory handlers() {
        being_created_ = this;
        table_.flags = (thread_affine ? SLUICE_HANDLER_THREAD_AFFINE : 0) | (keeps_views ? 0 : SLUICE_HANDLER_KEEPS_NO_VIEWS);
        if (on_cancel)
            table_.cancel = [](void* self, sluice_ticket ticket) { static_cast<Seat*>(self)->handler.on_cancel(ticket); };
        if (on_resume)
            table_.resume = [](void* self, const sluice_message* message, sluice_ticket ticket, uint64_t cookie,
                               sluice_fault* fault) {
                auto& seat = *static_cast<Seat*>(self);
                return seat.handler.on_resume({*message, ticket, fault, *seat.api, seat.host}, cookie);
            };
        if (on_batch)
            table_.handle_batch = [](void* self, const sluice_batch* batch, sluice_fault* fault) {
                auto& seat = *static_cast<Seat*>(self);
                Batch made{{}, batch->verdicts, fault};
                for (std::uint32_t i = 0; i < batch->count; ++i)
                    made.calls.push_back({*batch->messages[i], batch->tickets[i], fault, *seat.api, seat.host});
                seat.handler.on_batch(made);
            };
        if (on_load_shared) {
            table_.load_shared = [](void* self, void** shared, sluice_fault* fault) {
                return static_cast<Seat*>(self)->handler.on_load_shared(shared, fault);
            };
            table_.use_shared = [](void* self, void* shared) { static_cast<Seat*>(self)->handler.on_shared("used", shared); };
            // What is shared begins with the handler it is of: no instance is left.
            table_.free_shared = [](void* shared) { (*static_cast<FakeHandler**>(shared))->on_shared("freed", shared); };
        }
        return PluginHandlerFactory(table_);
    }

    std::function<void(const sluice_setup&, sluice_fault*)> on_create;
    std::function<sluice_verdict(const Call&, std::uint64_t cookie)> on_resume;  // before handlers()
    std::function<void(sluice_ticket)> on_cancel;                                // before handlers()
    std::function<void(const Batch&)> on_batch;                                  // before handlers()
    std::function<sluice_status(void** shared, sluice_fault*)> on_load_shared;   // before handlers()
    std::function<void(std::string_view what, void* shared)> on_shared;          // "used", "freed"
    bool thread_affine = false;                                                  // the same
    bool keeps_views = false;                                                    // the same
    sluice_status start_answer = SLUICE_OK;
    int stops = 0;

private:
    struct Seat {
        FakeHandler& handler;
        const sluice_host_api* api;
        sluice_host* host;
    };

    static inline FakeHandler* being_created_ = nullptr;
    sluice_handler table_{};
    const Handle handle_;
};

}  // namespace sluice
