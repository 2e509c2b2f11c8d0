// What components find before they are opened, by way of their ports.
#include "plugin/port/probe.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/limits.hpp"
#include "plugin/plugin_call.hpp"
#include "plugin/port/plugin_database.hpp"
#include "plugin/port/plugin_queue.hpp"
#include "plugin/port/rehearsed_database.hpp"
#include "plugin/port/rehearsed_queue.hpp"

namespace sluice {
namespace {

void tell(const sluice_probe_sink* sink, std::string_view name, std::string_view value) {
    sink->fact(sink->context, {name.data(), name.size()}, {value.data(), value.size()});
}

sluice_status tells_two(void*, const sluice_probe_sink* sink, sluice_fault*) {
    EXPECT_STREQ(calls::mine.function.load(), "probe") << "the call is on record";
    EXPECT_GE(sink->struct_size, sizeof(sluice_probe_sink));
    tell(sink, SLUICE_FACT_SERVER, "Spool 1.2");
    tell(sink, "queue", "4 waiting");
    return SLUICE_OK;
}

sluice_setup setup_of(std::string_view name, std::uint32_t role) {
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    setup.role = role;
    setup.name = {name.data(), name.size()};
    return setup;
}

std::unique_ptr<QueuePort> queue_of(sluice_queue& table, std::uint32_t role = SLUICE_ROLE_SOURCE) {
    table.struct_size = sizeof table;
    table.create = [](const sluice_setup*, void**, sluice_fault*) -> sluice_status { return SLUICE_OK; };
    return PluginQueue::create(table, setup_of("sources.q", role)).value();
}

std::unique_ptr<DatabasePort> database_of(sluice_database& table) {
    table.struct_size = sizeof table;
    table.create = [](const sluice_setup*, void**, sluice_fault*) -> sluice_status { return SLUICE_OK; };
    return PluginDatabase::create(table, setup_of("databases.d", SLUICE_ROLE_DATABASE)).value();
}

void expect_two(const Result<Facts>& found) {
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ(found->at(0).name, "server");
    EXPECT_EQ(found->at(0).value, "Spool 1.2");
    EXPECT_EQ(found->at(1).name, "queue");
    EXPECT_EQ(found->at(1).value, "4 waiting");
}

void expect_error(const Result<Facts>& found, ErrorKind kind, const std::string& message) {
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, kind);
    EXPECT_EQ(found.error().message, message);
}

TEST(Probe, TellsWhatAQueueAndADatabaseFindInTheOrderInWhichTheySayIt) {
    sluice_queue queue{};
    queue.probe = &tells_two;
    expect_two(queue_of(queue)->probe());
    expect_two(queue_of(queue, SLUICE_ROLE_TARGET)->probe());
    sluice_database database{};
    database.probe = &tells_two;
    expect_two(database_of(database)->probe());
    EXPECT_EQ(calls::mine.part.load(), nullptr);
}

TEST(Probe, IsUnsupportedWhereTheTableHasNone) {
    sluice_queue queue{};
    expect_error(queue_of(queue)->probe(), ErrorKind::unsupported, "sources.q: unsupported: its plugin has no probe");
    sluice_database database{};
    expect_error(database_of(database)->probe(), ErrorKind::unsupported, "databases.d: unsupported: its plugin has no probe");
}

TEST(Probe, SaysWhatThePluginSaysAndWhoseItIs) {
    sluice_queue queue{};
    queue.probe = [](void*, const sluice_probe_sink* sink, sluice_fault* fault) {
        tell(sink, SLUICE_FACT_SERVER, "Spool 1.2");
        return sluice_fault_set(fault, SLUICE_INVALID, "the spool is of version 9", 25);
    };
    expect_error(queue_of(queue)->probe(), ErrorKind::invalid, "sources.q: invalid: the spool is of version 9");
    sluice_database database{};
    database.probe = [](void*, const sluice_probe_sink*, sluice_fault* fault) {
        return sluice_fault_set(fault, SLUICE_UNAVAILABLE, "nobody answers", 14);
    };
    expect_error(database_of(database)->probe(), ErrorKind::unavailable, "databases.d: unavailable: nobody answers");
}

TEST(Probe, TakesAnExceptionForABreachOfTheContract) {
    sluice_queue queue{};
    queue.probe = [](void*, const sluice_probe_sink*, sluice_fault*) -> sluice_status { throw std::runtime_error("thr\nown"); };
    expect_error(queue_of(queue)->probe(), ErrorKind::contract, "sources.q: contract: an exception left the plugin: thr own");
    sluice_database database{};
    database.probe = [](void*, const sluice_probe_sink*, sluice_fault*) -> sluice_status { throw 42; };
    const auto found = database_of(database)->probe();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::contract);
}

TEST(Probe, GoesThroughARehearsal) {
    sluice_queue queue{};
    queue.probe = &tells_two;
    expect_two(rehearse_source(queue_of(queue), 1)->probe());
    expect_two(rehearse_target(queue_of(queue, SLUICE_ROLE_TARGET))->probe());
    sluice_database database{};
    database.probe = &tells_two;
    expect_two(rehearse_database(database_of(database))->probe());
}

TEST(FactSink, KeepsLinesOfTextAndNotMoreThanAnyoneReads) {
    FactSink sink;
    tell(sink.get(), "na\nme", "two\nlines\xff");
    tell(sink.get(), "long", std::string(2 * limits::fault_text_bytes, 'x'));
    sink.get()->fact(sink.get()->context, {nullptr, 0}, {nullptr, 0});
    for (std::size_t i = 0; i < 2 * limits::probe_facts; ++i) tell(sink.get(), "more", "of it");
    const Facts facts = sink.take();
    ASSERT_EQ(facts.size(), limits::probe_facts);
    EXPECT_EQ(facts[0].name, "na me");
    EXPECT_EQ(facts[0].value, "two lines?");
    EXPECT_EQ(facts[1].value.size(), limits::fault_text_bytes);
    EXPECT_EQ(facts[2].name, "");
}

}  // namespace
}  // namespace sluice
