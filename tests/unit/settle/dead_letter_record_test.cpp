#include "settle/dead_letter_record.hpp"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "abi_text.hpp"
#include "core/limits.hpp"
#include "settle/any_bytes.hpp"

namespace sluice {
namespace {

namespace dom = simdjson::dom;

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Letter {
    std::string id = "flights:17";
    std::string source = "flights";
    std::string key = "JFK";
    std::string body = R"({"origin":"JFK"})";
    std::string message_key{};
    std::string subject{};
    Pairs headers;
    std::int64_t enqueued_ms = 0;
    DeadLetterFacts facts{.pool = "airports",
                          .worker = 3,
                          .has_key = true,
                          .error = "no such airport",
                          .attempts = 5,
                          .first_received_ms = 1'700'000'000'000,
                          .dead_ms = 1'700'000'004'000};

    std::string record() const {
        std::vector<sluice_header> views;
        for (const auto& [name, value] : headers) views.push_back({bytes(name), bytes(value)});
        sluice_message message{};
        message.struct_size = sizeof message;
        message.id = bytes(id);
        message.source = bytes(source);
        message.key = bytes(key);
        message.message_key = bytes(message_key);
        message.subject = bytes(subject);
        message.body = bytes(body);
        message.headers = views.data();
        message.header_count = static_cast<std::uint32_t>(views.size());
        message.enqueued_ms = enqueued_ms;
        return dead_letter_record(message, facts);
    }
};

// An independent reader of the format.
class Reader {
public:
    explicit Reader(const std::string& record) : record_(parser_.parse(record)) {}

    bool has(std::string_view name) const { return record_[name].error() == simdjson::SUCCESS; }
    std::string text(std::string_view name) const { return std::string(std::string_view(record_[name])); }
    std::int64_t number(std::string_view name) const { return record_[name]; }

    std::string bytes(const std::string& name) const {
        EXPECT_NE(has(name), has(name + "_base64")) << "exactly one of the two";
        return has(name) ? text(name) : decoded(text(name + "_base64"));
    }

    Pairs headers() const {
        Pairs pairs;
        if (has("headers_base64")) {
            for (const dom::element pair : dom::array(record_["headers_base64"]))
                pairs.emplace_back(decoded(std::string(std::string_view(pair.at(0)))),
                                   decoded(std::string(std::string_view(pair.at(1)))));
        } else if (has("headers") && record_["headers"].is_array()) {
            for (const dom::element pair : dom::array(record_["headers"]))
                pairs.emplace_back(std::string_view(pair.at(0)), std::string_view(pair.at(1)));
        } else if (has("headers")) {
            for (const auto [name, value] : dom::object(record_["headers"])) pairs.emplace_back(name, std::string_view(value));
        }
        return pairs;
    }

private:
    static std::string decoded(const std::string& text) {
        static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        EXPECT_EQ(text.size() % 4, 0u);
        std::string to;
        std::uint32_t bits = 0;
        int count = 0;
        for (const char c : text) {
            if (c == '=') break;
            bits = (bits << 6) | static_cast<std::uint32_t>(digits.find(c));
            count += 6;
            if (count >= 8) to += static_cast<char>((bits >> (count -= 8)) & 0xff);
        }
        return to;
    }

    dom::parser parser_;
    dom::element record_;
};

TEST(DeadLetterRecord, IsOneReadableLine) {
    Letter letter;
    letter.headers = {{"region", "EU"}, {"trace", "1-2"}};
    letter.enqueued_ms = 1'699'999'999'000;
    EXPECT_EQ(letter.record(),
              R"({"version":1,"id":"flights:17","source":"flights","pool":"airports","worker":3,"key":"JFK",)"
              R"("headers":{"region":"EU","trace":"1-2"},"body":"{\"origin\":\"JFK\"}","error":"no such airport","attempts":5,)"
              R"("enqueued_ms":1699999999000,"first_received_ms":1700000000000,"dead_ms":1700000004000})");
}

TEST(DeadLetterRecord, IsWhatTheReferenceShows) {
    Letter letter;
    letter.headers = {{"region", "EU"}};
    letter.enqueued_ms = 1'699'999'999'000;
    std::ifstream file(SLUICE_ROOT "/docs/reference/dead-letters.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    EXPECT_NE(page.find("\n" + letter.record() + "\n"), std::string::npos) << letter.record();
}

TEST(DeadLetterRecord, LeavesOutWhatTheMessageNeverHad) {
    Letter letter;
    letter.facts.pool = "";
    letter.facts.worker.reset();
    letter.facts.has_key = false;
    const std::string record = letter.record();
    const Reader reader(record);
    for (const char* name : {"pool", "worker", "key", "message_key", "message_key_base64", "subject", "headers", "enqueued_ms"})
        EXPECT_FALSE(reader.has(name)) << name;
    EXPECT_EQ(reader.text("id"), "flights:17");
}

TEST(DeadLetterRecord, KeepsAnEmptyKeyApartFromNone) {
    Letter letter;
    letter.key = "";
    const std::string record = letter.record();
    EXPECT_EQ(Reader(record).bytes("key"), "");
}

TEST(DeadLetterRecord, HoldsKeyAndSubjectOfTheEngine) {
    Letter letter;
    letter.message_key = "region-7";
    letter.subject = "orders.eu";
    const std::string record = letter.record();
    EXPECT_NE(record.find(R"("key":"JFK","message_key":"region-7","subject":"orders.eu","body")"), std::string::npos) << record;
}

TEST(DeadLetterRecord, ReadsNothingBehindASmallerMessage) {
    sluice_message message{};
    message.struct_size = offsetof(sluice_message, message_key);
    message.message_key = message.subject = {"not there", 9};
    const std::string record = dead_letter_record(message, Letter().facts);
    EXPECT_EQ(record.find("not there"), std::string::npos) << record;
}

TEST(DeadLetterRecord, WritesBytesThatAreNotUtf8InBase64) {
    Letter letter;
    letter.message_key = "\xff";
    letter.subject = "\xc3";
    letter.id = "\xff";
    letter.key = "\xc3";
    letter.body = std::string("\x80\0a", 3);
    const std::string record = letter.record();
    const Reader reader(record);
    EXPECT_EQ(reader.text("id_base64"), "/w==");
    EXPECT_EQ(reader.text("key_base64"), "ww==");
    EXPECT_EQ(reader.text("message_key_base64"), "/w==");
    EXPECT_EQ(reader.text("subject_base64"), "ww==");
    EXPECT_EQ(reader.text("body_base64"), "gABh");
    EXPECT_FALSE(reader.has("body"));
}

TEST(DeadLetterRecord, EscapesLineEndsQuotesAndControlCharacters) {
    Letter letter;
    letter.body = std::string("a\nb\r\"\\\t\x01\x7f\0 é\xe2\x80\xa8", 16);
    letter.facts.error = "two\nlines";
    const std::string record = letter.record();
    EXPECT_EQ(record.find('\n'), std::string::npos);
    EXPECT_EQ(record.find('\r'), std::string::npos);
    const Reader reader(record);
    EXPECT_EQ(reader.text("body"), letter.body);
    EXPECT_EQ(reader.text("error"), "two\nlines");
}

TEST(DeadLetterRecord, KeepsHeadersThatRepeatAsPairsInTheirOrder) {
    Letter letter;
    letter.headers = {{"b", "1"}, {"a", "2"}, {"b", "3"}};
    const std::string record = letter.record();
    EXPECT_NE(record.find(R"("headers":[["b","1"],["a","2"],["b","3"]])"), std::string::npos) << record;
}

TEST(DeadLetterRecord, KeepsHeadersOfAnyBytes) {
    Letter letter;
    letter.headers = {{"ok", "text"}, {"bin", "\xff\xfe"}, {"\x80", ""}};
    const std::string record = letter.record();
    const Reader reader(record);
    EXPECT_FALSE(reader.has("headers"));
    EXPECT_EQ(reader.headers(), letter.headers);
}

TEST(DeadLetterRecord, CutsTheErrorBetweenCharacters) {
    Letter letter;
    const std::string error(limits::fault_text_bytes - 1, 'x');
    const std::string longer = error + "é and more";
    letter.facts.error = longer;
    const std::string record = letter.record();
    EXPECT_EQ(Reader(record).text("error"), error);
}

TEST(DeadLetterRecord, DoesNotGrowWithTextThatWouldBeAllEscapes) {
    for (const char c : {'\x01', '"', '\n', 'x'}) {
        Letter letter;
        letter.body = std::string(300'000, c);
        const std::string record = letter.record();
        EXPECT_LT(record.size(), 401'000u);
        EXPECT_EQ(Reader(record).bytes("body"), letter.body);
    }
}

TEST(DeadLetterRecord, GivesBackEveryByteOfAnyMessage) {
    std::mt19937_64 random(20010103);
    for (int round = 0; round < 2000; ++round) {
        Letter letter;
        fill_with_any_bytes(letter, random);
        const std::string record = letter.record();
        ASSERT_EQ(record.find('\n'), std::string::npos);
        const Reader reader(record);
        ASSERT_EQ(reader.bytes("id"), letter.id);
        ASSERT_EQ(reader.bytes("key"), letter.key);
        ASSERT_EQ(reader.bytes("body"), letter.body);
        ASSERT_EQ(reader.headers(), letter.headers);
    }
}

}  // namespace
}  // namespace sluice
