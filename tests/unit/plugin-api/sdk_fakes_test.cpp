// The fakes refuse what the host refuses: a unit test that passes with them must not hide what keeps a handler from working.
#include <gmock/gmock.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>

#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using namespace std::chrono_literals;
using sluice::Context;
using sluice::FakeHost;
using sluice::FakeOptions;
using sluice::FakeValue;
using sluice::Message;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Body = std::function<sluice::Verdict(const Message&, Context&)>;

struct Scripted : sluice::Handler {
    static inline Body* body = nullptr;
    sluice::Verdict handle(const Message& message, Context& context) override { return (*body)(message, context); }
};
constexpr auto scripted = sluice::handler<Scripted>("scripted");

class Fakes : public testing::Test {
protected:
    sluice::FakeOutcome run(Body body, const sluice::FakeMessage& message = {.body = "body"}) {
        Scripted::body = &body;
        auto handler = host.handler(scripted);
        return handler.handle(message);
    }
    // What becomes of a statement that writes.
    sluice::FakeOutcome writing(const std::string& sql, int value_count = 0) {
        return run([&](auto&, Context& context) {
            auto& shop = context.database("shop");
            value_count == 0 ? shop.execute(sql) : value_count == 1 ? shop.execute(sql, 1) : shop.execute(sql, 1, 2);
            return sluice::done();
        });
    }

    FakeHost host;
};

TEST_F(Fakes, RefuseAResumeOfAHandlerThatHasNone) {
    sluice::Completer kept;
    Body body = [&](auto&, Context& context) {
        kept = sluice::Completer(context);
        return sluice::defer();
    };
    Scripted::body = &body;
    auto handler = host.handler(scripted);  // what it deferred may be completed as long as it is there
    const auto outcome = handler.handle({.body = "body"});
    EXPECT_EQ(outcome.verdict, SLUICE_DEFER);
    EXPECT_FALSE(kept.resume(1)) << "the host answers SLUICE_UNSUPPORTED";
    EXPECT_THAT(host.deferred.wait_for_ends(0), IsEmpty());
    EXPECT_EQ(host.deferred.open(), 1u);
}

TEST_F(Fakes, WarnOfAHandlerWhoseDeferredMessagesCannotBeEnded) {
    run([&](auto&, auto&) { return sluice::defer(); });
    ASSERT_THAT(host.log, SizeIs(1));
    EXPECT_THAT(host.log[0].text, HasSubstr("has no `cancel`"));
}

TEST_F(Fakes, HandOverWhatTheEngineKnowsOfAMessage) {
    run(
        [](const Message& message, Context&) {
            EXPECT_EQ(message.message_key(), "region-7");
            EXPECT_EQ(message.subject(), "orders.eu");
            EXPECT_TRUE(message.redelivered());
            EXPECT_EQ(message.deliveries(), 3u);
            return sluice::done();
        },
        {.body = "b", .message_key = "region-7", .subject = "orders.eu", .redelivered = true, .deliveries = 3});
    run([](const Message& message, Context&) {
        EXPECT_EQ(message.raw().struct_size, offsetof(sluice_message, message_key)) << "as the host hands it out";
        EXPECT_EQ(message.message_key(), "");
        EXPECT_EQ(message.subject(), "");
        EXPECT_FALSE(message.redelivered());
        EXPECT_EQ(message.deliveries(), 0u);
        return sluice::done();
    });
}

struct Named : Scripted {
    static inline std::string name;
    explicit Named(const sluice::Setup& setup) { name = setup.instance(); }
};

TEST_F(Fakes, TellTheNameOfTheHost) {
    host.instance = "host-17-00c0ffee";
    constexpr auto named = sluice::handler<Named>("named");
    (void)host.handler(named);
    EXPECT_EQ(Named::name, "host-17-00c0ffee");
    host.api.instance = nullptr;
    (void)host.handler(named);
    EXPECT_EQ(Named::name, "") << "a host that has none";
    host.api = FakeHost().api;
    host.api.struct_size = offsetof(sluice_host_api, instance);
    (void)host.handler(named);
    EXPECT_EQ(Named::name, "");
}

TEST_F(Fakes, RefuseStatementsThatNoDatabaseTakes) {
    for (const auto& [sql, why] :
         std::vector<std::pair<std::string, std::string>>{{"", "empty"},
                                                          {" -- nothing\n", "empty"},
                                                          {"INSRT INTO t VALUES(1)", "near \"INSRT\": syntax error"},
                                                          {"INSERT INTO t VALUES('a)", "a quote ' does not end"},
                                                          {"INSERT INTO t VALUES(1", "a bracket ( does not end"},
                                                          {"INSERT INTO t VALUES(1))", "a bracket ) has no beginning"},
                                                          {"INSERT INTO t VALUES(:id)", "a parameter with a name"},
                                                          {"INSERT INTO t VALUES(?1)", "a numbered parameter"},
                                                          {"DELETE FROM t; DELETE FROM u", "more than one statement"},
                                                          {"BEGIN", "is for the adapter to do"},
                                                          {"VACUUM", "is for the adapter to do"},
                                                          {"SELECT 1", "only reads"},
                                                          {"WITH x AS (SELECT 1) SELECT * FROM x", "only reads"}}) {
        const auto outcome = writing(sql);
        EXPECT_NE(outcome.verdict, SLUICE_DONE) << sql;
        EXPECT_THAT(outcome.text, HasSubstr(why)) << sql;
        EXPECT_THAT(outcome.writes, IsEmpty());
    }
    for (const char* sql : {"INSERT INTO t VALUES('it''s; (', \"a?\") -- ?", "/* :x */ UPDATE t SET a = b::text;",
                            "UPDATE t SET a = $$ ? $$ WHERE tags ?? 'x' OR tags ??| E'{it\\'s ?}'",
                            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x"})
        EXPECT_EQ(writing(sql).verdict, SLUICE_DONE) << sql;
}

TEST_F(Fakes, RefuseTheWrongNumberOfValues) {
    EXPECT_EQ(writing("INSERT INTO t VALUES(?, ?)", 2).verdict, SLUICE_DONE);
    const auto outcome = writing("INSERT INTO t VALUES(?, ?)", 1);
    EXPECT_EQ(outcome.verdict, SLUICE_REJECT);
    EXPECT_THAT(outcome.text, HasSubstr("has 2 parameters and was given 1 values"));
}

TEST_F(Fakes, RefuseAWriteOutsideTheUnitThroughAQuery) {
    const auto outcome = run([](auto&, Context& context) {
        context.database("shop").query_committed("DELETE FROM t", [](const sluice::Row&) {});
        return sluice::done();
    });
    EXPECT_THAT(outcome.text, HasSubstr("writes: run it inside a unit of work"));
}

struct PreparesEarly : sluice::Handler {
    explicit PreparesEarly(const sluice::Setup& setup) { setup.database("shop").prepare("SELECT 1"); }
    sluice::Verdict handle(const Message&, Context&) override { return sluice::done(); }
};

TEST_F(Fakes, RefuseToPrepareBeforeTheStart) {
    try {
        host.handler(sluice::handler<PreparesEarly>("early"));
        FAIL() << "it was created";
    } catch (const sluice::Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("prepare statements in start(), not in create()"));
    }
}

TEST_F(Fakes, RefuseAnUnknownTargetByNameAndByNumber) {
    host.targets = {"alarms"};
    const auto by_name = run([](auto&, Context& context) {
        context.publish("alarm", "body");
        return sluice::done();
    });
    EXPECT_THAT(by_name.text, HasSubstr("there is no target alarm"));
    const auto by_number = run([](auto&, Context& context) {
        context.publish(sluice::TargetRef{7}, {.body = "body"});
        return sluice::done();
    });
    EXPECT_EQ(by_number.status, SLUICE_INVALID);
    EXPECT_THAT(by_number.text, HasSubstr("there is no target with this number"));
}

TEST_F(Fakes, RefuseToPublishMoreThanTheHostTakes) {
    const auto many = run([](auto&, Context& context) {
        for (int i = 0; i < 1025; ++i) context.publish("out", "body");
        return sluice::done();
    });
    EXPECT_EQ(many.status, SLUICE_FULL);
    EXPECT_THAT(many.published, SizeIs(1024));
    const auto headers = run([](auto&, Context& context) {
        const std::vector<sluice_header> all(65);
        context.publish("out", {.body = "body", .headers = all});
        return sluice::done();
    });
    EXPECT_THAT(headers.text, HasSubstr("at most 64 headers"));
}

TEST_F(Fakes, RefuseTheContextAfterHandle) {
    Context* kept = nullptr;
    auto prepared = sluice::Statement{};
    run([&](auto&, Context& context) {
        kept = &context;
        prepared = context.database("shop").prepare("DELETE FROM t");
        std::thread([&] { EXPECT_THROW(context.publish("out", "from another thread"), sluice::Failure); }).join();
        return sluice::done();
    });
    Body body = [&](const Message& message, Context& context) {
        kept = &context;
        context.publish("out", message.body());
        return sluice::done();
    };
    Scripted::body = &body;
    auto handler = host.handler(scripted);
    handler.handle("x");
    for (const std::function<void()>& use : std::vector<std::function<void()>>{
             [&] { kept->publish("out", "late"); }, [&] { kept->database("shop").execute("DELETE FROM t"); },
             [&] { kept->database("shop").query("SELECT 1", [](const sluice::Row&) {}); }}) {
        try {
            use();
            ADD_FAILURE() << "it was taken";
        } catch (const sluice::Failure& failure) {
            EXPECT_EQ(failure.code(), SLUICE_STALE) << failure.what();
        }
    }
    EXPECT_EQ(kept->ticket(), 0u);
    EXPECT_EQ(host.deferred.end({1, SLUICE_DONE}), SLUICE_STALE);
}

TEST_F(Fakes, TakeAnUnknownVerdictForARetry) {
    const auto outcome = run([](auto&, auto&) { return sluice::Verdict(4711); });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.text, "the handler answered with the unknown verdict 4711");
    EXPECT_TRUE(outcome.counts);
}

TEST_F(Fakes, TellAnOutageFromAFailureOfTheMessage) {
    const auto outage = run([](auto&, auto&) { return sluice::unavailable("503", 2s); });
    EXPECT_EQ(outage.verdict, SLUICE_RETRY);
    EXPECT_EQ(outage.status, SLUICE_UNAVAILABLE);
    EXPECT_EQ(outage.delay, 2s);
    EXPECT_FALSE(outage.counts);
    EXPECT_FALSE(run([](auto&, auto&) -> sluice::Verdict { throw sluice::Failure(SLUICE_CONFLICT, "again"); }).counts);
    EXPECT_TRUE(run([](auto&, auto&) { return sluice::retry("no"); }).counts);
    const auto memory = run([](auto&, auto&) -> sluice::Verdict { throw std::bad_alloc(); });
    EXPECT_EQ(memory.verdict, SLUICE_RETRY);
    EXPECT_TRUE(memory.counts) << "it may be the message that asks for so much";
}

// ---- options ----

struct Reader : sluice::Handler {
    sluice::Verdict handle(const Message&, Context&) override { return sluice::done(); }
};
constexpr auto reader = sluice::handler<Reader>(
    "reader", "", sluice::text("table", "T."), sluice::integer("limit", "L."), sluice::number("share", "S."),
    sluice::boolean("strict", "S."), sluice::duration("pause", "P."), sluice::size("room", "R."), sluice::list("fields", "F."),
    sluice::map("params", "P."), sluice::any("rest", "R."));

std::string refusal(const FakeOptions& options) {
    FakeHost host;
    try {
        host.handler(reader, options);
        return "accepted";
    } catch (const sluice::Failure& failure) {
        return failure.what();
    }
}

TEST(FakeOptionTypes, RefuseAValueOfAnotherType) {
    const FakeValue list = FakeValue::list({"a"}), map = FakeValue::map({{"a", "b"}});
    EXPECT_EQ(refusal({{"table", list}}), "option table: a list is not of the declared type");
    EXPECT_EQ(refusal({{"limit", 2.5}}), "option limit: \"2.500000\" is not of the declared type");
    EXPECT_EQ(refusal({{"limit", true}}), "option limit: \"true\" is not of the declared type");
    EXPECT_EQ(refusal({{"limit", "9 beans"}}), "option limit: \"9 beans\" is not of the declared type");
    EXPECT_EQ(refusal({{"share", "half"}}), "option share: \"half\" is not of the declared type");
    EXPECT_EQ(refusal({{"strict", 1}}), "option strict: \"1\" is neither true nor false");
    EXPECT_EQ(refusal({{"pause", map}}), "option pause: a map is not of the declared type");
    EXPECT_EQ(refusal({{"room", "9223372036854775807GiB"}}),
              "option room: \"9223372036854775807GiB\" is not of the declared type");
    EXPECT_EQ(refusal({{"fields", "a"}}), "option fields: must be a list");
    EXPECT_EQ(refusal({{"params", list}}), "option params: must be a map");
    EXPECT_EQ(refusal({{"table", "t"}, {"table", "u"}}), "option table: is given twice");
    EXPECT_EQ(refusal({{"table", 12345}, {"share", 1}, {"fields", list}, {"params", map}, {"rest", map}, {"pause", 250ms}}),
              "accepted");
}

TEST(FakeOptionTypes, CheckAHandlerInCWhoseOptionsAreDeclared) {
    FakeHost host;
    const auto* table = static_cast<const sluice_handler*>(reader.table);
    EXPECT_THROW(host.handler(table, reader.options, {{"tabel", "t"}}), sluice::Failure);
    host.handler(table, reader.options, {{"table", "t"}});
}

// ---- JSON ----

TEST(JsonValues, AreTheNearestDoubleAndZeroWhereThatIsTheNearest) {
    const auto real = [](std::string_view text) { return sluice::Json(SLUICE_JSON_NUMBER, text).real(); };
    EXPECT_EQ(real("1e-400"), 0.0);
    EXPECT_EQ(real("123456789E-99999999999999999999"), 0.0);
    EXPECT_EQ(real("0." + std::string(400, '0') + "1"), 0.0);
    EXPECT_EQ(real("0." + std::string(400, '0') + "1e401"), 1.0);
    EXPECT_EQ(real("1" + std::string(400, '0') + "e-400"), 1.0);
    EXPECT_EQ(real("5e-324"), 5e-324) << "the smallest";
    EXPECT_EQ(real("0e999"), 0.0);
    ASSERT_TRUE(real("-1e-400"));
    EXPECT_TRUE(std::signbit(*real("-1e-400")));
    EXPECT_EQ(real("1e400"), std::nullopt);
    EXPECT_EQ(real("-1e99999999999999999999"), std::nullopt);
    EXPECT_EQ(real("1" + std::string(400, '0')), std::nullopt);
    EXPECT_EQ(sluice::Json(SLUICE_JSON_STRING, "1e-400").real(), std::nullopt);
}

TEST_F(Fakes, FindValuesInAJsonBodyAsTheHostDoes) {
    run(
        [](const Message& message, Context&) {
            EXPECT_EQ(message.json("/customer/id").string(), "c-1");
            EXPECT_EQ(message.json("/name").string(), "J\xc3\xb8rgen \"x\" \xf0\x9f\x98\x80");
            EXPECT_EQ(message.json("/n").integer(), 42);
            EXPECT_EQ(message.json("/n").real(), 42.0);
            EXPECT_EQ(message.json("/n").string(), std::nullopt);
            EXPECT_EQ(message.json("/long").text(), "7627.3333333333333333");
            EXPECT_EQ(message.json("/long").real(), 7627.3333333333333333);
            EXPECT_EQ(message.json("/long").integer(), std::nullopt);
            EXPECT_EQ(message.json("/big").integer(), std::nullopt) << "beyond 64 bits";
            EXPECT_EQ(message.json("/big").text(), "123456789012345678901");
            EXPECT_EQ(message.json("/yes").boolean(), true);
            EXPECT_TRUE(message.json("/none").is_null());
            EXPECT_TRUE(message.json("/absent").is_missing());
            EXPECT_TRUE(message.json("/customer").is_object());
            EXPECT_TRUE(message.json("/list").is_array());
            EXPECT_EQ(message.json("/list/1").integer(), 2);
            EXPECT_TRUE(message.json("/list/2").is_missing());
            EXPECT_EQ(message.json("/a~1b").string(), "slash");
            EXPECT_TRUE(message.json("").is_object());
            EXPECT_THROW((void)message.json("n"), sluice::Failure);
            return sluice::done();
        },
        {.body =
             R"({"customer":{"id":"c-1","id":"c-2"},"name":"J\u00f8rgen \"x\" \ud83d\ude00","n":42,"long":7627.3333333333333333,
                     "big":123456789012345678901,"yes":true,"none":null,"list":[1, 2 ],"a/b":"slash"})"});
    run(
        [](const Message& message, Context&) {
            EXPECT_TRUE(message.json("/a").is_missing());
            return sluice::done();
        },
        {.body = R"({"b":[1,,2],"a":1})"});
}

TEST_F(Fakes, RefuseJsonAfterHandleAndWithoutAHostThatReadsIt) {
    std::optional<Message> kept;
    Body body = [&](const Message& message, Context&) {
        kept = message;
        return sluice::done();
    };
    Scripted::body = &body;
    auto handler = host.handler(scripted);
    handler.handle({.body = "{}"});
    try {
        (void)kept->json("/a");
        FAIL() << "it was read";
    } catch (const sluice::Failure& failure) {
        EXPECT_EQ(failure.code(), SLUICE_STALE);
    }
    host.api.json = nullptr;
    const auto outcome = run([](const Message& message, Context&) {
        (void)message.json("/a");
        return sluice::done();
    });
    EXPECT_EQ(outcome.verdict, SLUICE_RETRY);
    EXPECT_EQ(outcome.status, SLUICE_UNSUPPORTED);
}

}  // namespace
