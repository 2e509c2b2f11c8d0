#include "core/message.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "abi_text.hpp"

namespace sluice {
namespace {

sluice_incoming incoming(const std::string& body, const std::string& id) {
    sluice_incoming made{};
    made.struct_size = sizeof made;
    made.body = bytes(body);
    made.id = bytes(id);
    return made;
}

void expect_aligned_and_padded(const Message& message) {
    const sluice_bytes& body = message.view.body;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(body.data) % SLUICE_BODY_ALIGNMENT, 0u);
    for (int i = 0; i < SLUICE_BODY_PADDING; ++i) ASSERT_EQ(body.data[body.size + static_cast<std::size_t>(i)], 0);
}

TEST(MessageStore, CopiesEverythingThatASourceSays) {
    MessageStore store("flights");
    Message* message = nullptr;
    {
        std::string body = "body", id = "id", name = "name", value = "value";
        const sluice_header headers[] = {{bytes(name), bytes(value)}, {bytes(value), {nullptr, 0}}};
        sluice_incoming from = incoming(body, id);
        from.headers = headers;
        from.header_count = 2;
        from.attempt = 3;
        from.tag = 4;
        from.stream_size = 1;
        from.position = 5;
        from.position_end = 6;
        from.enqueued_ms = 7;
        message = store.create(from);
        body = id = name = value = "gone!";
    }
    const sluice_message& view = message->view;
    EXPECT_EQ(view.struct_size, offsetof(sluice_message, message_key)) << "it has no such members";
    EXPECT_EQ(message_key_of(view), "");
    EXPECT_EQ(subject_of(view), "");
    EXPECT_EQ(text(view.body), "body");
    EXPECT_EQ(text(view.id), "id");
    EXPECT_EQ(text(view.source), "flights");
    ASSERT_EQ(view.header_count, 2u);
    EXPECT_EQ(text(view.headers[0].name), "name");
    EXPECT_EQ(text(view.headers[0].value), "value");
    EXPECT_EQ(text(view.headers[1].name), "value");
    EXPECT_EQ(text(view.headers[1].value), "");
    EXPECT_EQ(view.attempt, 3u);
    EXPECT_EQ(view.enqueued_ms, 7);
    EXPECT_EQ(message->tag, 4u);
    EXPECT_EQ(message->stream_size, 1u);
    EXPECT_EQ(message->position, 5u);
    EXPECT_EQ(message->position_end, 6u);
    expect_aligned_and_padded(*message);
    store.destroy(message);
}

// Key, subject and counts as an engine gives them.
struct Engine {
    std::string message_key = "region-7", subject = "orders.eu";
    sluice_incoming say(sluice_incoming from) const {
        from.message_key = bytes(message_key);
        from.subject = bytes(subject);
        from.flags = SLUICE_MESSAGE_REDELIVERED;
        from.deliveries = 9;
        return from;
    }
};

void expect_engines(const Message& message) {
    const sluice_message& view = message.view;
    EXPECT_EQ(view.struct_size, sizeof view);
    EXPECT_EQ(message_key_of(view), "region-7");
    EXPECT_EQ(subject_of(view), "orders.eu");
    EXPECT_EQ(view.flags, SLUICE_MESSAGE_REDELIVERED);
    EXPECT_EQ(view.deliveries, 9u);
}

TEST(MessageStore, CopiesWhatTheEngineKnowsBeside) {
    MessageStore store("flights");
    std::string body = "body", id = "id", name = "name", value = "value";
    const sluice_header header{bytes(name), bytes(value)};
    sluice_incoming from = incoming(body, id);
    from.headers = &header;
    from.header_count = 1;
    Message* message = nullptr;
    {
        Engine engine;
        message = store.create(engine.say(from));
        engine.message_key = engine.subject = "gone!";
        body = id = name = value = "gone!";
    }
    expect_engines(*message);
    EXPECT_EQ(text(message->view.body), "body");
    EXPECT_EQ(text(message->view.id), "id");
    EXPECT_EQ(text(message->view.headers[0].value), "value");
    expect_aligned_and_padded(*message);
    store.destroy(message);
    EXPECT_EQ(store.bytes(), 0u);
}

TEST(MessageStore, HasWhatTheEngineKnowsAlsoIfItIsOneThingOnly) {
    MessageStore store("s");
    const std::string body = "{}", id = "1";
    sluice_incoming from = incoming(body, id);
    from.deliveries = 2;
    Message* message = store.create(from);
    ASSERT_EQ(message->view.struct_size, sizeof message->view);
    EXPECT_EQ(message->view.deliveries, 2u);
    EXPECT_EQ(message->view.flags, 0u);
    EXPECT_EQ(message_key_of(message->view), "");
    EXPECT_EQ(subject_of(message->view), "");
    store.destroy(message);
}

TEST(MessageStore, TakesNoMoreRoomForAMessageOfWhichTheEngineKnowsNothing) {
    MessageStore store("s");
    const std::string body(64, 'x');
    Message* plain = store.create(incoming(body, ""));
    EXPECT_EQ(plain->view.body.data - reinterpret_cast<const char*>(plain), 192);
    EXPECT_EQ(plain->charge, 192u + 64 + SLUICE_BODY_PADDING);
    sluice_incoming from = incoming(body, "");
    from.flags = SLUICE_MESSAGE_REDELIVERED;
    Message* more = store.create(from);
    EXPECT_EQ(more->charge, plain->charge + 64);
    store.destroy(plain);
    store.destroy(more);
}

TEST(MessageStore, AddsWhatTheEngineKnowsAtCommit) {
    MessageStore store("s");
    for (const std::size_t room : {std::size_t{60}, std::size_t{3'000}}) {
        const Engine engine{.message_key = room == 60 ? "region-7" : std::string(2'000, 'k'), .subject = "orders.eu"};
        Message* message = store.reserve(60);
        std::memset(const_cast<char*>(message->view.body.data), 'x', 60);
        ASSERT_TRUE(store.commit(message, engine.say(incoming(std::string(60, '-'), "the id"))));
        if (room == 60) expect_engines(*message);
        EXPECT_EQ(message_key_of(message->view), engine.message_key);
        EXPECT_EQ(subject_of(message->view), "orders.eu");
        EXPECT_EQ(text(message->view.id), "the id");
        EXPECT_EQ(text(message->view.body), std::string(60, 'x'));
        EXPECT_EQ(message->owns_more, room != 60) << "what does not fit behind the body lies elsewhere";
        expect_aligned_and_padded(*message);
        store.destroy(message);
        EXPECT_EQ(store.bytes(), 0u);
    }
}

TEST(MessageStore, BoundsKeyAndSubjectOfTheEngineWithTheHeaders) {
    MessageStore store("s");
    const std::string value(limits::headers_bytes_max - 10, 'v'), key(10, 'k'), subject = "s";
    const sluice_header header{{nullptr, 0}, bytes(value)};
    sluice_incoming from = incoming("", "");
    from.headers = &header;
    from.header_count = 1;
    from.message_key = bytes(key);
    Message* most = store.create(from);
    ASSERT_NE(most, nullptr);
    store.destroy(most);
    from.subject = bytes(subject);
    EXPECT_EQ(store.create(from), nullptr);
    from.subject.size = UINT64_MAX;
    EXPECT_EQ(store.create(from), nullptr);
    from.subject = {};
    from.message_key.size = UINT64_MAX;
    EXPECT_EQ(store.create(from), nullptr);
    EXPECT_EQ(store.live(), 0u);
}

TEST(MessageStore, UsesMemoryOfAMessageWithMoreForOneWithoutAndBack) {
    MessageStore store("s");
    for (int round = 0; round < 3; ++round) {
        Message* plain = store.create(incoming(std::string(100, 'b'), "1"));
        EXPECT_EQ(message_key_of(plain->view), "");
        store.destroy(plain);
        Message* more = store.create(Engine().say(incoming(std::string(40, 'b'), "1")));
        expect_engines(*more);
        EXPECT_EQ(text(more->view.body), std::string(40, 'b'));
        store.destroy(more);
    }
}

TEST(MessageStore, CountsAnAttemptThatTheSourceDoesNotKeepAsTheFirst) {
    MessageStore store("s");
    Message* message = store.create(incoming("", ""));
    EXPECT_EQ(message->view.attempt, 1u);
    expect_aligned_and_padded(*message);
    store.destroy(message);
}

TEST(MessageStore, HoldsBodiesOfEverySizeAtOnceWithoutMixingThemUp) {
    MessageStore store("s");
    std::vector<Message*> messages;
    std::vector<std::string> bodies;
    for (std::size_t size = 0; size <= 200'000; size += size < 5'000 ? 61 : 7'001)
        bodies.emplace_back(size, static_cast<char>('a' + size % 26));
    std::uint64_t charges = 0;
    for (const std::string& body : bodies) {
        messages.push_back(store.create(incoming(body, "id")));
        charges += messages.back()->charge;
        EXPECT_GE(messages.back()->charge, body.size());
        EXPECT_LE(messages.back()->charge, (body.size() + sizeof(Message) + 200) * 5 / 4 + 64) << "at most a fifth is unused";
    }
    EXPECT_EQ(store.live(), bodies.size());
    EXPECT_EQ(store.bytes(), charges);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
        EXPECT_EQ(text(messages[i]->view.body), bodies[i]);
        expect_aligned_and_padded(*messages[i]);
        store.destroy(messages[i]);
    }
    EXPECT_EQ(store.live(), 0u);
    EXPECT_EQ(store.bytes(), 0u);
}

TEST(MessageStore, UsesMemoryAgainAndLeavesNothingOfTheOldMessage) {
    MessageStore store("s");
    Message* first = store.create(incoming("first", "1"));
    first->outcome = Outcome::dead_letter;
    first->handled = true;
    first->fail("why");
    store.own_key(first, "key");
    store.destroy(first);
    Message* second = store.create(incoming("2nd", "2"));
    EXPECT_EQ(second, first) << "the same block";
    EXPECT_EQ(second->outcome, Outcome::none);
    EXPECT_FALSE(second->handled);
    EXPECT_STREQ(second->error(), "");
    EXPECT_EQ(second->view.key.size, 0u);
    expect_aligned_and_padded(*second);
    store.destroy(second);
}

TEST(MessageStore, KeepsAKeyOfTheMessagesOwn) {
    MessageStore store("s");
    Message* message = store.create(incoming("{}", "1"));
    std::string key = "caf\xc3\xa9";
    store.own_key(message, key);
    key = "gone";
    EXPECT_EQ(text(message->view.key), "caf\xc3\xa9");
    store.destroy(message);
}

TEST(MessageStore, LetsTheSourceWriteTheBodyAndAddsTheRestAtCommit) {
    MessageStore store("s");
    Message* message = store.reserve(100);
    EXPECT_EQ(message->body_capacity, 100u);
    std::memset(const_cast<char*>(message->view.body.data), 'x', 100);
    const std::string id = "the id";
    const std::string body(60, '-');
    const sluice_incoming from = incoming(body, id);
    ASSERT_TRUE(store.commit(message, from));
    EXPECT_EQ(text(message->view.body), std::string(60, 'x')) << "smaller than reserved";
    EXPECT_EQ(text(message->view.id), id);
    EXPECT_FALSE(message->owns_more);
    expect_aligned_and_padded(*message);
    store.destroy(message);
    EXPECT_EQ(store.bytes(), 0u);
}

TEST(MessageStore, FindsAnotherPlaceForHeadersThatDoNotFitBehindAReservedBody) {
    MessageStore store("s");
    Message* message = store.reserve(64);
    const std::uint64_t before = store.bytes();
    std::memset(const_cast<char*>(message->view.body.data), 'x', 64);
    const std::string id(1'000, 'i'), name = "name", value(3'000, 'v');
    const sluice_header header{bytes(name), bytes(value)};
    sluice_incoming from = incoming(std::string(64, '-'), id);
    from.headers = &header;
    from.header_count = 1;
    ASSERT_TRUE(store.commit(message, from));
    EXPECT_EQ(text(message->view.id), id);
    EXPECT_EQ(text(message->view.headers[0].value), value);
    EXPECT_EQ(text(message->view.body), std::string(64, 'x'));
    expect_aligned_and_padded(*message);
    EXPECT_GE(store.bytes(), before + 4'000) << "what is stored elsewhere counts as well";
    EXPECT_EQ(message->charge, store.bytes());
    store.destroy(message);
    EXPECT_EQ(store.bytes(), 0u);
}

TEST(MessageStore, TakesAReservationBack) {
    MessageStore store("s");
    store.destroy(store.reserve(10));
    store.destroy(store.reserve(1u << 20));
    EXPECT_EQ(store.live(), 0u);
    EXPECT_EQ(store.bytes(), 0u);
}

class MessageListTest : public testing::Test {
protected:
    MessageList list(std::initializer_list<int> numbers) {
        MessageList made;
        for (const int number : numbers) made.push_back(&messages_[number]);
        return made;
    }
    std::string text(MessageList& from) {
        std::string all;
        while (const Message* message = from.pop_front()) all += std::to_string(message - messages_);
        return all;
    }
    Message messages_[10];
};

TEST_F(MessageListTest, TakesListsInFrontAndBehindAndLeavesThemEmpty) {
    MessageList middle = list({3, 4}), front = list({1, 2}), back = list({5}), none;
    middle.splice_front(front);
    middle.splice_back(back);
    middle.splice_front(none);
    middle.splice_back(none);
    EXPECT_TRUE(front.empty() && back.empty());
    EXPECT_EQ(middle.size(), 5u);
    EXPECT_EQ(text(middle), "12345");
    EXPECT_TRUE(middle.empty());
    none.splice_front(back);
    EXPECT_TRUE(none.empty());
}

TEST_F(MessageListTest, StaysWholeWhenPushedAtTheFrontOfNothing) {
    MessageList one;
    one.push_front(&messages_[7]);
    one.push_back(&messages_[8]);
    EXPECT_EQ(text(one), "78");
}

#if !defined(__SANITIZE_ADDRESS__)  // which forbids the very look

// What a handler has kept a view of shows something else once the message has ended, if the store is told to.
TEST(MessageStore, OverwritesWhatHasEndedSoThatAKeptViewShows) {
    ::setenv("SLUICE_DEBUG_MESSAGES", "1", 1);
    MessageStore store("flights");
    ::unsetenv("SLUICE_DEBUG_MESSAGES");
    const std::string body(100, 'b'), id = "id-1", name = "name", value = "value";
    const sluice_header header{bytes(name), bytes(value)};
    sluice_incoming from = incoming(body, id);
    from.headers = &header;
    from.header_count = 1;
    Message* message = store.create(from);
    const sluice_message kept = message->view;
    const sluice_header kept_header = kept.headers[0];
    store.destroy(message);
    EXPECT_EQ(text(kept.body), std::string(100, '\xdb'));
    EXPECT_EQ(text(kept.id), std::string(4, '\xdb'));
    EXPECT_EQ(text(kept_header.value), std::string(5, '\xdb'));

    message = store.create(Engine().say(from));
    const sluice_message with_more = message->view;
    store.destroy(message);
    EXPECT_EQ(text(with_more.message_key), std::string(8, '\xdb'));
    EXPECT_EQ(text(with_more.subject), std::string(9, '\xdb'));
}

TEST(MessageStore, LeavesWhatHasEndedAsItIsOtherwise) {
    MessageStore store("flights");
    Message* message = store.create(incoming(std::string(100, 'b'), "id-1"));
    const sluice_bytes kept = message->view.body;
    store.destroy(message);
    EXPECT_EQ(text(kept), std::string(100, 'b'));
}

#endif

TEST(MessageStore, ForgetsAReservedMessageThatWasNeverFilledAlsoWhenItOverwrites) {
    ::setenv("SLUICE_DEBUG_MESSAGES", "1", 1);
    MessageStore store("flights");
    ::unsetenv("SLUICE_DEBUG_MESSAGES");
    for (int i = 0; i < 3; ++i) store.destroy(store.reserve(100));
    store.destroy(store.reserve(1u << 20));
    EXPECT_EQ(store.live(), 0u);
}

}  // namespace
}  // namespace sluice
