// A queue adapter in C++, seen through its C table.
#include <gmock/gmock.h>

#include <optional>

#include "sluice/sdk/queue.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using testing::ElementsAre;

using Fault = sluice::detail::FaultBuffer;

struct Pond : sluice::Source {
    explicit Pond(const sluice::Setup& setup) {
        if (setup.has("dry")) throw std::runtime_error("the pond is dry");
    }
    std::uint64_t capabilities() const noexcept override { return SLUICE_QUEUE_FINITE; }
    sluice::Status open(sluice::SourceSink sink) override {
        sink_ = sink;
        return SLUICE_OK;
    }
    sluice::Status poll(const sluice::Poll& poll) override {
        polled = poll;
        for (std::uint64_t tag = 1; tag <= poll.max; ++tag) {
            auto message = sluice::incoming();
            message.body = sluice::bytes("fish");
            message.tag = tag;
            if (const sluice_status status = sink_.push(message); status != SLUICE_OK) return {status, "the net is full"};
        }
        return SLUICE_END;
    }
    sluice::Status settle(std::span<const sluice_settlement> items) override {
        if (items.empty()) throw sluice::Failure(SLUICE_UNAVAILABLE, "the pond is frozen");
        sink_.confirmed_below("pond", items.back().tag + 1);
        return SLUICE_OK;
    }

    sluice::SourceSink sink_;
    static inline sluice::Poll polled;  // the last time
};

struct Waking : Pond {
    using Pond::Pond;
    void wake() noexcept override {}
};

struct River : sluice::Target {
    sluice::Status open(sluice::TargetSink sink) override {
        sink_ = sink;
        return SLUICE_OK;
    }
    sluice::Status publish(std::span<const sluice_outgoing* const> messages, std::uint64_t first_token) override {
        sink_.published(first_token, messages.size(), SLUICE_OK);
        return SLUICE_QUEUED;
    }
    sluice::TargetSink sink_;
};

struct Both : Pond, River {
    using Pond::Pond;
};

const sluice_queue& table_of(const auto& component) {
    return *static_cast<const sluice_queue*>(component.table);
}

TEST(QueueSdk, FindsTheRolesFromTheClasses) {
    const auto source = sluice::queue<Pond>("q", "Q.");
    EXPECT_TRUE(source.source && !source.target);
    EXPECT_EQ(table_of(source).publish, nullptr);
    const auto target = sluice::queue<River>("q", "Q.");
    EXPECT_TRUE(!target.source && target.target);
    EXPECT_EQ(table_of(target).poll, nullptr);
    const auto two_classes = sluice::queue<River, Pond>("q", "Q.");
    const auto one_class = sluice::queue<Both>("q", "Q.");
    for (const sluice_queue* table : {&table_of(two_classes), &table_of(one_class)})
        EXPECT_TRUE(table->poll != nullptr && table->publish != nullptr);
}

TEST(QueueSdk, TellsTheHostWhetherASourceCanBeWoken) {
    EXPECT_EQ(table_of(sluice::queue<Pond>("q", "Q.")).wake, nullptr);
    EXPECT_NE(table_of(sluice::queue<Waking>("q", "Q.")).wake, nullptr);
}

TEST(QueueSdk, CarriesMessagesStatusesAndTextsAcross) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<Pond, River>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_SOURCE, {}), &self, nullptr), SLUICE_OK);
    std::vector<std::uint64_t> seen;
    sluice_queue_sink sink{};
    sink.struct_size = sizeof sink;
    sink.context = &seen;
    sink.push = [](void* context, const sluice_incoming* message) {
        static_cast<std::vector<std::uint64_t>*>(context)->push_back(message->tag);
        return message->tag < 3 ? SLUICE_OK : SLUICE_FULL;
    };
    sink.confirmed_below = [](void* context, sluice_bytes, std::uint64_t position) {
        static_cast<std::vector<std::uint64_t>*>(context)->push_back(position);
    };
    Fault fault;
    const sluice_poll two{sizeof two, 2, 1000, 3, 0};
    const sluice_poll five{sizeof five, 5, 0, 0, 0};
    EXPECT_EQ(table.capabilities(self), SLUICE_QUEUE_FINITE);
    EXPECT_EQ(table.open_source(self, &sink, &fault.fault), SLUICE_OK);
    EXPECT_EQ(table.poll(self, &two, &fault.fault), SLUICE_END);
    EXPECT_EQ(Pond::polled.max_bytes, 1000u);
    EXPECT_EQ(Pond::polled.wait.count(), 3);
    EXPECT_EQ(table.poll(self, &five, &fault.fault), SLUICE_FULL);
    EXPECT_EQ(Pond::polled.max_bytes, UINT64_MAX) << "0 = no bound";
    EXPECT_EQ(fault.text(), "the net is full");
    const sluice_settlement item{41, SLUICE_ACK, 0, 0, {}, 0, 0};
    EXPECT_EQ(table.settle(self, &item, 1, &fault.fault), SLUICE_OK);
    EXPECT_THAT(seen, ElementsAre(1u, 2u, 1u, 2u, 3u, 42u));
    EXPECT_EQ(table.settle(self, nullptr, 0, &fault.fault), SLUICE_UNAVAILABLE);
    EXPECT_EQ(fault.text(), "the pond is frozen");
    EXPECT_EQ(table.flush(self, &fault.fault), SLUICE_OK);
    table.close(self);
    table.destroy(self);
}

TEST(QueueSdk, ReadsNothingBehindThePollThatAnOlderHostKnows) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<Pond>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_SOURCE, {}), &self, nullptr), SLUICE_OK);
    const sluice_poll asked{offsetof(sluice_poll, max_bytes), 0, 1000, 3, 0};
    EXPECT_EQ(table.poll(self, &asked, nullptr), SLUICE_END);
    EXPECT_EQ(Pond::polled.max_bytes, UINT64_MAX);
    EXPECT_EQ(Pond::polled.wait.count(), 0);
    table.destroy(self);
}

TEST(QueueSdk, PublishesThroughTheTarget) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<Pond, River>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_TARGET, {}), &self, nullptr), SLUICE_OK);
    std::uint64_t last = 0;
    const sluice_target_sink sink{sizeof sink, 0, &last,
                                  [](void* context, std::uint64_t token, std::uint64_t count, sluice_status, sluice_bytes) {
                                      *static_cast<std::uint64_t*>(context) = token + count - 1;
                                  }};
    EXPECT_EQ(table.open_target(self, &sink, nullptr), SLUICE_OK);
    const sluice_outgoing message{};
    const sluice_outgoing* const messages[] = {&message, &message};
    EXPECT_EQ(table.publish(self, messages, 2, 7, nullptr), SLUICE_QUEUED);
    EXPECT_EQ(last, 8u);
    table.close(self);
    table.destroy(self);
}

TEST(QueueSdk, RefusesARoleItDoesNotHaveAndAConstructorThatThrows) {
    sluice::FakeHost host;
    Fault fault;
    void* self = nullptr;
    const sluice_queue& table = table_of(sluice::queue<Pond>("q", "Q."));
    EXPECT_EQ(table.create(&host.setup(SLUICE_ROLE_TARGET, {}), &self, &fault.fault), SLUICE_UNSUPPORTED);
    EXPECT_EQ(fault.text(), "this queue can only be received from");
    EXPECT_EQ(table.create(&host.setup(SLUICE_ROLE_SOURCE, {{"dry", true}}), &self, &fault.fault), SLUICE_INVALID);
    EXPECT_EQ(fault.text(), "the pond is dry");
    EXPECT_EQ(self, nullptr);
}

// A pond with a glass bottom: the fish in it can be seen, told by their number.
struct GlassPond : Pond {
    using Pond::Pond;
    std::string_view resource_id() const noexcept override { return "pond:1"; }
    std::string_view name_in_unit() const noexcept override { return "DELETE FROM fish WHERE number = ?"; }
    sluice::Status depths(sluice_queue_depths& depths) override {
        depths.ready = 2;
        depths.oldest_ms = 77;
        return SLUICE_OK;
    }
    sluice::Status list(std::string_view after, sluice::StoredSink sink) override {
        for (const std::string_view place : {"1", "2", "3"}) {
            auto message = sluice::stored();
            message.place = sluice::bytes(place);
            if (place > after && !sink.message(message)) break;
        }
        return SLUICE_OK;
    }
    sluice::Status get(std::string_view place, sluice::StoredSink) override {
        return {SLUICE_INVALID, "there is no fish " + std::string(place)};
    }
    sluice::Status remove(std::span<const sluice_bytes> places, std::uint64_t& removed) override {
        removed = places.size();
        return SLUICE_OK;
    }
};

struct GlassBoth : GlassPond, River {
    using GlassPond::GlassPond;
};

TEST(QueueSdk, OffersALookIntoAQueueOnlyWhereAClassBringsIt) {
    for (const sluice_queue* table :
         {&table_of(sluice::queue<Pond>("q", "Q.")), &table_of(sluice::queue<Pond, River>("q", "Q.")),
          &table_of(sluice::queue<Both>("q", "Q."))})
        EXPECT_TRUE(table->resource_id == nullptr && table->name_in_unit == nullptr && table->depths == nullptr &&
                    table->list == nullptr && table->get == nullptr && table->remove == nullptr);
    for (const sluice_queue* table :
         {&table_of(sluice::queue<GlassPond>("q", "Q.")), &table_of(sluice::queue<GlassPond, River>("q", "Q.")),
          &table_of(sluice::queue<GlassBoth>("q", "Q."))})
        EXPECT_TRUE(table->resource_id != nullptr && table->name_in_unit != nullptr && table->depths != nullptr &&
                    table->list != nullptr && table->get != nullptr && table->remove != nullptr);
}

TEST(QueueSdk, ShowsWhatIsInTheQueueInBothRolesOfOneClass) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<GlassBoth>("q", "Q."));
    for (const std::uint32_t role : {SLUICE_ROLE_SOURCE, SLUICE_ROLE_TARGET}) {
        void* self = nullptr;
        ASSERT_EQ(table.create(&host.setup(role, {}), &self, nullptr), SLUICE_OK);
        EXPECT_EQ(sluice::view(table.resource_id(self)), "pond:1");
        EXPECT_EQ(sluice::view(table.name_in_unit(self)), "DELETE FROM fish WHERE number = ?");
        std::string seen;
        const sluice_stored_sink sink{sizeof sink, 0, &seen, [](void* context, const sluice_stored* message) {
                                          auto& all = *static_cast<std::string*>(context);
                                          all.append(sluice::view(message->place));
                                          return all.size() < 2 ? SLUICE_OK : SLUICE_STOPPED;
                                      }};
        Fault fault;
        EXPECT_EQ(table.list(self, {}, &sink, &fault.fault), SLUICE_OK);
        EXPECT_EQ(table.list(self, sluice::bytes("2"), &sink, &fault.fault), SLUICE_OK);
        EXPECT_EQ(seen, "123");
        EXPECT_EQ(table.get(self, sluice::bytes("9"), &sink, &fault.fault), SLUICE_INVALID);
        EXPECT_EQ(fault.text(), "there is no fish 9");
        const sluice_bytes places[] = {sluice::bytes("1"), sluice::bytes("3")};
        std::uint64_t removed = 0;
        EXPECT_EQ(table.remove(self, places, 2, &removed, &fault.fault), SLUICE_OK);
        EXPECT_EQ(removed, 2u);
        table.destroy(self);
    }
}

TEST(QueueSdk, WritesNotPastTheDepthsThatAnOlderHostKnows) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<GlassPond>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_SOURCE, {}), &self, nullptr), SLUICE_OK);
    sluice_queue_depths depths{};
    depths.struct_size = offsetof(sluice_queue_depths, oldest_ms);
    EXPECT_EQ(table.depths(self, &depths, nullptr), SLUICE_OK);
    EXPECT_EQ(depths.struct_size, offsetof(sluice_queue_depths, oldest_ms));
    EXPECT_EQ(depths.ready, 2u);
    EXPECT_EQ(depths.oldest_ms, 0);
    table.destroy(self);
}

TEST(QueueSdk, AnswersForTheClassThatBringsNothingWhereTheOtherDoes) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<GlassPond, River>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_TARGET, {}), &self, nullptr), SLUICE_OK);
    Fault fault;
    EXPECT_EQ(table.resource_id(self).size, 0u);
    EXPECT_EQ(table.list(self, {}, nullptr, &fault.fault), SLUICE_UNSUPPORTED);
    EXPECT_EQ(fault.text(), "this queue cannot be listed");
    table.destroy(self);
}

// Wants its thread again after `next`, and takes no more than it says.
struct Tended : River {
    static inline std::optional<std::chrono::milliseconds> next;
    static inline bool throws = false;
    sluice::Status service(std::optional<std::chrono::milliseconds>& wanted) override {
        wanted = next;
        if (throws) throw sluice::Failure(SLUICE_UNAVAILABLE, "the river is low");
        return SLUICE_OK;
    }
    sluice::Status limits(sluice_queue_limits& limits) override {
        limits.in_flight_max = 3;
        limits.message_bytes_max = 1'000;
        return SLUICE_OK;
    }
};

TEST(QueueSdk, OffersServiceAndLimitsOnlyWhereAClassBringsThem) {
    for (const sluice_queue* table : {&table_of(sluice::queue<Pond>("q", "Q.")), &table_of(sluice::queue<Both>("q", "Q."))})
        EXPECT_TRUE(table->service == nullptr && table->limits == nullptr);
    for (const sluice_queue* table :
         {&table_of(sluice::queue<Tended>("q", "Q.")), &table_of(sluice::queue<Pond, Tended>("q", "Q."))})
        EXPECT_TRUE(table->service != nullptr && table->limits != nullptr);
}

TEST(QueueSdk, SaysWhenItIsToBeServicedAgain) {
    using std::chrono::milliseconds;
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<Pond, Tended>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_TARGET, {}), &self, nullptr), SLUICE_OK);
    const auto next_of = [&](std::optional<milliseconds> wanted) {
        Tended::next = wanted;
        std::uint32_t next_ms = 77;
        EXPECT_EQ(table.service(self, &next_ms, nullptr), SLUICE_OK);
        return next_ms;
    };
    EXPECT_EQ(next_of({}), 0u) << "not again";
    EXPECT_EQ(next_of(milliseconds(250)), 250u);
    EXPECT_EQ(next_of(milliseconds(0)), 1u) << "at once";
    EXPECT_EQ(next_of(milliseconds(-5)), 1u) << "it is late";
    EXPECT_EQ(next_of(std::chrono::hours(24 * 365)), UINT32_MAX);
    Tended::next = milliseconds(9);
    Tended::throws = true;
    Fault fault;
    std::uint32_t next_ms = 0;
    EXPECT_EQ(table.service(self, &next_ms, &fault.fault), SLUICE_UNAVAILABLE);
    EXPECT_EQ(fault.text(), "the river is low");
    EXPECT_EQ(next_ms, 9u);
    Tended::throws = false;
    table.destroy(self);

    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_SOURCE, {}), &self, nullptr), SLUICE_OK);
    EXPECT_EQ(table.service(self, &next_ms, nullptr), SLUICE_OK) << "of the class that brings none";
    EXPECT_EQ(next_ms, 0u);
    table.destroy(self);
}

TEST(QueueSdk, WritesNotPastTheLimitsThatAnOlderHostKnows) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<Tended>("q", "Q."));
    void* self = nullptr;
    ASSERT_EQ(table.create(&host.setup(SLUICE_ROLE_TARGET, {}), &self, nullptr), SLUICE_OK);
    sluice_queue_limits limits{};
    limits.struct_size = offsetof(sluice_queue_limits, message_bytes_max);
    EXPECT_EQ(table.limits(self, &limits, nullptr), SLUICE_OK);
    EXPECT_EQ(limits.struct_size, offsetof(sluice_queue_limits, message_bytes_max));
    EXPECT_EQ(limits.in_flight_max, 3u);
    EXPECT_EQ(limits.message_bytes_max, 0u);
    table.destroy(self);
}

}  // namespace
