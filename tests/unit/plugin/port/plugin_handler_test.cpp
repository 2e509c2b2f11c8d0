#include "plugin/port/plugin_handler.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

// A handler whose table has every function. Each notes that it was called, looks at the record of its call, and throws if it is
// told to.
class HandlerTable {
public:
    HandlerTable() {
        table.struct_size = sizeof table;
        table.create = [](const sluice_setup* setup, void** self, sluice_fault*) -> sluice_status {
            *self = const_cast<char*>(setup->identity.data);
            return on(*self, "create"), SLUICE_OK;
        };
        table.destroy = [](void* self) { on(self, "destroy"); };
        table.start = [](void* self, sluice_fault*) { return on(self, "start"), of(self).start_answer; };
        table.stop = [](void* self) { on(self, "stop"); };
        table.handle = [](void* self, const sluice_message* message, sluice_ticket, sluice_fault*) {
            EXPECT_EQ(calls::mine.message.load(), message);
            return on(self, "handle"), of(self).verdict;
        };
        table.resume = [](void* self, const sluice_message* message, sluice_ticket, std::uint64_t cookie, sluice_fault*) {
            EXPECT_EQ(calls::mine.message.load(), message);
            EXPECT_EQ(cookie, 9u);
            return on(self, "resume"), of(self).verdict;
        };
        table.handle_batch = [](void* self, const sluice_batch* batch, sluice_fault*) {
            EXPECT_EQ(calls::mine.message.load(), nullptr) << "it is of none of them";
            std::fill_n(batch->verdicts, batch->count, of(self).verdict);
            on(self, "handle_batch");
        };
        table.load_shared = [](void* self, void** shared, sluice_fault* fault) {
            *shared = self;
            on(self, "load_shared");
            return of(self).start_answer == SLUICE_OK ? SLUICE_OK
                                                      : sluice_fault_set(fault, of(self).start_answer, "no file", 7);
        };
        table.use_shared = [](void* self, void* shared) {
            EXPECT_EQ(shared, self);
            on(self, "use_shared");
        };
        table.free_shared = [](void* shared) { on(shared, "free_shared"); };
        table.cancel = [](void* self, sluice_ticket ticket) {
            EXPECT_EQ(ticket, 5u);
            on(self, "cancel");
        };
    }
    Result<std::unique_ptr<HandlerPort>> create() {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.name = {"pools.p.handler", 15};
        setup.identity = {reinterpret_cast<const char*>(this), 0};
        return PluginHandlerFactory(table).create(setup, &part);
    }

    sluice_handler table{};
    const PluginPart& part = plugin_part("pools.p.handler[0]", "/usr/lib/h.so");
    sluice_status start_answer = SLUICE_OK;
    sluice_verdict verdict = SLUICE_DONE;
    std::string throws;  // this function does
    std::vector<std::string> called;

private:
    static HandlerTable& of(void* self) { return *static_cast<HandlerTable*>(self); }
    static void on(void* self, const char* function) {
        of(self).called.emplace_back(function);
        EXPECT_EQ(calls::mine.part.load(), &of(self).part) << function;
        EXPECT_STREQ(calls::mine.function.load(), function);
        if (of(self).throws == function) throw std::runtime_error(std::string("thrown by ") + function);
    }
};

TEST(PluginHandler, PassesEachCallOnWhileItIsOnRecord) {
    HandlerTable plugin;
    {
        const auto handler = plugin.create();
        ASSERT_TRUE(handler);
        EXPECT_TRUE((*handler)->start());
        const sluice_message message{};
        EXPECT_EQ((*handler)->handle(message, 5, nullptr).verdict, SLUICE_DONE);
        plugin.verdict = 4711;
        EXPECT_EQ((*handler)->resume(message, 5, 9, nullptr).verdict, 4711u) << "as it was given";
        EXPECT_TRUE((*handler)->can_resume());
        EXPECT_TRUE((*handler)->can_cancel());
        (*handler)->cancel(5);
        EXPECT_TRUE((*handler)->stop());
    }
    EXPECT_EQ(plugin.called, (std::vector<std::string>{"create", "start", "handle", "resume", "cancel", "stop", "destroy"}));
    EXPECT_EQ(calls::mine.part.load(), nullptr);
    EXPECT_EQ(calls::mine.message.load(), nullptr);
}

// Watchers tell calls with a message from others by these names.
TEST(PluginHandler, PutsCallsWithAMessageOnRecordUnderTheNamesThatTheWatchKnows) {
    HandlerTable plugin;
    plugin.table.handle = [](void*, const sluice_message*, sluice_ticket, sluice_fault*) {
        EXPECT_EQ(calls::mine.function.load(), handle_call);
        return SLUICE_DONE;
    };
    plugin.table.resume = [](void*, const sluice_message*, sluice_ticket, std::uint64_t, sluice_fault*) {
        EXPECT_EQ(calls::mine.function.load(), resume_call);
        return SLUICE_DONE;
    };
    const auto handler = plugin.create();
    const sluice_message message{};
    EXPECT_FALSE((*handler)->handle(message, 5, nullptr).threw);
    EXPECT_FALSE((*handler)->resume(message, 5, 9, nullptr).threw);
}

TEST(PluginHandler, GivesManyMessagesInOneCall) {
    HandlerTable plugin;
    const auto handler = plugin.create();
    const sluice_message message{};
    const sluice_message* messages[] = {&message, &message};
    const sluice_ticket tickets[] = {5, 6};
    sluice_verdict verdicts[] = {SLUICE_RETRY, SLUICE_RETRY};
    const sluice_batch batch{sizeof batch, 2, messages, tickets, verdicts};
    EXPECT_TRUE((*handler)->can_batch());
    EXPECT_TRUE((*handler)->handle_batch(batch, nullptr));
    EXPECT_EQ(verdicts[1], SLUICE_DONE);
    plugin.throws = "handle_batch";
    FaultBuffer fault;
    EXPECT_FALSE((*handler)->handle_batch(batch, fault.get()));
    EXPECT_EQ(fault.text(), "an exception left the handler: thrown by handle_batch");
    EXPECT_EQ(fault.fault().status, SLUICE_CONTRACT);
    EXPECT_EQ(verdicts[0], SLUICE_RETRY) << "what it has said before does not count";
    EXPECT_EQ(verdicts[1], SLUICE_RETRY);
    plugin.table.handle_batch = nullptr;
    EXPECT_FALSE((*handler)->can_batch());
}

TEST(PluginHandler, KeepsWhatIsSharedUntilItsOwnEnd) {
    HandlerTable plugin;
    {
        auto handler = plugin.create();
        auto shared = (*handler)->load_shared();
        ASSERT_TRUE(shared);
        ASSERT_NE(*shared, nullptr);
        (*handler)->use_shared(*shared);
        shared->reset();
        EXPECT_EQ(plugin.called, (std::vector<std::string>{"create", "load_shared", "use_shared"}));
    }
    EXPECT_EQ(plugin.called, (std::vector<std::string>{"create", "load_shared", "use_shared", "destroy", "free_shared"}));
}

TEST(PluginHandler, SaysWhyWhatIsSharedCannotBeLoaded) {
    HandlerTable plugin;
    plugin.start_answer = SLUICE_UNAVAILABLE;
    const auto handler = plugin.create();
    const auto refused = (*handler)->load_shared();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(refused.error().message, "pools.p.handler: unavailable: no file");
    plugin.start_answer = SLUICE_OK;
    plugin.throws = "load_shared";
    EXPECT_EQ((*handler)->load_shared().error().kind, ErrorKind::contract);
    plugin.table.load_shared = nullptr;
    EXPECT_EQ(*(*handler)->load_shared(), nullptr) << "nothing is shared";
}

TEST(PluginHandler, HasADefaultForEachFunctionThatIsAbsent) {
    HandlerTable plugin;
    plugin.table.start = nullptr;
    plugin.table.stop = nullptr;
    plugin.table.resume = nullptr;
    plugin.table.cancel = nullptr;
    const auto handler = plugin.create();
    ASSERT_TRUE(handler);
    EXPECT_TRUE((*handler)->start());
    EXPECT_TRUE((*handler)->stop());
    EXPECT_FALSE((*handler)->can_resume());
    EXPECT_FALSE((*handler)->can_cancel());
    (*handler)->cancel(5);
    EXPECT_EQ(plugin.called, std::vector<std::string>{"create"});
}

TEST(PluginHandler, TakesWhatLeavesACallWithAMessageAsARetryThatBreaksARule) {
    for (const std::string name : {"handle", "resume"}) {
        HandlerTable plugin;
        plugin.throws = name;
        const auto handler = plugin.create();
        const sluice_message message{};
        FaultBuffer fault;
        const auto call = [&](sluice_fault* to) {
            return name == "handle" ? (*handler)->handle(message, 5, to) : (*handler)->resume(message, 5, 9, to);
        };
        const HandlerPort::Answer answer = call(fault.get());
        EXPECT_EQ(answer.verdict, SLUICE_RETRY);
        EXPECT_TRUE(answer.threw);
        EXPECT_EQ(fault.fault().status, SLUICE_CONTRACT);
        EXPECT_EQ(fault.text(), "an exception left the handler: thrown by " + name);
        EXPECT_TRUE(call(nullptr).threw) << "nobody wants the text";
        EXPECT_EQ(calls::mine.part.load(), nullptr);
    }
}

TEST(PluginHandler, TellsWhatLeavesItWhereItStartsAndStops) {
    HandlerTable plugin;
    plugin.throws = "create";
    EXPECT_EQ(plugin.create().error().message, "pools.p.handler: contract: an exception left the plugin: thrown by create");
    plugin.throws.clear();
    const auto handler = plugin.create();
    plugin.throws = "start";
    EXPECT_EQ((*handler)->start().error().message, "pools.p.handler: contract: an exception left the plugin: thrown by start");
    plugin.throws.clear();
    plugin.start_answer = SLUICE_UNAVAILABLE;
    EXPECT_EQ((*handler)->start().error().kind, ErrorKind::unavailable);
    plugin.throws = "stop";
    EXPECT_EQ((*handler)->stop().error().message, "an exception left stop() of the handler: thrown by stop");
}

TEST(PluginHandler, LetsNothingOutOfACallThatAnswersNothing) {
    for (const char* name : {"cancel", "destroy"}) {
        HandlerTable plugin;
        plugin.throws = name;
        auto handler = plugin.create();
        EXPECT_NO_THROW((*handler)->cancel(5));
        EXPECT_NO_THROW(handler->reset());
        EXPECT_EQ(plugin.called, (std::vector<std::string>{"create", "cancel", "destroy"}));
    }
}

TEST(PluginHandler, SaysOfItselfWhatItsTableSaysAlsoBeforeThereIsAnInstance) {
    HandlerTable plugin;
    const auto said = [&](std::uint32_t flags) {
        plugin.table.flags = flags;
        const HandlerFlags before = PluginHandlerFactory(plugin.table).flags(), of_an_instance = (*plugin.create())->flags();
        EXPECT_EQ(before.is_thread_affine(), of_an_instance.is_thread_affine());
        EXPECT_EQ(before.has_no_outside_effects(), of_an_instance.has_no_outside_effects());
        EXPECT_EQ(before.keeps_no_views(), of_an_instance.keeps_no_views());
        return std::vector<bool>{before.is_thread_affine(), before.has_no_outside_effects(), before.keeps_no_views()};
    };
    EXPECT_EQ(said(0), (std::vector<bool>{false, false, false}));
    EXPECT_EQ(said(SLUICE_HANDLER_THREAD_AFFINE), (std::vector<bool>{true, false, false}));
    EXPECT_EQ(said(SLUICE_HANDLER_NO_OUTSIDE_EFFECTS), (std::vector<bool>{false, true, false}));
    EXPECT_EQ(said(SLUICE_HANDLER_KEEPS_NO_VIEWS), (std::vector<bool>{false, false, true}));
}

TEST(PluginHandler, IsFoundInItsLibraryByItsName) {
    auto manifest = read_manifest(bad_plugin("good"));
    ASSERT_TRUE(manifest) << manifest.error().message;
    const auto library = Library::load(std::move(manifest).value());
    ASSERT_TRUE(library) << library.error().message;
    EXPECT_NE(PluginHandlerFactory::of(**library, "good"), nullptr);
    EXPECT_EQ(PluginHandlerFactory::of(**library, "goods"), nullptr);
}

}  // namespace
}  // namespace sluice
