#include "unit/publishes_codec.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "abi_text.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

// "target/body/key/id/delay name=value …"
std::string line_of(std::string_view target, const sluice_outgoing& outgoing) {
    std::string line = std::string(target) + "/" + text(outgoing.body) + "/" + text(outgoing.key) + "/" + text(outgoing.id) +
                       "/" + std::to_string(outgoing.delay_ms);
    for (std::uint32_t i = 0; i < outgoing.header_count; ++i)
        line += " " + text(outgoing.headers[i].name) + "=" + text(outgoing.headers[i].value);
    return line;
}

struct Read {
    bool all;
    std::vector<std::string> lines;
};
Read read(std::string_view kept) {
    Read read{};
    read.all = decode_publishes(kept, [&](std::string_view target, const sluice_outgoing& outgoing) {
        read.lines.push_back(line_of(target, outgoing));
        return true;
    });
    return read;
}

class PublishesCodec : public testing::Test {
protected:
    void add(std::uint32_t target, std::string_view body, std::string_view key = {}, std::string_view id = {},
             std::int64_t delay_ms = 0, const std::vector<sluice_header>& headers = {}) {
        sluice_outgoing outgoing{};
        outgoing.struct_size = sizeof outgoing;
        outgoing.body = bytes(body);
        outgoing.key = bytes(key);
        outgoing.id = bytes(id);
        outgoing.delay_ms = delay_ms;
        outgoing.headers = headers.data();
        outgoing.header_count = static_cast<std::uint32_t>(headers.size());
        ASSERT_TRUE(publishes.add(0, target, outgoing));
    }
    std::string encoded() {
        std::string out = "what was there before";
        EXPECT_TRUE(encode_publishes(
            publishes.items(), [](std::uint32_t target) { return target == 0 ? "out" : "audit"; }, out));
        return out;
    }
    Publishes publishes;
};

TEST_F(PublishesCodec, ComeBackAsTheyWere) {
    add(0, "body", "key", "id", 1'500, {{bytes("type"), bytes("order")}, {bytes(""), bytes("")}});
    add(1, std::string_view("\0\xff", 2), "", "", INT64_MAX);
    add(0, "");
    const Read back = read(encoded());
    EXPECT_TRUE(back.all);
    EXPECT_EQ(back.lines,
              (std::vector<std::string>{"out/body/key/id/1500 type=order =",
                                        "audit/" + std::string("\0\xff", 2) + "///9223372036854775807", "out////0"}));
}

TEST_F(PublishesCodec, MayBeAsManyAsAMessageMayPublish) {
    for (std::size_t i = 0; i < limits::publishes_max; ++i) add(0, std::string(i % 300, 'x'));
    const Read back = read(encoded());
    EXPECT_TRUE(back.all);
    EXPECT_EQ(back.lines.size(), limits::publishes_max);
}

TEST_F(PublishesCodec, AreRefusedWhenTheyAreTooLarge) {
    const std::string body(limits::kept_publishes_bytes / 2, 'x');
    add(0, body);
    add(0, body);
    std::string out;
    EXPECT_FALSE(encode_publishes(
        publishes.items(), [](std::uint32_t) { return "out"; }, out));
}

TEST_F(PublishesCodec, AreNotReadFurtherThanTheReaderWants) {
    add(0, "1");
    add(0, "2");
    int taken = 0;
    EXPECT_FALSE(decode_publishes(encoded(), [&](std::string_view, const sluice_outgoing&) { return ++taken < 1; }));
    EXPECT_EQ(taken, 1);
}

TEST_F(PublishesCodec, CutAnywhereAreFoundToBeCut) {
    add(0, "body", "key", "id", 300, {{bytes("name"), bytes("value")}});
    add(1, "another");
    const std::string whole = encoded();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const std::string cut = whole.substr(0, size);  // of its own, so that a sanitizer sees a step too far
        EXPECT_FALSE(read(cut).all) << size;
    }
    EXPECT_FALSE(read(whole + "x").all);
}

TEST_F(PublishesCodec, OfAnotherLayoutAreNotRead) {
    std::string kept = encoded();
    kept[0] = 2;
    EXPECT_FALSE(read(kept).all);
}

TEST_F(PublishesCodec, DamagedAtRandomNeverReadBeyondTheirEnd) {
    add(0, "body", "key", "id", 300, {{bytes("name"), bytes("value")}});
    const std::string whole = encoded();
    std::minstd_rand random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = whole;
        for (int i = 0; i < 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
        const Read back = read(std::string(damaged));
        for (const std::string& line : back.lines) EXPECT_LE(line.size(), whole.size() + 64);
    }
}

}  // namespace
}  // namespace sluice
