#include "plugin/port/plugin_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "plugin/library.hpp"
#include "plugin/plugin_call.hpp"
#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

struct Adapter {
    std::uint64_t capabilities = 0;
    int asked = 0;
};

std::vector<std::string> calls_on_record;

// For any member of the table: a function that notes what is on record while it runs, and one that throws.
template <typename Answer, typename... Parameters>
using Function = Answer(Parameters...);
struct Noted {
    template <typename Answer, typename... Parameters>
    operator Function<Answer, Parameters...>*() const {
        return [](Parameters...) {
            const CallRecord& record = calls::mine;
            calls_on_record.push_back(record.part.load()->component + " " + record.function.load());
            return Answer();
        };
    }
};
struct Thrown {
    template <typename Answer, typename... Parameters>
    operator Function<Answer, Parameters...>*() const {
        return [](Parameters...) -> Answer { throw std::runtime_error("thr\nown"); };
    }
};
constexpr sluice_poll one_poll{sizeof(sluice_poll), 1, 0, 0, 0};
constexpr Noted noted;
constexpr Thrown thrown;

void fill(sluice_queue& table, auto function) {
    table.open_source = function;
    table.poll = function;
    table.settle = function;
    table.flush = function;
    table.wake = function;
    table.open_target = function;
    table.publish = function;
    table.reopen = function;
    table.close = function;
    table.interrupt = function;
    table.resource_id = function;
    table.name_in_unit = function;
    table.depths = function;
    table.list = function;
    table.get = function;
    table.remove = function;
}

// A table with create alone, to which each test gives what it is about.
class PluginQueueTest : public testing::Test {
protected:
    PluginQueueTest() {
        table.struct_size = sizeof table;
        table.create = [](const sluice_setup* setup, void** self, sluice_fault*) -> sluice_status {
            *self = const_cast<char*>(setup->identity.data);
            return SLUICE_OK;
        };
    }
    Result<std::unique_ptr<QueuePort>> create(std::uint32_t role = SLUICE_ROLE_SOURCE) {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.role = role;
        setup.name = {"sources.q", 9};
        setup.identity = {reinterpret_cast<const char*>(&adapter), 0};
        return PluginQueue::create(table, setup);
    }
    static Adapter& of(void* self) { return *static_cast<Adapter*>(self); }

    template <typename Answer>
    static void expect_failure(const Result<Answer>& answer, ErrorKind kind, const std::string& text) {
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, kind);
        EXPECT_EQ(answer.error().message, text);
    }
    void expect_status(sluice_status answer, sluice_status expected, const std::string& text) {
        EXPECT_EQ(answer, expected);
        EXPECT_EQ(fault.text(), text);
        fault.clear();
    }

    sluice_queue table{};
    Adapter adapter;
    FaultBuffer fault;
    const sluice_queue_sink source_sink{};
    const sluice_target_sink target_sink{};
    const sluice_stored_sink stored_sink{};
};

TEST_F(PluginQueueTest, DoesWithoutWhateverTheTableMayLack) {
    auto queue = create();
    ASSERT_TRUE(queue);
    QueuePort& lacking = **queue;
    EXPECT_EQ(lacking.name(), "sources.q");
    EXPECT_EQ(lacking.capabilities(), 0u);
    EXPECT_TRUE(lacking.flush()) << "settle confirms at once";
    EXPECT_FALSE(lacking.can_wake());
    lacking.wake();
    lacking.interrupt();
    EXPECT_EQ(lacking.reopen(fault), SLUICE_OK);
    EXPECT_TRUE(lacking.close());
    EXPECT_EQ(lacking.resource(), "");
    EXPECT_EQ(lacking.name_in_unit(), "");
    EXPECT_FALSE(lacking.can_count());
    EXPECT_FALSE(lacking.can_list());
}

TEST_F(PluginQueueTest, SaysThatItCannotDoWhatTheTableLacks) {
    auto queue = create();
    ASSERT_TRUE(queue);
    const std::string text = "this queue has no such function";
    const std::string error = "sources.q: unsupported: " + text;
    expect_failure((*queue)->open_source(source_sink), ErrorKind::unsupported, error);
    expect_failure((*queue)->open_target(target_sink), ErrorKind::unsupported, error);
    expect_failure((*queue)->depths(), ErrorKind::unsupported, error);
    expect_failure((*queue)->list({}, stored_sink), ErrorKind::unsupported, error);
    expect_failure((*queue)->get({}, stored_sink), ErrorKind::unsupported, error);
    expect_failure((*queue)->remove({}), ErrorKind::unsupported, error);
    expect_status((*queue)->poll(one_poll, fault), SLUICE_UNSUPPORTED, text);
    expect_status((*queue)->settle({}, fault), SLUICE_UNSUPPORTED, text);
    expect_status((*queue)->publish({}, 1, fault), SLUICE_UNSUPPORTED, text);
}

TEST_F(PluginQueueTest, ListsOnlyIfItCanGetAndRemoveToo) {
    auto queue = create();
    ASSERT_TRUE(queue);
    table.list = noted;
    table.get = noted;
    EXPECT_FALSE((*queue)->can_list());
    table.remove = noted;
    EXPECT_TRUE((*queue)->can_list());
    table.get = nullptr;
    EXPECT_FALSE((*queue)->can_list());
}

TEST_F(PluginQueueTest, HandsOnWhatItGetsAndWhatThePluginAnswers) {
    table.poll = [](void*, const sluice_poll* poll, sluice_fault*) -> sluice_status {
        EXPECT_EQ(poll->max, 7u);
        EXPECT_EQ(poll->max_bytes, 9u);
        EXPECT_EQ(poll->wait_ms, 8u);
        return SLUICE_END;
    };
    table.settle = [](void*, const sluice_settlement* items, std::uint64_t count, sluice_fault* fault) -> sluice_status {
        EXPECT_EQ(count, 2u);
        EXPECT_EQ(items[1].tag, 6u);
        return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "away", 4);
    };
    table.publish = [](void*, const sluice_outgoing* const* messages, std::uint64_t count, std::uint64_t first,
                       sluice_fault*) -> sluice_status {
        EXPECT_EQ(count, 1u);
        EXPECT_EQ(view_of(messages[0]->body), "b");
        EXPECT_EQ(first, 9u);
        return SLUICE_QUEUED;
    };
    table.depths = [](void*, sluice_queue_depths* depths, sluice_fault*) -> sluice_status {
        EXPECT_EQ(depths->struct_size, sizeof *depths);
        depths->ready = 3;
        return SLUICE_OK;
    };
    table.list = [](void*, sluice_bytes after, const sluice_stored_sink* sink, sluice_fault*) -> sluice_status {
        EXPECT_EQ(view_of(after), "4");
        const sluice_stored stored{};
        return sink->message(sink->context, &stored);
    };
    table.get = [](void*, sluice_bytes place, const sluice_stored_sink*, sluice_fault* fault) -> sluice_status {
        EXPECT_EQ(view_of(place), "5");
        return sluice_fault_set(fault, SLUICE_INVALID, "nothing there", 13);
    };
    table.remove = [](void*, const sluice_bytes*, std::uint64_t count, std::uint64_t* removed, sluice_fault*) -> sluice_status {
        *removed = count;
        return SLUICE_OK;
    };
    table.resource_id = [](void*) { return sluice_bytes{"file", 4}; };
    table.name_in_unit = [](void*) { return sluice_bytes{"DELETE", 6}; };
    auto queue = create();
    ASSERT_TRUE(queue);

    const sluice_settlement items[] = {{5, SLUICE_ACK, 0, 0, {}, 0, 0}, {6, SLUICE_ACK, 0, 0, {}, 0, 0}};
    sluice_outgoing message{};
    message.body = {"b", 1};
    const sluice_outgoing* const messages[] = {&message};
    expect_status((*queue)->poll({sizeof(sluice_poll), 7, 9, 8, 0}, fault), SLUICE_END, "");
    expect_status((*queue)->settle(items, fault), SLUICE_UNAVAILABLE, "away");
    expect_status((*queue)->publish(messages, 9, fault), SLUICE_QUEUED, "");
    EXPECT_EQ((*queue)->depths().value().ready, 3u);
    int shown = 0;
    sluice_stored_sink sink{};
    sink.context = &shown;
    sink.message = [](void* context, const sluice_stored*) -> sluice_status {
        return ++*static_cast<int*>(context), SLUICE_OK;
    };
    EXPECT_TRUE((*queue)->list("4", sink));
    EXPECT_EQ(shown, 1);
    expect_failure((*queue)->get("5", sink), ErrorKind::invalid, "sources.q: invalid: nothing there");
    const sluice_bytes places[] = {{"1", 1}, {"2", 1}};
    EXPECT_EQ((*queue)->remove(places).value(), 2u);
    EXPECT_EQ((*queue)->resource(), "file");
    EXPECT_EQ((*queue)->name_in_unit(), "DELETE");
}

TEST_F(PluginQueueTest, AsksASourceWhatItCanDoWhenItIsCreatedAndWhenItIsOpened) {
    table.capabilities = [](void* self) { return ++of(self).asked, of(self).capabilities; };
    table.open_source = noted;
    adapter.capabilities = SLUICE_QUEUE_STABLE_IDS | SLUICE_QUEUE_KEEPS_ATTEMPTS;
    auto queue = create();
    ASSERT_TRUE(queue);
    EXPECT_TRUE((*queue)->has_stable_ids());
    EXPECT_TRUE((*queue)->keeps_attempts());
    EXPECT_FALSE((*queue)->takes_back());
    adapter.capabilities = SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_FINITE;
    EXPECT_FALSE((*queue)->takes_back()) << "not before it is open";
    ASSERT_TRUE((*queue)->open_source(source_sink));
    EXPECT_TRUE((*queue)->takes_back());
    EXPECT_TRUE((*queue)->release_keeps_order());
    EXPECT_TRUE((*queue)->is_finite());
    EXPECT_FALSE((*queue)->has_stable_ids());
    EXPECT_EQ(adapter.asked, 2);
}

TEST_F(PluginQueueTest, AsksATargetLikewise) {
    constexpr std::uint64_t of_a_later_minor = std::uint64_t{1} << 40;
    table.capabilities = [](void* self) { return ++of(self).asked, of(self).capabilities; };
    table.open_target = noted;
    auto queue = create(SLUICE_ROLE_TARGET);
    ASSERT_TRUE(queue);
    EXPECT_EQ((*queue)->capabilities(), 0u);
    adapter.capabilities = of_a_later_minor;
    ASSERT_TRUE((*queue)->open_target(target_sink));
    EXPECT_EQ((*queue)->capabilities(), of_a_later_minor) << "all 64 bits of it";
    ASSERT_TRUE((*queue)->close());
    adapter.capabilities = 0;
    ASSERT_TRUE((*queue)->open_target(target_sink));
    EXPECT_EQ((*queue)->capabilities(), 0u) << "after each open";
    EXPECT_EQ(adapter.asked, 3);
}

TEST_F(PluginQueueTest, IsClosedAgainIfItPromisesWhatCannotBeOnceItIsOpen) {
    static int closed;
    closed = 0;
    table.capabilities = [](void* self) { return of(self).capabilities; };
    table.open_source = noted;
    table.close = [](void*) { ++closed; };
    auto queue = create();
    ASSERT_TRUE(queue);
    adapter.capabilities = SLUICE_QUEUE_RELEASE_KEEPS_ORDER;
    expect_failure((*queue)->open_source(source_sink), ErrorKind::contract,
                   "sources.q: contract: once it is open, it says SLUICE_QUEUE_RELEASE_KEEPS_ORDER without "
                   "SLUICE_QUEUE_TAKES_BACK");
    EXPECT_EQ(closed, 1);
}

TEST_F(PluginQueueTest, DoesNotAskASourceThatCouldNotBeOpened) {
    table.capabilities = [](void* self) -> std::uint64_t { return ++of(self).asked, SLUICE_QUEUE_FINITE; };
    table.open_source = [](void*, const sluice_queue_sink*, sluice_fault* fault) {
        return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "away", 4);
    };
    auto queue = create();
    ASSERT_TRUE(queue);
    expect_failure((*queue)->open_source(source_sink), ErrorKind::unavailable, "sources.q: unavailable: away");
    EXPECT_EQ(adapter.asked, 1);
}

TEST_F(PluginQueueTest, IsDestroyedWithItsInstance) {
    static int destroyed;
    destroyed = 0;
    table.destroy = [](void* self) {
        ++destroyed;
        of(self).asked = -1;
        throw std::runtime_error("nobody hears this");
    };
    create().value().reset();
    EXPECT_EQ(destroyed, 1);
    EXPECT_EQ(adapter.asked, -1);
    table.capabilities = thrown;
    EXPECT_FALSE(create());
    EXPECT_EQ(destroyed, 2) << "also if it cannot be used";
}

class ThrowingQueue : public PluginQueueTest {
protected:
    ThrowingQueue() { fill(table, thrown); }
};

TEST_F(ThrowingQueue, TellsTheExceptionAsABreachOfTheContract) {
    auto queue = create();
    ASSERT_TRUE(queue);
    const std::string text = "an exception left the plugin: thr own";
    const std::string error = "sources.q: contract: " + text;
    expect_failure((*queue)->open_source(source_sink), ErrorKind::contract, error);
    expect_failure((*queue)->flush(), ErrorKind::contract, error);
    expect_failure((*queue)->open_target(target_sink), ErrorKind::contract, error);
    expect_failure((*queue)->close(), ErrorKind::contract, "an exception left the plugin while it closed: thr own");
    expect_failure((*queue)->depths(), ErrorKind::contract, error);
    expect_failure((*queue)->list({}, stored_sink), ErrorKind::contract, error);
    expect_failure((*queue)->get({}, stored_sink), ErrorKind::contract, error);
    expect_failure((*queue)->remove({}), ErrorKind::contract, error);
    expect_status((*queue)->poll(one_poll, fault), SLUICE_CONTRACT, text);
    expect_status((*queue)->settle({}, fault), SLUICE_CONTRACT, text);
    expect_status((*queue)->publish({}, 1, fault), SLUICE_CONTRACT, text);
    expect_status((*queue)->reopen(fault), SLUICE_CONTRACT, text);
}

TEST_F(ThrowingQueue, IsTakenAtItsDefaultWhereNobodyCouldBeTold) {
    auto queue = create();
    ASSERT_TRUE(queue);
    (*queue)->wake();
    (*queue)->interrupt();
    EXPECT_EQ((*queue)->resource(), "");
    EXPECT_EQ((*queue)->name_in_unit(), "");
}

TEST_F(ThrowingQueue, IsNotCreatedIfItCannotSayWhatItCanDo) {
    table.capabilities = thrown;
    expect_failure(create(), ErrorKind::contract, "sources.q: contract: an exception left the plugin: thr own");
    table.create = thrown;
    expect_failure(create(), ErrorKind::contract, "sources.q: contract: an exception left the plugin: thr own");
}

TEST_F(ThrowingQueue, CanDoNothingIfItCannotSayOnceItIsOpen) {
    adapter.capabilities = SLUICE_QUEUE_TAKES_BACK;
    table.capabilities = [](void* self) -> std::uint64_t {
        if (++of(self).asked == 2) throw std::runtime_error("thrown");
        return of(self).capabilities;
    };
    table.open_source = noted;
    auto queue = create();
    ASSERT_TRUE(queue);
    EXPECT_TRUE((*queue)->takes_back());
    EXPECT_TRUE((*queue)->open_source(source_sink));
    EXPECT_FALSE((*queue)->takes_back());
}

// The functions that a crash or a hang could happen in.
TEST_F(PluginQueueTest, HasEachCallOnRecordWhileItRuns) {
    calls_on_record.clear();
    fill(table, noted);
    table.create = noted;
    table.destroy = noted;
    table.capabilities = noted;
    {
        const std::unique_ptr<QueuePort> queue = create().value();
        EXPECT_TRUE(queue->open_source(source_sink));
        (void)queue->poll(one_poll, fault);
        (void)queue->settle({}, fault);
        EXPECT_TRUE(queue->flush());
        queue->wake();
        EXPECT_TRUE(queue->open_target(target_sink));
        (void)queue->publish({}, 1, fault);
        (void)queue->reopen(fault);
        queue->interrupt();
        (void)queue->resource();
        (void)queue->name_in_unit();
        EXPECT_TRUE(queue->depths());
        EXPECT_TRUE(queue->list({}, stored_sink));
        EXPECT_TRUE(queue->get({}, stored_sink));
        EXPECT_TRUE(queue->remove({}));
        EXPECT_TRUE(queue->close());
    }
    std::vector<std::string> expected;
    for (const char* function :
         {"create",       "capabilities", "open_source",  "capabilities", "poll",   "settle",    "flush",
          "wake",         "open_target",  "capabilities", "publish",      "reopen", "interrupt", "resource_id",
          "name_in_unit", "depths",       "list",         "get",          "remove", "close",     "destroy"})
        expected.push_back(std::string("sources.q ") + function);
    EXPECT_EQ(calls_on_record, expected);
    EXPECT_EQ(calls::mine.part.load(), nullptr);
}

}  // namespace
}  // namespace sluice
