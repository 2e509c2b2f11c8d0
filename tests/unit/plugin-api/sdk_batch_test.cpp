// Handlers that take many messages in one call, and what the workers of a pool share, in the SDK.
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sluice/sdk/batch.hpp"
#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using Texts = std::vector<std::string>;

// Writes what it was told to with each message; the body says how it ends together, and how alone behind a slash.
struct Told : sluice::Handler {
    static inline Texts alone;

    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        alone.emplace_back(message.id());
        context.database("db").execute("INSERT INTO t VALUES(?, 'alone')", message.id());
        return said(message.body().substr(message.body().find('/') + 1));
    }
    void handle_batch(sluice::Batch& batch, sluice::Context& context) {
        context.database("db").query_committed("SELECT ? AS keys", batch[0].key(), [](const sluice::Row&) {});
        batch.each([&](const sluice::Message& message) {
            context.database("db").execute("INSERT INTO t VALUES(?, 'together')", message.id());
            return said(message.body().substr(0, message.body().find('/')));
        });
    }
    static sluice::Verdict said(std::string_view how) {
        if (how == "throw") throw std::runtime_error("broken");
        if (how == "conflict") throw sluice::Failure(SLUICE_CONFLICT, "locked");
        if (how == "reject") return sluice::reject("no");
        if (how == "retry") return sluice::retry("again");
        if (how == "away") return sluice::unavailable("the bank is away", std::chrono::seconds(3));
        if (how == "skip") return sluice::skip();
        return sluice::done();
    }
};

struct BatchSdk : testing::Test {
    BatchSdk() { Told::alone.clear(); }
    std::vector<sluice::FakeOutcome> handle(const Texts& bodies) {
        auto handler = host.handler(sluice::handler<Told>("told"));
        std::vector<sluice::FakeMessage> messages;
        for (const std::string& body : bodies) {
            const std::string id = "m" + std::to_string(messages.size() + 1);
            messages.push_back({.body = body, .key = id, .id = id});
        }
        return handler.handle_batch(messages);
    }
    sluice::FakeHost host;
};

TEST_F(BatchSdk, DoesForEachMessageWhatIsDoneWithIt) {
    const auto outcomes = handle({"done", "skip", "done"});
    ASSERT_EQ(outcomes.size(), 3u);
    EXPECT_EQ(outcomes[0].verdict, SLUICE_DONE);
    EXPECT_EQ(outcomes[1].verdict, SLUICE_SKIP);
    ASSERT_EQ(outcomes[2].writes.size(), 1u);
    EXPECT_EQ(outcomes[2].writes[0].values, Texts{"'m3'"});
    EXPECT_EQ(outcomes[2].writes[0].sql, "INSERT INTO t VALUES(?, 'together')");
    EXPECT_EQ(host.queries.size(), 1u) << "one for all of them";
    EXPECT_FALSE(host.queries[0].in_unit);
    EXPECT_EQ(Told::alone, Texts());
}

TEST_F(BatchSdk, LeavesWhatFailsToHandle) {
    const auto outcomes = handle({"throw/done", "done", "retry/reject", "reject/done", "throw/throw"});
    EXPECT_EQ(Told::alone, (Texts{"m1", "m3", "m4", "m5"}));
    EXPECT_EQ(outcomes[0].verdict, SLUICE_DONE);
    ASSERT_EQ(outcomes[0].writes.size(), 1u);
    EXPECT_EQ(outcomes[0].writes[0].sql, "INSERT INTO t VALUES(?, 'alone')");
    EXPECT_EQ(outcomes[2].verdict, SLUICE_REJECT);
    EXPECT_EQ(outcomes[2].text, "no");
    EXPECT_EQ(outcomes[3].verdict, SLUICE_DONE);
    EXPECT_EQ(outcomes[4].text, "broken");
}

TEST_F(BatchSdk, SaysAnOutageOfTheWholeCallAndTriesNoFurther) {
    for (const char* how : {"away", "conflict"}) {
        const auto outcomes = handle({"done", how, "done"});
        EXPECT_EQ(Told::alone, Texts());
        EXPECT_EQ(outcomes[0].verdict, SLUICE_DONE);
        for (const int rest : {1, 2}) {
            EXPECT_EQ(outcomes[rest].verdict, SLUICE_RETRY);
            EXPECT_FALSE(outcomes[rest].counts);
        }
        EXPECT_EQ(outcomes[2].writes.size(), 0u) << "it was not begun";
    }
    EXPECT_EQ(handle({"away"})[0].delay, std::chrono::seconds(3));
}

// Handles the first by itself and then each, and asks within the unit where nothing may be asked.
struct Eager : sluice::Handler {
    static inline Texts alone;

    sluice::Verdict handle(const sluice::Message& message, sluice::Context&) override {
        alone.emplace_back(message.id());
        return sluice::done();
    }
    void handle_batch(sluice::Batch& batch, sluice::Context& context) {
        const auto write = [&](const sluice::Message& message) {
            context.database("db").execute("INSERT INTO t VALUES(?)", message.id());
            if (message.body() == "ask") context.database("db").query("SELECT 1", [](const sluice::Row&) {});
            return sluice::retry("not sure");
        };
        batch.one(0, write);
        batch.each(write);
        batch.each([&](const sluice::Message&) { return sluice::done(); });
    }
};

TEST_F(BatchSdk, HandlesNoMessageTwice) {
    Eager::alone.clear();
    auto handler = host.handler(sluice::handler<Eager>("eager"));
    const auto outcomes = handler.handle_batch({{.body = "1", .id = "m1"}, {.body = "ask", .id = "m2"}});
    EXPECT_EQ(Eager::alone, (Texts{"m1", "m2"})) << "not done after all";
    EXPECT_TRUE(outcomes[0].writes.empty());
    EXPECT_TRUE(host.queries.empty()) << "nothing is asked within the unit in such a call";
}

struct Plain : sluice::Handler {
    sluice::Verdict handle(const sluice::Message&, sluice::Context&) override { return sluice::done(); }
};

TEST_F(BatchSdk, HasNoFunctionWhereTheClassHasNone) {
    const auto& table = *static_cast<const sluice_handler*>(sluice::handler<Plain>("plain").table);
    EXPECT_EQ(table.handle_batch, nullptr);
    EXPECT_EQ(table.load_shared, nullptr);
    EXPECT_EQ(table.use_shared, nullptr);
    EXPECT_EQ(table.free_shared, nullptr);
}

struct Model {
    explicit Model(Texts& events) : events_(events) { events_.emplace_back("loaded"); }
    ~Model() { events_.emplace_back("freed"); }
    Texts& events_;
};
struct Shares : Plain {
    static inline Texts events;
    static inline std::string fails;

    void start(sluice::Context&) override { events.emplace_back(model_ != nullptr ? "started with it" : "started"); }
    ~Shares() override { events.emplace_back("destroyed"); }
    std::shared_ptr<const Model> load_shared(sluice::Context&) {
        if (!fails.empty()) throw sluice::Failure(SLUICE_INVALID, fails);
        return std::make_shared<const Model>(events);
    }
    void use_shared(std::shared_ptr<const Model> model) { model_ = std::move(model); }

    std::shared_ptr<const Model> model_;
};

TEST(SharedSdk, IsLoadedBeforeTheStartAndFreedAfterTheLastInstance) {
    Shares::events.clear();
    {
        sluice::FakeHost host;
        const auto handler = host.handler(sluice::handler<Shares>("shares"));
    }
    EXPECT_EQ(Shares::events, (Texts{"loaded", "started with it", "destroyed", "freed"}));
}

TEST(SharedSdk, ThatCannotBeLoadedIsNoStart) {
    Shares::events.clear();
    Shares::fails = "there is no model.bin";
    sluice::FakeHost host;
    try {
        host.handler(sluice::handler<Shares>("shares"));
        ADD_FAILURE() << "it has started";
    } catch (const sluice::Failure& failure) {
        EXPECT_EQ(failure.code(), SLUICE_INVALID);
        EXPECT_STREQ(failure.what(), "there is no model.bin");
    }
    Shares::fails.clear();
    EXPECT_EQ(Shares::events, Texts{"destroyed"});
}

}  // namespace
