// What a handler's C++ becomes at the C border: verdicts, texts, statements, and nothing thrown.
#include <gmock/gmock.h>

#include <functional>

#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using namespace std::chrono_literals;
using sluice::Context;
using sluice::FakeHost;
using sluice::Message;
using sluice::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Body = std::function<sluice::Verdict(const Message&, Context&)>;

// Runs what the test says; handed over beside the options, since the host makes the instances.
struct Scripted : sluice::Handler {
    static inline Body* body = nullptr;
    sluice::Verdict handle(const Message& message, Context& context) override { return (*body)(message, context); }
};
constexpr auto scripted = sluice::handler<Scripted>("scripted", "Runs what the test says.");

class HandlerSdk : public testing::Test {
protected:
    sluice::FakeOutcome run(Body body, const sluice::FakeMessage& message = {.body = "body"}) {
        Scripted::body = &body;
        auto handler = host.handler(scripted);
        return handler.handle(message);
    }

    FakeHost host;
};

TEST_F(HandlerSdk, HandsOverEachVerdictWithItsText) {
    EXPECT_EQ(run([](auto&, auto&) { return sluice::done(); }).verdict, SLUICE_DONE);
    EXPECT_EQ(run([](auto&, auto&) { return sluice::skip(); }).verdict, SLUICE_SKIP);
    const auto reject = run([](auto&, auto&) { return sluice::reject("no order"); });
    EXPECT_EQ(reject.verdict, SLUICE_REJECT);
    EXPECT_EQ(reject.text, "no order");
    EXPECT_FALSE(reject.delay);
}

TEST_F(HandlerSdk, HandsOverTheDelayOfARetryOnlyIfOneIsGiven) {
    EXPECT_EQ(run([](auto&, auto&) { return sluice::retry("later", 250ms); }).delay, 250ms);
    EXPECT_EQ(run([](auto&, auto&) { return sluice::retry("now", 0ms); }).delay, 0ms);
    const auto backoff = run([](auto&, auto&) { return sluice::retry("some time"); });
    EXPECT_EQ(backoff.verdict, SLUICE_RETRY);
    EXPECT_EQ(backoff.delay, std::nullopt);
}

TEST_F(HandlerSdk, TurnsAnExceptionIntoARetryWithItsText) {
    const auto outcome = run([](auto&, auto&) -> sluice::Verdict { throw std::runtime_error("no such city"); });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.status, SLUICE_FAILED);
    EXPECT_EQ(outcome.text, "no such city");
}

TEST_F(HandlerSdk, TurnsWhatIsNoStdExceptionIntoARetry) {
    const auto outcome = run([](auto&, auto&) -> sluice::Verdict { throw 42; });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_THAT(outcome.text, HasSubstr("not a std::exception"));
}

TEST_F(HandlerSdk, RejectsWhatBreaksARuleOfTheDatabase) {
    host.on_execute = [](const sluice::FakeWrite&) { return Status(SLUICE_CONSTRAINT, "UNIQUE failed: orders.id"); };
    const auto outcome = run([](auto&, Context& context) {
        context.database("shop").execute("INSERT INTO orders VALUES(1)");
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_REJECT);
    EXPECT_EQ(outcome.text, "writing to database shop: UNIQUE failed: orders.id");
}

TEST_F(HandlerSdk, RetriesWhenTheStatementIsWrongBecauseThatIsNotTheMessagesFault) {
    host.on_prepare = [](const sluice::FakeWrite&) { return Status(SLUICE_INVALID, "no such table: orders"); };
    const auto outcome = run([](auto&, Context& context) {
        context.database("shop").execute("INSERT INTO orders VALUES(1)");
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.text, "preparing \"INSERT INTO orders VALUES(1)\": no such table: orders");
}

TEST_F(HandlerSdk, KeepsTheStatusOfAnOutageSoThatNoAttemptIsBurnt) {
    host.on_execute = [](const sluice::FakeWrite&) { return Status(SLUICE_UNAVAILABLE, "gone"); };
    const auto outcome = run([](auto&, Context& context) {
        context.database("shop").execute("DELETE FROM orders");
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.status, SLUICE_UNAVAILABLE);
}

TEST_F(HandlerSdk, BindsEveryKindOfValue) {
    const auto outcome = run([](auto&, Context& context) {
        const std::byte blob[] = {std::byte{0}, std::byte{255}};
        context.database("shop").execute("INSERT INTO all_kinds VALUES(?, ?, ?, ?, ?, ?, ?, ?)", "literal", std::string("text"),
                                         -7, 2.5, true, nullptr, std::optional<int>(), std::span<const std::byte>(blob));
        return sluice::done();
    });
    ASSERT_THAT(outcome.writes, SizeIs(1));
    EXPECT_THAT(outcome.writes[0].values, ElementsAre("'literal'", "'text'", "-7", "2.5", "TRUE", "NULL", "NULL", "x'00ff'"));
}

TEST_F(HandlerSdk, RejectsANumberThatNoColumnCanHold) {
    const auto outcome = run([](auto&, Context& context) {
        context.database("shop").execute("INSERT INTO n VALUES(?)", ~std::uint64_t{0});
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_REJECT);
    EXPECT_THAT(outcome.text, HasSubstr("18446744073709551615"));
}

TEST_F(HandlerSdk, PreparesEachTextOnceAndIsNotFooledByAReusedBuffer) {
    std::vector<std::string> prepared;
    host.on_prepare = [&](const sluice::FakeWrite& write) {
        prepared.push_back(write.sql);
        return Status();
    };
    const auto outcome = run([](auto&, Context& context) {
        std::string buffer = "UPDATE a SET x = ?";
        context.database("shop").execute(buffer, 1);
        buffer[7] = 'b';  // the same address, another statement
        context.database("shop").execute(buffer, 2);
        context.database("shop").execute("UPDATE a SET x = ?", 3);
        return sluice::done();
    });
    EXPECT_THAT(prepared, ElementsAre("UPDATE a SET x = ?", "UPDATE b SET x = ?"));
    ASSERT_THAT(outcome.writes, SizeIs(3));
    EXPECT_EQ(outcome.writes[1].sql, "UPDATE b SET x = ?");
    EXPECT_EQ(outcome.writes[2].sql, "UPDATE a SET x = ?");
}

TEST_F(HandlerSdk, BoundsTheNumberOfStatements) {
    const auto outcome = run([](auto&, Context& context) {
        for (int i = 0; i < 1000; ++i) context.database("shop").execute("DELETE FROM t WHERE id = " + std::to_string(i));
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_THAT(outcome.text, HasSubstr("bind values with ?"));
}

TEST_F(HandlerSdk, SaysWhichTextsAreViewsOfTheMessageSoThatTheyAreNotCopied) {
    static std::vector<std::uint32_t> lives;
    lives.clear();
    host.api.execute = [](sluice_host*, sluice_ticket, std::uint32_t, std::uint32_t, const sluice_value* values,
                          std::uint32_t count, sluice_fault*) {
        for (std::uint32_t i = 0; i < count; ++i) lives.push_back(values[i].life);
        return SLUICE_QUEUED;
    };
    run(
        [](const Message& message, Context& context) {
            const std::string copy(message.body());
            context.database("shop").execute("INSERT INTO t VALUES(?, ?, ?, ?)", message.body().substr(2, 3), message.key(),
                                             copy, "literal");
            return sluice::done();
        },
        {.body = "a body of some length", .key = "key"});
    EXPECT_THAT(lives, ElementsAre(SLUICE_LIFE_UNIT, SLUICE_LIFE_UNIT, SLUICE_LIFE_CALL, SLUICE_LIFE_CALL));
}

TEST_F(HandlerSdk, ReadsRowsInsideAndOutsideTheUnit) {
    host.on_query = [](const sluice::FakeWrite&) {
        return std::vector<std::vector<sluice::FakeValue>>{{"teapot", 4990, {}}, {"cup", 2.5, {}}};
    };
    run([](auto&, Context& context) {
        std::vector<std::string> items;
        context.database("shop").query("SELECT item, price FROM items WHERE price > ?", 2, [&](const sluice::Row& row) {
            items.emplace_back(row.text(0));
            EXPECT_TRUE(row.is_null(2));
        });
        EXPECT_THAT(items, ElementsAre("teapot", "cup"));
        int rows = 0;
        context.database("shop").query_committed("SELECT item FROM items", [&](const sluice::Row&) { return ++rows < 1; });
        EXPECT_EQ(rows, 1);
        return sluice::done();
    });
    ASSERT_THAT(host.queries, SizeIs(2));
    EXPECT_THAT(host.queries[0].values, ElementsAre("2"));
    EXPECT_TRUE(host.queries[0].in_unit);
    EXPECT_FALSE(host.queries[1].in_unit);
}

TEST_F(HandlerSdk, CarriesAnExceptionOfARowPastTheDatabase) {
    host.on_query = [](const sluice::FakeWrite&) { return std::vector<std::vector<sluice::FakeValue>>{{1}, {2}}; };
    int rows = 0;
    const auto outcome = run([&](auto&, Context& context) {
        context.database("shop").query("SELECT 1", [&](const sluice::Row& row) {
            ++rows;
            (void)row.integer(7);
        });
        return sluice::done();
    });
    EXPECT_EQ(rows, 1);
    EXPECT_EQ(outcome.text, "the row has 1 columns, column 7 was asked for");
}

TEST_F(HandlerSdk, PublishesWithEverythingAMessageCanHave) {
    const auto outcome = run([](const Message& message, Context& context) {
        const sluice_header header{sluice::bytes("type"), sluice::bytes("alert")};
        context.publish("alerts",
                        {.body = message.body(), .key = "k", .id = "i", .headers = std::span(&header, 1), .delay = 2s});
        return sluice::done();
    });
    ASSERT_THAT(outcome.published, SizeIs(1));
    EXPECT_EQ(outcome.published[0].target, "alerts");
    EXPECT_EQ(outcome.published[0].body, "body");
    EXPECT_EQ(outcome.published[0].id, "i");
    EXPECT_THAT(outcome.published[0].headers, ElementsAre(testing::Pair("type", "alert")));
    EXPECT_EQ(outcome.published[0].delay, 2s);
}

TEST_F(HandlerSdk, ShowsEveryPartOfAMessage) {
    host.worker = 3;
    run(
        [](const Message& message, Context&) {
            EXPECT_EQ(message.body(), "body");
            EXPECT_EQ(message.body().data()[message.body().size() + 63], '\0');
            EXPECT_EQ(message.id(), "id-1");
            EXPECT_EQ(message.key(), "key");
            EXPECT_EQ(message.source(), "flights");
            EXPECT_EQ(message.header("b"), "2");
            EXPECT_EQ(message.header("B"), std::nullopt);
            EXPECT_EQ(message.attempt(), 4u);
            EXPECT_EQ(message.worker(), 3u);
            EXPECT_EQ(message.enqueued().time_since_epoch(), 5ms);
            return sluice::done();
        },
        {.body = "body",
         .key = "key",
         .id = "id-1",
         .source = "flights",
         .headers = {{"a", "1"}, {"b", "2"}},
         .attempt = 4,
         .enqueued_ms = 5});
}

TEST_F(HandlerSdk, AsksTheHostWhetherToGiveUpAndWhatTimeItIs) {
    host.cancelled = true;
    host.now_ms = 1234;
    run([](auto&, Context& context) {
        EXPECT_TRUE(context.cancelled());
        EXPECT_EQ(context.now().time_since_epoch(), 1234ms);
        return sluice::done();
    });
}

TEST_F(HandlerSdk, LogsTextsAndNumbersInOneLine) {
    run([](auto&, Context& context) {
        context.log(sluice::Level::warn, "read ", 3, " of ", 4.5, ' ', true);
        return sluice::done();
    });
    ASSERT_THAT(host.log, SizeIs(1));
    EXPECT_EQ(host.log[0].level, sluice::Level::warn);
    EXPECT_EQ(host.log[0].text, "read 3 of 4.5 true");
}

struct Throws : sluice::Handler {
    explicit Throws(const sluice::Setup& setup) { throw setup.option("table").error("is the wrong table"); }
    sluice::Verdict handle(const Message&, Context&) override { return sluice::done(); }
};

TEST_F(HandlerSdk, MakesAConfigurationErrorOfWhatAConstructorThrows) {
    const auto component = sluice::handler<Throws>("throws", "", sluice::text("table", "A table."));
    try {
        host.handler(component, {{"table", "x"}});
        FAIL() << "it was created";
    } catch (const sluice::Failure& failure) {
        EXPECT_EQ(failure.code(), SLUICE_INVALID);
        EXPECT_STREQ(failure.what(), "test.yaml:1:1: pools.test.handler.table: is the wrong table");
    }
}

struct Harmless : sluice::Handler {
    static constexpr bool no_outside_effects = true;
    sluice::Verdict handle(const Message&, Context&) override { return sluice::done(); }
};

TEST_F(HandlerSdk, SaysThatItHasNoOutsideEffects) {
    EXPECT_EQ(static_cast<const sluice_handler*>(sluice::handler<Harmless>("harmless").table)->flags,
              SLUICE_HANDLER_NO_OUTSIDE_EFFECTS);
}

struct Lives : sluice::Handler {
    static inline std::vector<std::string> seen;
    static constexpr bool thread_affine = true;
    Lives() { seen.emplace_back("create"); }
    ~Lives() override { seen.emplace_back("destroy"); }
    void start(Context& context) override {
        seen.emplace_back("start");
        context.database("shop").prepare("SELECT 1");
    }
    sluice::Verdict handle(const Message&, Context&) override {
        seen.emplace_back("handle");
        return sluice::done();
    }
    void stop() override { seen.emplace_back("stop"); }
};

TEST_F(HandlerSdk, LivesInTheOrderOfTheAbi) {
    Lives::seen.clear();
    { (void)host.handler(sluice::handler<Lives>("lives")).handle("x"); }
    EXPECT_THAT(Lives::seen, ElementsAre("create", "start", "handle", "stop", "destroy"));
    EXPECT_EQ(static_cast<const sluice_handler*>(sluice::handler<Lives>("lives").table)->flags, SLUICE_HANDLER_THREAD_AFFINE);
    EXPECT_EQ(static_cast<const sluice_handler*>(scripted.table)->flags, 0u);
}

TEST_F(HandlerSdk, IsDestroyedWithoutAStopWhenItsStartFails) {
    Lives::seen.clear();
    host.on_prepare = [](const sluice::FakeWrite&) { return Status(SLUICE_UNAVAILABLE, "gone"); };
    EXPECT_THROW(host.handler(sluice::handler<Lives>("lives")), sluice::Failure);
    EXPECT_THAT(Lives::seen, ElementsAre("create", "start", "destroy"));
}

// ---- hosts that have less -------------------------------------------------------------------------------------------------

TEST_F(HandlerSdk, RetriesWhenTheHostLacksAService) {
    host.api.publish = nullptr;
    const auto outcome = run([](const Message& message, Context& context) {
        context.publish("alerts", message.body());
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.status, SLUICE_UNSUPPORTED);
    EXPECT_EQ(outcome.text, "publishing to alerts: this host offers no publishing to this component");
}

TEST_F(HandlerSdk, ReadsNothingBehindTheEndOfASmallerTable) {
    host.api.struct_size = offsetof(sluice_host_api, database);  // what follows is there, and must not be called
    const auto database = run([](auto&, Context& context) {
        context.database("shop").execute("DELETE FROM t");
        return sluice::done();
    });
    EXPECT_EQ(database.status, SLUICE_UNSUPPORTED);
    EXPECT_THAT(database.writes, IsEmpty());
    host.cancelled = true;
    const auto rest = run([](auto&, Context& context) {
        EXPECT_FALSE(context.cancelled());
        EXPECT_EQ(context.extension("anything"), nullptr);
        context.log(sluice::Level::info, "still here");
        return sluice::done();
    });
    EXPECT_EQ(rest.verdict, SLUICE_DONE);
    EXPECT_THAT(host.log, SizeIs(1));
}

TEST_F(HandlerSdk, WorksWithAHostThatOffersNothing) {
    host.api.struct_size = 8;
    const auto outcome = run([](auto&, Context& context) {
        context.log(sluice::Level::error, "unheard");
        EXPECT_GT(context.now().time_since_epoch(), 0ms);
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_DONE);
    EXPECT_THAT(host.log, IsEmpty());
}

}  // namespace
