#include "plugin/port/plugin_handler.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {
namespace {

void say_thrown(sluice_fault* fault, std::string_view text) {
    set_fault(fault, SLUICE_CONTRACT, "an exception left the handler: " + std::string(text));
}

// Out of line: what it needs would be put into memory with each call.
[[gnu::noinline, gnu::cold]] HandlerPort::Answer threw(sluice_fault* fault, std::string_view text) {
    say_thrown(fault, text);
    return {SLUICE_RETRY, true};
}

// A call with a message, which is on record with it.
template <typename Call>
HandlerPort::Answer answer(const PluginPart* part, const char* function, const sluice_message& message, sluice_fault* fault,
                           Call&& call) {
    return guarded(
        [&]() -> HandlerPort::Answer {
            const PluginCall on_record(part, function, &message);
            return {call()};
        },
        [fault](std::string_view text) { return threw(fault, text); });
}

}  // namespace

Result<void> PluginHandler::start() {
    if (instance_.table().start == nullptr) return {};
    return instance_.attempt(
        "start", [](const sluice_handler& table, void* self, sluice_fault* fault) { return table.start(self, fault); });
}

Result<void> PluginHandler::stop() {
    if (instance_.table().stop == nullptr) return {};
    return guarded(
        {instance_.part(), "stop"}, [&] { return instance_.table().stop(instance_.self()), Result<void>(); },
        [](std::string_view text) -> Result<void> {
            return Error{ErrorKind::contract, "an exception left stop() of the handler: " + clean_text(text)};
        });
}

HandlerPort::Answer PluginHandler::handle(const sluice_message& message, sluice_ticket ticket, sluice_fault* fault) {
    return answer(instance_.part(), handle_call, message, fault,
                  [&] { return instance_.table().handle(instance_.self(), &message, ticket, fault); });
}

HandlerPort::Answer PluginHandler::resume(const sluice_message& message, sluice_ticket ticket, std::uint64_t cookie,
                                          sluice_fault* fault) {
    return answer(instance_.part(), resume_call, message, fault,
                  [&] { return instance_.table().resume(instance_.self(), &message, ticket, cookie, fault); });
}

// The verdicts are the host's memory: what a handler has written before it threw is taken back.
bool PluginHandler::handle_batch(const sluice_batch& batch, sluice_fault* fault) {
    return guarded(
        [&] {
            const PluginCall on_record(instance_.part(), batch_call);
            instance_.table().handle_batch(instance_.self(), &batch, fault);
            return true;
        },
        [&](std::string_view text) {
            std::fill_n(batch.verdicts, batch.count, SLUICE_RETRY);
            say_thrown(fault, text);
            return false;
        });
}

Result<std::shared_ptr<void>> PluginHandler::load_shared() {
    const sluice_handler& table = instance_.table();
    if (table.load_shared == nullptr) return std::shared_ptr<void>();
    void* loaded = nullptr;
    auto done = instance_.attempt("load_shared", [&](const sluice_handler&, void* self, sluice_fault* fault) {
        return table.load_shared(self, &loaded, fault);
    });
    if (!done) return std::move(done).error();
    if (loaded == nullptr) return std::shared_ptr<void>();
    return std::shared_ptr<void>(loaded, [free = table.free_shared, part = instance_.part()](void* shared) {
        if (free != nullptr) guarded({part, "free_shared"}, [&] { free(shared); });
    });
}

void PluginHandler::use_shared(std::shared_ptr<void> shared) {
    shared_ = std::move(shared);
    guarded({instance_.part(), "use_shared"}, [&] { instance_.table().use_shared(instance_.self(), shared_.get()); });
}

void PluginHandler::cancel(sluice_ticket ticket) {
    if (!can_cancel()) return;
    guarded({instance_.part(), "cancel"}, [&] { instance_.table().cancel(instance_.self(), ticket); });
}

std::unique_ptr<HandlerFactory> PluginHandlerFactory::of(const Library& library, std::string_view component) {
    const sluice_handler* table = library.handler(component);
    return table == nullptr ? nullptr : std::make_unique<PluginHandlerFactory>(*table);
}

Result<std::unique_ptr<HandlerPort>> PluginHandlerFactory::create(const sluice_setup& setup, const PluginPart* part) const {
    auto created = HandlerInstance::create(*table_, setup, part);
    if (!created) return std::move(created).error();
    return std::unique_ptr<HandlerPort>(std::make_unique<PluginHandler>(std::move(created).value()));
}

}  // namespace sluice
