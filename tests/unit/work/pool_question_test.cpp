#include "work/pool_question.hpp"

#include <gtest/gtest.h>

#include "core/message.hpp"
#include "route/router.hpp"
#include "work/backlog.hpp"

namespace sluice {
namespace {

struct Messages {
    Message* make(const std::string& id, std::uint64_t key_hash) {
        sluice_incoming incoming{};
        incoming.struct_size = sizeof incoming;
        incoming.id = {id.data(), id.size()};
        Message* message = store.create(incoming);
        message->key_hash = key_hash;
        return message;
    }
    MessageStore store{"s"};
};

TEST(PoolQuestion, CountsWhatIsQueuedAndWhatStandsBeforeIt) {
    WorkPolicy policy;
    Backlog backlog(policy);
    Messages messages;
    MessageList queued;
    for (const std::uint64_t hash : {1u, 2u, 7u, 3u, 7u}) queued.push_back(messages.make("m", hash));
    backlog.queue().push(queued);
    PoolQuestion question;
    question.key_hash = 7;
    backlog.answer(question);
    EXPECT_EQ(question.depth, 5u);
    EXPECT_EQ(question.queued, 2u);
    EXPECT_EQ(question.before, 2u);
    EXPECT_EQ(question.parked, 0u);
    MessageList all;
    backlog.take_all(all, true);
    while (Message* message = all.pop_front()) messages.store.destroy(message);
}

TEST(PoolQuestion, TellsWhatIsParkedAndWhen) {
    WorkPolicy policy;
    Backlog backlog(policy);
    Messages messages;
    MessageList queued;
    for (const char* name : {"first", "second"}) queued.push_back(messages.make(name, 7));
    backlog.queue().push(queued);
    MessageList batch, refused;
    backlog.collect(0, batch, refused);
    Message* first = batch.pop_front();
    ++first->view.attempt;
    backlog.failed(first, 5'000);
    Message* second = batch.pop_front();
    EXPECT_TRUE(backlog.follows_failed(second));
    backlog.park_failed(false);
    PoolQuestion question;
    question.key_hash = 7;
    backlog.answer(question);
    EXPECT_EQ(question.parked, 2u);
    EXPECT_EQ(question.attempt, 2u);
    EXPECT_EQ(question.due_ns, 5'000);
    EXPECT_EQ(question.parked_id, "first");
    MessageList all;
    backlog.take_all(all, true);
    while (Message* message = all.pop_front()) messages.store.destroy(message);
}

TEST(PoolQuestion, IsAskedWhereMessagesOfTheKeyGo) {
    RouteRules rules;
    rules.by = RouteBy::id;
    rules.worker_count = 7;
    rules.workers = {{"named", 3}};
    auto router = Router::make(rules);
    ASSERT_TRUE(router);
    std::string scratch;
    for (const std::string key : {"named", "a", "b", "c"}) {
        sluice_message message{};
        message.struct_size = sizeof message;
        message.id = {key.data(), key.size()};
        const Routed routed = router->route(message, scratch);
        const auto place = router->place_of(key);
        ASSERT_TRUE(place);
        EXPECT_EQ(place->worker, routed.worker) << key;
        EXPECT_EQ(place->key_hash, routed.key_hash) << key;
    }
    rules = {};
    rules.worker_count = 2;
    EXPECT_FALSE(Router::make(rules)->place_of("a"));
}

}  // namespace
}  // namespace sluice
