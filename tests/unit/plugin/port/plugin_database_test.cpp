#include "plugin/port/plugin_database.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

// A database whose table has every function. Each notes that it was called, looks at the record of its call, and throws if it
// is told to.
class DatabaseTable : public ConnectionPort::Ended {
public:
    DatabaseTable() {
        table.struct_size = sizeof table;
        table.create = [](const sluice_setup* setup, void** self, sluice_fault*) -> sluice_status {
            *self = const_cast<char*>(setup->identity.data);
            return on(*self, "create");
        };
        table.destroy = [](void* self) { on(self, "destroy"); };
        table.capabilities = [](void* self) {
            return on(self, "capabilities"), static_cast<DatabaseTable*>(self)->capabilities;
        };
        table.open = [](void* self, sluice_fault*) { return on(self, "open"); };
        table.close = [](void* self) { on(self, "close"); };
        table.ping = [](void* self, sluice_fault*) { return on(self, "ping"); };
        table.connect = [](void* self, const sluice_database_sink* sink, void** connection, sluice_fault*) -> sluice_status {
            static_cast<DatabaseTable*>(self)->sink = sink;
            *connection = self;
            return on(self, "connect");
        };
        table.disconnect = [](void* self) { on(self, "disconnect"); };
        table.prepare = [](void* self, sluice_bytes, std::uint32_t*, sluice_fault*) { return on(self, "prepare"); };
        table.unit_begin = [](void* self, std::uint64_t* unit, sluice_fault*) { return *unit = 7, on(self, "unit_begin"); };
        table.record_once = [](void* self, std::uint64_t, sluice_ticket, const sluice_identity*, sluice_fault*) {
            return on(self, "record_once");
        };
        table.execute = [](void* self, std::uint64_t, sluice_ticket, std::uint32_t, const sluice_value*, std::uint32_t,
                           sluice_fault*) { return on(self, "execute"); };
        table.query = [](void* self, std::uint64_t, sluice_ticket, std::uint32_t, const sluice_value*, std::uint32_t,
                         const sluice_row_sink*, sluice_fault*) { return on(self, "query"); };
        table.drop = [](void* self, std::uint64_t, sluice_ticket) { on(self, "drop"); };
        table.forget = [](void* self, std::uint64_t, sluice_ticket) { on(self, "forget"); };
        table.seal = [](void* self, std::uint64_t, sluice_fault*) { return on(self, "seal"); };
        table.commit_submit = [](void* self, std::uint64_t, std::uint64_t token) {
            on(self, "commit_submit");
            const sluice_database_sink& to = *static_cast<DatabaseTable*>(self)->sink;
            to.committed(to.context, token, SLUICE_OK, nullptr, 0, {});
        };
        table.abandon_unit = [](void* self, std::uint64_t) { on(self, "abandon_unit"); };
        table.confirmed_below = [](void* self, sluice_bytes, sluice_bytes, std::uint64_t) { on(self, "confirmed_below"); };
        table.restart = [](void* self) { on(self, "restart"); };
        table.resource_id = [](void* self) -> sluice_bytes { return on(self, "resource_id"), sluice_bytes{"here", 4}; };
        table.keep_publishes = [](void* self, std::uint64_t, sluice_ticket, sluice_bytes, sluice_fault*) {
            return on(self, "keep_publishes");
        };
        table.kept_publishes = [](void* self, const sluice_identity*, const sluice_row_sink*, sluice_fault*) {
            return on(self, "kept_publishes");
        };
        table.publishes_done = [](void* self, const sluice_identity* const*, std::uint64_t) { on(self, "publishes_done"); };
        table.interrupt = [](void* self) { on(self, "interrupt"); };
        table.describe = [](void* self, std::uint32_t, sluice_statement*, sluice_fault*) { return on(self, "describe"); };
        table.recorded = [](void* self, sluice_bytes, const sluice_recorded_sink* to, sluice_fault*) -> sluice_status {
            for (std::uint64_t from = 0; to->range(to->context, {"stream", 6}, from, from + 1) == SLUICE_OK; ++from) continue;
            return on(self, "recorded");
        };
        table.settle = [](void* self, std::uint64_t, sluice_bytes, const sluice_ticket*, const sluice_settlement*,
                          std::uint64_t, sluice_fault*) { return on(self, "settle"); };
    }
    // The members that may be absent, for whatever reason, are.
    void leave_out() {
        table.capabilities = nullptr;
        table.close = nullptr;
        table.ping = nullptr;
        table.record_once = nullptr;
        table.forget = nullptr;
        table.confirmed_below = nullptr;
        table.restart = nullptr;
        table.resource_id = nullptr;
        table.keep_publishes = nullptr;
        table.kept_publishes = nullptr;
        table.publishes_done = nullptr;
        table.interrupt = nullptr;
        table.describe = nullptr;
        table.recorded = nullptr;
        table.settle = nullptr;
    }
    Result<std::unique_ptr<PluginDatabase>> create() {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.name = {"databases.d", 11};
        setup.identity = {reinterpret_cast<const char*>(this), 0};
        return PluginDatabase::create(table, setup, &part);
    }
    void committed(std::uint64_t token, sluice_status status, const sluice_commit_result*, std::uint64_t,
                   sluice_bytes text) override {
        ended.push_back(std::to_string(token) + " " + status_name(status) + " " + std::string(text.data, text.size));
    }

    sluice_database table{};
    const PluginPart& part = plugin_part("databases.d", "/usr/lib/d.so");
    const sluice_database_sink* sink = nullptr;
    std::uint64_t capabilities = 0;
    std::string throws;  // this function does
    std::vector<std::string> called;
    std::vector<std::string> ended;

private:
    static sluice_status on(void* self, const char* function) {
        auto& its = *static_cast<DatabaseTable*>(self);
        its.called.emplace_back(function);
        EXPECT_EQ(calls::mine.part.load(), &its.part) << function;
        EXPECT_STREQ(calls::mine.function.load(), function);
        if (its.throws == function) throw std::runtime_error(std::string("thrown by ") + function);
        return SLUICE_OK;
    }
};

// Each function of a connection that answers a status, by the name of the table's.
using Asked = std::function<sluice_status(ConnectionPort&, sluice_fault*)>;
const std::vector<std::pair<std::string, Asked>>& asked_of_a_connection() {
    static const sluice_identity identity{};
    static const sluice_row_sink rows{};
    static const std::vector<std::pair<std::string, Asked>> all{
        {"prepare",
         [](ConnectionPort& c, sluice_fault* fault) {
             std::uint32_t number;
             return c.prepare({}, &number, fault);
         }},
        {"describe",
         [](ConnectionPort& c, sluice_fault* fault) {
             sluice_statement said{};
             return c.describe(0, &said, fault);
         }},
        {"unit_begin",
         [](ConnectionPort& c, sluice_fault* fault) {
             std::uint64_t unit;
             return c.unit_begin(unit, fault);
         }},
        {"execute", [](ConnectionPort& c, sluice_fault* fault) { return c.execute(7, 1, 0, nullptr, 0, fault); }},
        {"query", [](ConnectionPort& c, sluice_fault* fault) { return c.query(7, 1, 0, nullptr, 0, &rows, fault); }},
        {"record_once", [](ConnectionPort& c, sluice_fault* fault) { return c.record_once(7, 1, identity, fault); }},
        {"keep_publishes", [](ConnectionPort& c, sluice_fault* fault) { return c.keep_publishes(7, 1, {}, fault); }},
        {"kept_publishes", [](ConnectionPort& c, sluice_fault* fault) { return c.kept_publishes(identity, rows, fault); }},
        {"settle", [](ConnectionPort& c, sluice_fault* fault) { return c.settle(7, "queue", {}, {}, fault); }},
        {"seal", [](ConnectionPort& c, sluice_fault* fault) { return c.seal(7, fault); }},
    };
    return all;
}

// The others.
const std::vector<std::pair<std::string, std::function<void(ConnectionPort&)>>>& told_to_a_connection() {
    static const std::vector<std::pair<std::string, std::function<void(ConnectionPort&)>>> all{
        {"drop", [](ConnectionPort& c) { c.drop(7, 1); }},
        {"forget", [](ConnectionPort& c) { c.forget(7, 1); }},
        {"commit_submit", [](ConnectionPort& c) { c.commit_submit(7, 42); }},
        {"abandon_unit", [](ConnectionPort& c) { c.abandon_unit(7); }},
        {"confirmed_below", [](ConnectionPort& c) { c.confirmed_below({}, {}, 1); }},
        {"restart", [](ConnectionPort& c) { c.restart(); }},
        {"publishes_done", [](ConnectionPort& c) { c.publishes_done(nullptr, 0); }},
    };
    return all;
}

TEST(PluginDatabase, PassesEachCallOnWhileItIsOnRecord) {
    DatabaseTable plugin;
    std::vector<std::string> expected{"create", "capabilities", "open", "capabilities", "connect"};
    {
        const auto database = plugin.create();
        ASSERT_TRUE(database);
        EXPECT_TRUE((*database)->open());
        auto connection = (*database)->connect(plugin);
        ASSERT_TRUE(connection);
        for (const auto& [name, call] : asked_of_a_connection()) {
            expected.push_back(name);
            EXPECT_EQ(call(**connection, nullptr), SLUICE_OK) << name;
        }
        for (const auto& [name, call] : told_to_a_connection()) {
            expected.push_back(name);
            call(**connection);
        }
        EXPECT_TRUE((*connection)->keeps_publishes());
        EXPECT_TRUE((*database)->can_ping());
        EXPECT_EQ((*database)->ping(nullptr), SLUICE_OK);
        EXPECT_EQ((*database)->resource(), "here");
        (*database)->interrupt();
        *connection = nullptr;
        (*database)->close();
    }
    for (const char* name : {"ping", "resource_id", "interrupt", "disconnect", "close", "destroy"}) expected.emplace_back(name);
    EXPECT_EQ(plugin.called, expected);
    EXPECT_EQ(plugin.ended, std::vector<std::string>{"42 ok "});
    EXPECT_EQ(calls::mine.part.load(), nullptr);
}

TEST(PluginDatabase, HasADefaultForEachFunctionThatIsAbsent) {
    DatabaseTable plugin;
    plugin.leave_out();
    const auto database = plugin.create();
    ASSERT_TRUE(database);
    EXPECT_FALSE((*database)->deduplicates());
    EXPECT_FALSE((*database)->can_ping());
    EXPECT_EQ((*database)->ping(nullptr), SLUICE_UNSUPPORTED);
    EXPECT_EQ((*database)->resource(), "");
    (*database)->interrupt();
    EXPECT_TRUE((*database)->recorded("s", [](auto...) { return true; }));
    const auto connection = (*database)->connect(plugin);
    ASSERT_TRUE(connection);
    plugin.called.clear();
    FaultBuffer fault;
    for (const auto& [name, call] : asked_of_a_connection())
        if (name == "record_once" || name == "keep_publishes" || name == "kept_publishes" || name == "settle") {
            EXPECT_EQ(call(**connection, fault.get()), SLUICE_UNSUPPORTED) << name;
            EXPECT_EQ(fault.text(), "") << name;
        }
    sluice_statement statement{};
    EXPECT_EQ((*connection)->describe(1, &statement, fault.get()), SLUICE_UNSUPPORTED);
    EXPECT_EQ(fault.text(), "this database does not say what is known of a statement");
    EXPECT_FALSE((*connection)->keeps_publishes());
    for (const auto& [name, call] : told_to_a_connection())
        if (name != "drop" && name != "commit_submit" && name != "abandon_unit") call(**connection);
    (*database)->close();
    EXPECT_EQ(plugin.called, std::vector<std::string>{});
}

TEST(PluginDatabase, TakesWhatLeavesAConnectionAsItsLoss) {
    for (const auto& [name, call] : asked_of_a_connection()) {
        DatabaseTable plugin;
        plugin.throws = name;
        const auto database = plugin.create();
        const auto connection = (*database)->connect(plugin);
        FaultBuffer fault;
        EXPECT_EQ(call(**connection, fault.get()), SLUICE_UNAVAILABLE) << name;
        EXPECT_EQ(fault.fault().status, SLUICE_UNAVAILABLE) << name;
        EXPECT_EQ(fault.text(), "an exception left the plugin of the database: thrown by " + name);
        EXPECT_EQ(call(**connection, nullptr), SLUICE_UNAVAILABLE) << name << ": nobody wants the text";
        EXPECT_EQ(calls::mine.part.load(), nullptr) << name;
    }
}

TEST(PluginDatabase, LetsNothingOutOfACallThatAnswersNothing) {
    for (const auto& [name, call] : told_to_a_connection()) {
        DatabaseTable plugin;
        plugin.throws = name;
        const auto database = plugin.create();
        const auto connection = (*database)->connect(plugin);
        EXPECT_NO_THROW(call(**connection)) << name;
        EXPECT_EQ(plugin.called.back(), name);
    }
    for (const char* name : {"disconnect", "close", "interrupt", "resource_id", "destroy"}) {
        DatabaseTable plugin;
        plugin.throws = name;
        auto database = plugin.create();
        auto connection = (*database)->connect(plugin);
        EXPECT_NO_THROW((*database)->interrupt());
        EXPECT_EQ((*database)->resource(), plugin.throws == "resource_id" ? "" : "here");
        EXPECT_NO_THROW(connection->reset());
        EXPECT_NO_THROW((*database)->close());
        EXPECT_NO_THROW(database->reset());
        EXPECT_EQ(plugin.called.back(), "destroy") << name;
    }
}

TEST(PluginDatabase, EndsAUnitWhoseSubmissionThrowsAsOneOfWhichNobodyKnows) {
    DatabaseTable plugin;
    plugin.throws = "commit_submit";
    const auto database = plugin.create();
    const auto connection = (*database)->connect(plugin);
    (*connection)->commit_submit(7, 42);
    EXPECT_EQ(plugin.ended, std::vector<std::string>{"42 unknown thrown by commit_submit"});
}

TEST(PluginDatabase, TellsWhatLeavesItWhereItIsOpenedWithItsPath) {
    for (const std::string name : {"create", "capabilities", "open", "connect"}) {
        DatabaseTable plugin;
        plugin.throws = name;
        const auto error = [&]() -> Error {
            auto database = plugin.create();
            if (!database) return database.error();
            if (auto opened = (*database)->open(); !opened) return opened.error();
            auto connection = (*database)->connect(plugin);
            return connection ? Error{} : connection.error();
        }();
        EXPECT_EQ(error.kind, ErrorKind::contract) << name;
        EXPECT_EQ(error.message, "databases.d: contract: an exception left the plugin: thrown by " + name);
        EXPECT_EQ(std::count(plugin.called.begin(), plugin.called.end(), "disconnect"), 0)
            << name << ": there is no connection";
    }
}

TEST(PluginDatabase, AnswersThatItCannotBeReachedWhereThePingThrows) {
    DatabaseTable plugin;
    plugin.throws = "ping";
    const auto database = plugin.create();
    FaultBuffer fault;
    EXPECT_EQ((*database)->ping(fault.get()), SLUICE_CONTRACT);
    EXPECT_EQ(fault.text(), "an exception left the plugin: thrown by ping");
}

TEST(PluginDatabase, HandsOutWhatIsRecordedUntilItIsEnough) {
    DatabaseTable plugin;
    const auto database = plugin.create();
    std::string found;
    const auto take = [&](std::string_view stream, std::uint64_t from, std::uint64_t to) {
        found += std::string(stream) + " " + std::to_string(from) + "-" + std::to_string(to) + " ";
        return from < 2;
    };
    EXPECT_TRUE((*database)->recorded("s", take));
    EXPECT_EQ(found, "stream 0-1 stream 1-2 stream 2-3 ");
    plugin.throws = "recorded";
    const auto thrown = (*database)->recorded("s", take);
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().message, "databases.d: contract: an exception left the plugin: thrown by recorded");
}

TEST(PluginDatabase, AsksWhatItCanDoWhenItIsCreatedAndAfterEachOpen) {
    DatabaseTable plugin;
    plugin.capabilities = SLUICE_DATABASE_DEDUPLICATES;
    const auto database = plugin.create();
    ASSERT_TRUE(database);
    plugin.capabilities = 0;
    EXPECT_TRUE((*database)->deduplicates());
    EXPECT_TRUE((*database)->deduplicates());
    EXPECT_EQ(plugin.called, (std::vector<std::string>{"create", "capabilities"}));
    ASSERT_TRUE((*database)->open());
    EXPECT_FALSE((*database)->deduplicates());
    (*database)->close();
    plugin.capabilities = SLUICE_DATABASE_DEDUPLICATES;
    ASSERT_TRUE((*database)->open());
    EXPECT_TRUE((*database)->deduplicates());
    plugin.called.clear();
    plugin.throws = "open";
    plugin.capabilities = 0;
    EXPECT_FALSE((*database)->open());
    EXPECT_TRUE((*database)->deduplicates()) << "what did not open is not asked";
    EXPECT_EQ(plugin.called, (std::vector<std::string>{"open"}));
}

TEST(PluginDatabase, IsClosedAgainIfItCannotSayWhatItCanDoOnceItIsOpen) {
    DatabaseTable plugin;
    const auto database = plugin.create();
    ASSERT_TRUE(database);
    plugin.called.clear();
    plugin.throws = "capabilities";
    const auto thrown = (*database)->open();
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().message, "databases.d: contract: an exception left the plugin: thrown by capabilities");
    EXPECT_EQ(plugin.called, (std::vector<std::string>{"open", "capabilities", "close"}));
}

TEST(PluginDatabase, IsClosedAgainIfItSaysOnceItIsOpenThatItCanDoWhatItHasNoFunctionFor) {
    DatabaseTable plugin;
    plugin.table.record_once = nullptr;
    const auto database = plugin.create();
    ASSERT_TRUE(database);
    plugin.capabilities = SLUICE_DATABASE_DEDUPLICATES;
    const auto boasts = (*database)->open();
    ASSERT_FALSE(boasts);
    EXPECT_EQ(boasts.error().kind, ErrorKind::contract);
    EXPECT_EQ(boasts.error().message,
              "databases.d: contract: once it is open, it says SLUICE_DATABASE_DEDUPLICATES, but its sluice_database has no "
              "record_once");
    EXPECT_EQ(plugin.called.back(), "close");
}

TEST(PluginDatabase, IsRefusedWhereItSaysThatItCanDoWhatItHasNoFunctionFor) {
    const auto created = [](const std::string& name) -> Result<std::unique_ptr<DatabasePort>> {
        auto manifest = read_manifest(bad_plugin(name));
        if (!manifest) return std::move(manifest).error();
        auto library = Library::load(std::move(manifest).value());
        if (!library) return std::move(library).error();
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        return PluginDatabase::create(**library, name, setup, plugin_part("databases.d", name));
    };
    const auto refused = created("deduplicates_without_record");
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(
                  "is refused: database \"deduplicates_without_record\": it says SLUICE_DATABASE_DEDUPLICATES, but its "
                  "sluice_database has no record_once; this is a mistake in the plugin"),
              std::string::npos)
        << refused.error().message;
}

}  // namespace
}  // namespace sluice
