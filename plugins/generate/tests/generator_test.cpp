#include "generator.hpp"

#include <gmock/gmock.h>

#include <future>
#include <map>
#include <memory>

namespace sluice::generate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Received {
    std::string body;
    std::string id;
    std::string key_header;
    std::uint64_t tag = 0;
    std::uint64_t position_end = 0;
    std::uint32_t stream_size = 0;
};

// The host's end.
class Collector {
public:
    SourceSink sink() { return SourceSink(&table_); }

    std::size_t room = ~std::size_t{0};
    std::vector<Received> received;

    std::vector<std::uint64_t> tags() const {
        std::vector<std::uint64_t> all;
        for (const Received& each : received) all.push_back(each.tag);
        return all;
    }

private:
    static sluice_status push(void* context, const sluice_incoming* message) {
        auto& self = *static_cast<Collector*>(context);
        if (self.received.size() >= self.room) return SLUICE_FULL;
        self.received.push_back({std::string(view(message->body)), std::string(view(message->id)),
                                 message->header_count == 0 ? "" : std::string(view(message->headers[0].value)), message->tag,
                                 message->position_end, message->stream_size});
        return SLUICE_OK;
    }
    sluice_queue_sink table_{sizeof(sluice_queue_sink), 0, this, &push, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
};

std::vector<Received> all_of(const Options& options) {
    Collector host;
    Generator generator(options);
    generator.start(host.sink());
    while (generator.poll(100, 1min) != SLUICE_END) {
    }
    return host.received;
}

Options some(std::uint64_t messages) {
    Options options;
    options.messages = messages;
    return options;
}

TEST(Generator, MakesJsonOfExactlyTheSize) {
    for (const std::size_t size :
         {Body::smallest, std::size_t{100}, std::size_t{256}, std::size_t{4096}, std::size_t{100'000}}) {
        Options options = some(2'345);
        options.size = size;
        for (const Received& each : all_of(options)) {
            ASSERT_EQ(each.body.size(), size);
            ASSERT_EQ(each.id, "1:" + std::to_string(each.tag));
            ASSERT_THAT(each.body,
                        testing::MatchesRegex(R"(\{"key":"k[0-9]{7}","seq":)" + std::to_string(each.tag) + R"(,"pad":"x*"\})"));
        }
    }
}

TEST(Generator, NumbersMessagesFromZeroAndEndsBehindTheLast) {
    const auto received = all_of(some(12));
    ASSERT_EQ(received.size(), 12u);
    EXPECT_EQ(received[0].id, "1:0");
    EXPECT_EQ(received[11].id, "1:11");
    EXPECT_EQ(received[11].position_end, 12u);
    EXPECT_EQ(received[11].stream_size, 1u);
}

TEST(Generator, MakesTheSameMessagesFromTheSameSeedOnly) {
    const auto bodies = [](std::uint64_t seed) {
        Options options = some(50);
        options.seed = seed;
        std::string text;
        for (const Received& each : all_of(options)) text += each.body;
        return text;
    };
    EXPECT_EQ(bodies(7), bodies(7));
    EXPECT_NE(bodies(7), bodies(8));
}

TEST(Generator, GivesTheKeyAsAHeaderToo) {
    Options options = some(20);
    options.key_header = "key";
    for (const Received& each : all_of(options)) EXPECT_EQ(each.body.substr(8, 8), each.key_header);
}

TEST(Generator, MakesTheSameMessageAgainBeforeNewOnesWhenItIsTakenBack) {
    Collector host;
    Generator generator(some(6));
    generator.start(host.sink());
    generator.poll(4, 0ms);
    const sluice_settlement back[] = {
        {3, SLUICE_RELEASE, 0, 0, {}, 0, 0}, {2, SLUICE_ACK, 0, 0, {}, 0, 0}, {1, SLUICE_RELEASE, 0, 0, {}, 0, 0}};
    generator.settle(back);
    while (generator.poll(100, 0ms) != SLUICE_END) {
    }
    EXPECT_THAT(host.tags(), ElementsAre(0, 1, 2, 3, 1, 3, 4, 5));
    EXPECT_EQ(host.received[4].body, host.received[1].body);
    EXPECT_EQ(host.received[4].id, host.received[1].id);
}

TEST(Generator, MakesAMessageAgainAfterTheEnd) {
    Collector host;
    Generator generator(some(2));
    generator.start(host.sink());
    while (generator.poll(100, 0ms) != SLUICE_END) {
    }
    const sluice_settlement back[] = {{1, SLUICE_RELEASE, 0, 0, {}, 0, 0}};
    generator.settle(back);
    EXPECT_EQ(generator.poll(100, 0ms), SLUICE_OK);
    EXPECT_EQ(generator.poll(100, 0ms), SLUICE_END);
    EXPECT_THAT(host.tags(), ElementsAre(0, 1, 1));
}

TEST(Generator, HoldsNewMessagesBackWhileOneThatWasTakenBackIsNotDue) {
    Collector host;
    Generator generator(some(3));
    generator.start(host.sink());
    generator.poll(1, 0ms);
    const sluice_settlement back[] = {{0, SLUICE_RELEASE, 0, 3'600'000, {}, 0, 0}};
    generator.settle(back);
    EXPECT_EQ(generator.poll(100, 0ms), SLUICE_OK);
    EXPECT_EQ(host.received.size(), 1u);
}

TEST(Generator, KeepsItsPlaceWhenTheHostHasNoRoom) {
    Collector host;
    Generator generator(some(3));
    generator.start(host.sink());
    host.room = 2;
    generator.poll(100, 0ms);
    generator.poll(100, 0ms);
    host.room = 3;
    generator.poll(100, 0ms);
    EXPECT_THAT(host.tags(), ElementsAre(0, 1, 2));
}

TEST(Generator, WritesTheTimeEachMessageIsDueAndSendsNoneBefore) {
    Options options = some(40);
    options.rate = 10'000;
    options.burst = 10;
    options.stamp = true;
    Collector host;
    Generator generator(options);
    const std::int64_t start = monotonic_ns();
    generator.start(host.sink());
    std::size_t seen = 0;
    std::int64_t first = 0;
    while (generator.poll(100, 1min) != SLUICE_END) {
        const std::int64_t now = monotonic_ns();
        for (; seen < host.received.size(); ++seen) {
            const std::int64_t due =
                std::stoll(host.received[seen].body.substr(std::string_view(R"({"key":"k0000123","due_ns":)").size()));
            if (seen == 0) first = due;
            EXPECT_GE(due, start);
            EXPECT_LE(due, now);
            EXPECT_EQ(due - first, static_cast<std::int64_t>(seen / 10) * 1'000'000);
        }
    }
    EXPECT_EQ(seen, 40u);
}

TEST(Generator, IsWokenWhileItWaitsForTheSchedule) {
    Options options;
    options.rate = 0.001;
    Collector host;
    Generator generator(options);
    generator.start(host.sink());
    EXPECT_EQ(generator.poll(1, 0ms), SLUICE_OK);  // the first is due at the start
    auto poll = std::async(std::launch::async, [&] { return generator.poll(1, 1h); });
    generator.wake();
    EXPECT_EQ(poll.get(), SLUICE_OK);
    EXPECT_EQ(host.received.size(), 1u);
}

TEST(Generator, RefusesASizeThatTheStampDoesNotFitInto) {
    Options options;
    options.size = Body::smallest;
    options.stamp = true;
    EXPECT_THROW(Generator generator(options), Failure);
}

TEST(Body, FitsTheLongestNumbersIntoTheSmallestSize) {
    Body body(Body::smallest, false);
    body.set(999'999, 999'999'999'999'999, 0);
    EXPECT_THAT(std::string(body.text()), testing::MatchesRegex(R"(\{"key":"k0999999","seq":999999999999999,"pad":"x*"\})"));
    Body stamped(Body::smallest_stamped, true);
    stamped.set(1, 999'999'999'999'999, 9'000'000'000'000'000'000);
    EXPECT_THAT(std::string(stamped.text()),
                testing::MatchesRegex(R"(\{"key":"k0000001","due_ns":9000000000000000000,"seq":999999999999999,"pad":"x*"\})"));
}

TEST(Body, CountsUpAsItWouldBeWritten) {
    Body counting(Body::smallest, false);
    for (std::uint64_t sequence = 0; sequence <= 10'101; ++sequence) {
        counting.set(7, sequence, 0);
        Body written(Body::smallest, false);
        written.set(7, 500'000, 0);
        written.set(7, sequence, 0);
        ASSERT_EQ(counting.text(), written.text());
    }
}

TEST(KeyChooser, UsesEveryKeyAboutEquallyWhenUniform) {
    const auto chooser = KeyChooser::uniform(10);
    std::map<std::uint32_t, int> counts;
    for (std::uint64_t i = 0; i < 100'000; ++i) ++counts[chooser.choose(random_of(1, i))];
    ASSERT_EQ(counts.size(), 10u);
    for (const auto& [key, count] : counts) EXPECT_NEAR(count, 10'000, 500) << key;
}

TEST(KeyChooser, FollowsZipfsLaw) {
    const auto chooser = KeyChooser::zipf(1000, 1.0);
    double sum = 0;
    for (int rank = 1; rank <= 1000; ++rank) sum += 1.0 / rank;
    std::map<std::uint32_t, int> counts;
    constexpr int draws = 1'000'000;
    for (std::uint64_t i = 0; i < draws; ++i) ++counts[chooser.choose(random_of(3, i))];
    for (const std::uint32_t key : {0u, 1u, 9u, 99u}) {
        const double expected = draws / ((key + 1) * sum);
        EXPECT_NEAR(counts[key], expected, expected * 0.1) << key;
    }
    EXPECT_LT(counts.rbegin()->first, 1000u);
}

TEST(KeyChooser, WorksWithOneKey) {
    EXPECT_EQ(KeyChooser::uniform(1).choose(~0ull), 0u);
    EXPECT_EQ(KeyChooser::zipf(1, 2.0).choose(~0ull), 0u);
}

TEST(Schedule, KeepsToItsTimesForYears) {
    const Schedule schedule(1000, 1, 5);
    EXPECT_EQ(schedule.due_ns(0), 5);
    EXPECT_EQ(schedule.due_ns(1), 1'000'005);
    EXPECT_EQ(schedule.due_ns(100'000'000'000), 100'000'000'000'000'005);
    EXPECT_EQ(Schedule(0.0001, 1, 0).due_ns(1'000'000'000'000'000), Schedule::never);
}

}  // namespace
}  // namespace sluice::generate
