#include "settle/dead_letter_read.hpp"

#include <gtest/gtest.h>

#include <random>

#include "abi_text.hpp"
#include "settle/any_bytes.hpp"
#include "settle/dead_letter_record.hpp"

namespace sluice {
namespace {

std::string record_of(const DeadLetter& letter) {
    std::vector<sluice_header> headers;
    for (const auto& [name, value] : letter.headers) headers.push_back({bytes(name), bytes(value)});
    sluice_message message{};
    message.struct_size = sizeof message;
    message.id = bytes(letter.id);
    message.source = bytes(letter.source);
    if (letter.key) message.key = bytes(*letter.key);
    message.message_key = bytes(letter.message_key);
    message.subject = bytes(letter.subject);
    message.body = bytes(letter.body);
    message.headers = headers.data();
    message.header_count = static_cast<std::uint32_t>(headers.size());
    message.enqueued_ms = letter.enqueued_ms;
    DeadLetterFacts facts;
    facts.pool = letter.pool;
    facts.worker = letter.worker;
    facts.has_key = letter.key.has_value();
    facts.error = letter.error;
    facts.attempts = letter.attempts;
    facts.first_received_ms = letter.first_received_ms;
    facts.dead_ms = letter.dead_ms;
    if (letter.delivery) {
        facts.stream_size = letter.delivery->stream_size;
        facts.position = letter.delivery->position;
        facts.position_end = letter.delivery->position_end;
        facts.has_ended = letter.delivery->has_ended;
    }
    facts.unpublished = letter.unpublished;
    return dead_letter_record(message, facts);
}

void expect_equal(const DeadLetter& read, const DeadLetter& written) {
    EXPECT_EQ(read.id, written.id);
    EXPECT_EQ(read.source, written.source);
    EXPECT_EQ(read.pool, written.pool);
    EXPECT_EQ(read.worker, written.worker);
    EXPECT_EQ(read.key, written.key);
    EXPECT_EQ(read.message_key, written.message_key);
    EXPECT_EQ(read.subject, written.subject);
    EXPECT_EQ(read.headers, written.headers);
    EXPECT_EQ(read.body, written.body);
    EXPECT_EQ(read.error, written.error);
    EXPECT_EQ(read.attempts, written.attempts);
    EXPECT_EQ(read.enqueued_ms, written.enqueued_ms);
    EXPECT_EQ(read.first_received_ms, written.first_received_ms);
    EXPECT_EQ(read.dead_ms, written.dead_ms);
}

TEST(DeadLetterRead, GivesBackWhatWasWritten) {
    const DeadLetter letter{"a:1", "a", "p", 3, "k", {{"n", "v"}, {"m", ""}}, "{\"x\":1}", "why", 5, 1, 2, 3};
    const Result<DeadLetter> read = read_dead_letter(record_of(letter));
    ASSERT_TRUE(read) << read.error().message;
    expect_equal(*read, letter);
}

TEST(DeadLetterRead, GivesBackWhereTheMessageStoodInItsSource) {
    DeadLetter letter{"file-1:17", "a", "p", 3, "k", {}, "{}", "why", 5, 1, 2, 3};
    EXPECT_FALSE(read_dead_letter(record_of(letter))->delivery);
    letter.delivery = DeadLetter::Delivery{6, 17, 9'007'199'254'740'993};
    const Result<DeadLetter> read = read_dead_letter(record_of(letter));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_TRUE(read->delivery);
    EXPECT_EQ(read->delivery->stream_size, 6u);
    EXPECT_EQ(read->delivery->position, 17u);
    EXPECT_EQ(read->delivery->position_end, 9'007'199'254'740'993u) << "more than a double holds exactly";
    EXPECT_FALSE(read->delivery->has_ended);
    letter.delivery->has_ended = true;
    EXPECT_TRUE(read_dead_letter(record_of(letter))->delivery->has_ended);
}

TEST(DeadLetterRead, GivesBackWhatTheMessageStillHasToPublish) {
    DeadLetter letter{"file-1:17", "a", "p", 3, "k", {}, "{}", "why", 5, 1, 2, 3, DeadLetter::Delivery{6, 17, 18}};
    EXPECT_EQ(read_dead_letter(record_of(letter))->unpublished, "");
    letter.unpublished = std::string("\x01\x00\xff and more", 12);
    const Result<DeadLetter> read = read_dead_letter(record_of(letter));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->unpublished, letter.unpublished);
    EXPECT_TRUE(read->delivery->has_ended) << "it has taken effect";
    std::string damaged = record_of(letter);
    damaged.replace(damaged.find("unpublished_base64\":\"") + 21, 1, "*");
    EXPECT_FALSE(read_dead_letter(damaged));
}

TEST(DeadLetterRead, RefusesAPlaceThatNoMessageCanHave) {
    const std::string record = record_of({"file-1:17", "a", "p", 3, "k", {}, "{}", "why", 5, 1, 2, 3});
    for (const char* delivery :
         {R"({"stream_size":0,"position":1,"position_end":2})", R"({"stream_size":10,"position":1,"position_end":2})",
          R"({"stream_size":6,"position":2,"position_end":2})", R"({"stream_size":-1,"position":1,"position_end":2})", "7"})
        EXPECT_FALSE(read_dead_letter(record.substr(0, record.size() - 1) + ",\"delivery\":" + delivery + "}")) << delivery;
}

TEST(DeadLetterRead, KnowsWhatTheMessageNeverHad) {
    DeadLetter letter;
    letter.source = "a";
    const Result<DeadLetter> read = read_dead_letter(record_of(letter));
    ASSERT_TRUE(read) << read.error().message;
    expect_equal(*read, letter);
}

TEST(DeadLetterRead, GivesBackEveryByteOfAnyMessage) {
    std::mt19937_64 random(20010103);
    for (int round = 0; round < 2000; ++round) {
        DeadLetter letter;
        letter.source = "s";
        fill_with_any_bytes(letter, random);
        const std::string record = record_of(letter);
        const Result<DeadLetter> read = read_dead_letter(record);
        ASSERT_TRUE(read) << read.error().message << "\n" << record;
        expect_equal(*read, letter);
    }
}

TEST(DeadLetterRead, NamesWhatIsWrongWithARecord) {
    const auto error = [](std::string_view record) {
        const Result<DeadLetter> read = read_dead_letter(record);
        return read ? std::string("none") : read.error().message;
    };
    EXPECT_NE(error("no").find("no JSON"), std::string::npos);
    EXPECT_NE(error("[]").find("version"), std::string::npos);
    EXPECT_NE(error(R"({"version":2,"id":"","source":"","body":""})").find("version"), std::string::npos);
    EXPECT_NE(error(R"({"version":1,"source":"","body":""})").find("id"), std::string::npos);
    EXPECT_NE(error(R"({"version":1,"id":"","source":""})").find("body"), std::string::npos);
    EXPECT_NE(error(R"({"version":1,"id":"","source":"","body_base64":"a=b="})").find("body"), std::string::npos);
    EXPECT_NE(error(R"({"version":1,"id":"","source":"","body":"","headers":[["a"]]})").find("headers"), std::string::npos);
    EXPECT_NE(error(R"({"version":1,"id":"","source":"","body":"","message_key_base64":"*"})").find("message_key"),
              std::string::npos);
    EXPECT_NE(error(R"({"version":1,"id":"","source":"","body":"","subject":7})").find("subject"), std::string::npos);
    EXPECT_EQ(error(R"({"version":1,"id":"","source":"","body":"","new":true})"), "none");
}

}  // namespace
}  // namespace sluice
