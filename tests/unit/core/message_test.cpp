#include "core/message.hpp"

#include <gtest/gtest.h>

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
    EXPECT_EQ(view.struct_size, sizeof view);
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
    for (std::size_t size = 0; size <= 200'000; size += size < 5'000 ? 61 : 7'001) bodies.emplace_back(size, static_cast<char>('a' + size % 26));
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
