// Queue and database adapters in C++, seen through their C tables.
#include <gmock/gmock.h>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/queue.hpp"
#include "sluice/sdk/testing.hpp"

namespace {

using testing::ElementsAre;

struct Fault : sluice::detail::FaultBuffer {};

// ---- queues ---------------------------------------------------------------------------------------------------------------

struct Pond : sluice::Source {
    explicit Pond(const sluice::Setup& setup) {
        if (setup.has("dry")) throw std::runtime_error("the pond is dry");
    }
    std::uint32_t capabilities() const noexcept override { return SLUICE_QUEUE_FINITE; }
    sluice::Status open(sluice::SourceSink sink) override {
        sink_ = sink;
        return SLUICE_OK;
    }
    sluice::Status poll(std::uint32_t max, std::chrono::milliseconds) override {
        for (std::uint64_t tag = 1; tag <= max; ++tag) {
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
    EXPECT_EQ(table.capabilities(self), SLUICE_QUEUE_FINITE);
    EXPECT_EQ(table.open_source(self, &sink, &fault.fault), SLUICE_OK);
    EXPECT_EQ(table.poll(self, 2, 0, &fault.fault), SLUICE_END);
    EXPECT_EQ(table.poll(self, 5, 0, &fault.fault), SLUICE_FULL);
    EXPECT_EQ(fault.text(), "the net is full");
    const sluice_settlement item{41, SLUICE_ACK, 0, 0};
    EXPECT_EQ(table.settle(self, &item, 1, &fault.fault), SLUICE_OK);
    EXPECT_THAT(seen, ElementsAre(1u, 2u, 1u, 2u, 3u, 42u));
    EXPECT_EQ(table.settle(self, nullptr, 0, &fault.fault), SLUICE_UNAVAILABLE);
    EXPECT_EQ(fault.text(), "the pond is frozen");
    EXPECT_EQ(table.flush(self, &fault.fault), SLUICE_OK);
    table.close(self);
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
    std::string_view settle_in_unit() const noexcept override { return "DELETE FROM fish WHERE number = ?"; }
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
        EXPECT_TRUE(table->resource_id == nullptr && table->settle_in_unit == nullptr && table->depths == nullptr &&
                    table->list == nullptr && table->get == nullptr && table->remove == nullptr);
    for (const sluice_queue* table :
         {&table_of(sluice::queue<GlassPond>("q", "Q.")), &table_of(sluice::queue<GlassPond, River>("q", "Q.")),
          &table_of(sluice::queue<GlassBoth>("q", "Q."))})
        EXPECT_TRUE(table->resource_id != nullptr && table->settle_in_unit != nullptr && table->depths != nullptr &&
                    table->list != nullptr && table->get != nullptr && table->remove != nullptr);
}

TEST(QueueSdk, ShowsWhatIsInTheQueueInBothRolesOfOneClass) {
    sluice::FakeHost host;
    const sluice_queue& table = table_of(sluice::queue<GlassBoth>("q", "Q."));
    for (const std::uint32_t role : {SLUICE_ROLE_SOURCE, SLUICE_ROLE_TARGET}) {
        void* self = nullptr;
        ASSERT_EQ(table.create(&host.setup(role, {}), &self, nullptr), SLUICE_OK);
        EXPECT_EQ(sluice::view(table.resource_id(self)), "pond:1");
        EXPECT_EQ(sluice::view(table.settle_in_unit(self)), "DELETE FROM fish WHERE number = ?");
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

// ---- databases --------------------------------------------------------------------------------------------------------------

struct Calls {
    static inline std::vector<std::string> made;
    static void note(std::string call) { made.push_back(std::move(call)); }
};

struct ShelfConnection : sluice::Connection {
    explicit ShelfConnection(sluice::CommitSink given) : sink(given) {}
    ~ShelfConnection() override { Calls::note("disconnect"); }
    sluice::Status prepare(std::string_view sql, std::uint32_t& statement) override {
        Calls::note("prepare " + std::string(sql));
        statement = 4;
        return SLUICE_OK;
    }
    sluice::Status unit_begin(std::uint64_t& unit) override {
        unit = 9;
        return SLUICE_OK;
    }
    sluice::Status execute(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value> values) override {
        if (values.empty()) throw std::runtime_error("nothing to shelve");
        return SLUICE_QUEUED;
    }
    sluice::Status query(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value>,
                         sluice::RowSink rows) override {
        for (int i = 0; i < 5; ++i) {
            const sluice_value column = sluice::value(i);
            if (!rows.row(std::span(&column, 1))) break;
        }
        return SLUICE_OK;
    }
    void drop(std::uint64_t, sluice_ticket ticket) noexcept override { Calls::note("drop " + std::to_string(ticket)); }
    void forget(std::uint64_t, sluice_ticket ticket) noexcept override { Calls::note("forget " + std::to_string(ticket)); }
    sluice::Status seal(std::uint64_t) override { return {SLUICE_CONFLICT, "again"}; }
    void commit_submit(std::uint64_t, std::uint64_t token) noexcept override {
        const sluice_commit_result result{2, SLUICE_SEEN, 0, {}};
        sink.committed(token, SLUICE_OK, std::span(&result, 1));
    }
    void abandon_unit(std::uint64_t) noexcept override { Calls::note("abandon"); }
    void restart() noexcept override { Calls::note("restart"); }
    sluice::CommitSink sink;
};

struct KeepingConnection : ShelfConnection {
    using ShelfConnection::ShelfConnection;
    sluice::Status keep_publishes(std::uint64_t, sluice_ticket ticket, std::string_view publishes) override {
        Calls::note("keep " + std::to_string(ticket) + " " + std::string(publishes));
        return SLUICE_OK;
    }
    sluice::Status kept_publishes(const sluice_identity& identity, sluice::RowSink rows) override {
        const std::string text = "kept for " + std::string(sluice::view(identity.id));
        const sluice_value column = sluice::value(std::as_bytes(std::span(text)));
        rows.row(std::span(&column, 1));
        return SLUICE_OK;
    }
    void publishes_done(std::span<const sluice_identity* const> identities) noexcept override {
        Calls::note("done " + std::to_string(identities.size()));
    }
};

struct Shelf : sluice::Database {
    explicit Shelf(const sluice::Setup&) {}
    sluice::Status open() override { return {SLUICE_CORRUPT, "the shelf has fallen"}; }
    std::unique_ptr<sluice::Connection> connect(sluice::CommitSink sink) override {
        return std::make_unique<ShelfConnection>(sink);
    }
};

class DatabaseSdk : public testing::Test {
protected:
    DatabaseSdk() {
        Calls::made.clear();
        EXPECT_EQ(table.create(&host.setup(SLUICE_ROLE_DATABASE, {}), &self, nullptr), SLUICE_OK);
        sink.struct_size = sizeof sink;
        sink.context = this;
        sink.committed = [](void* context, std::uint64_t token, sluice_status, const sluice_commit_result* results,
                            std::uint64_t count, sluice_bytes) {
            for (std::uint64_t i = 0; i < count; ++i)
                static_cast<DatabaseSdk*>(context)->committed.push_back({token, results[i].ticket, results[i].status});
        };
        EXPECT_EQ(table.connect(self, &sink, &connection, nullptr), SLUICE_OK);
    }
    ~DatabaseSdk() override {
        if (connection != nullptr) table.disconnect(connection);
        table.destroy(self);
    }

    sluice::FakeHost host;
    const sluice_database& table = *static_cast<const sluice_database*>(sluice::database<Shelf>("shelf", "S.").table);
    sluice_database_sink sink{};
    void* self = nullptr;
    void* connection = nullptr;
    std::vector<std::array<std::uint64_t, 3>> committed;
    Fault fault;
};

TEST_F(DatabaseSdk, CarriesEveryCallToTheConnection) {
    std::uint32_t statement = 0;
    std::uint64_t unit = 0;
    EXPECT_EQ(table.prepare(connection, sluice::bytes("SELECT 1"), &statement, nullptr), SLUICE_OK);
    EXPECT_EQ(statement, 4u);
    EXPECT_EQ(table.unit_begin(connection, &unit, nullptr), SLUICE_OK);
    EXPECT_EQ(unit, 9u);
    const sluice_value value = sluice::value(1);
    EXPECT_EQ(table.execute(connection, unit, 1, statement, &value, 1, nullptr), SLUICE_QUEUED);
    table.drop(connection, unit, 1);
    table.forget(connection, unit, 2);
    table.abandon_unit(connection, unit);
    table.commit_submit(connection, unit, 77);
    table.confirmed_below(connection, {}, {}, 5);
    table.disconnect(connection);
    connection = nullptr;
    EXPECT_THAT(Calls::made, ElementsAre("prepare SELECT 1", "drop 1", "forget 2", "abandon", "disconnect"));
    EXPECT_THAT(committed, ElementsAre(ElementsAre(77u, 2u, SLUICE_SEEN)));
}

TEST_F(DatabaseSdk, StopsAtTheRowThatIsTheLastWanted) {
    std::vector<std::int64_t> seen;
    const sluice_row_sink rows{sizeof rows, 0, &seen, [](void* context, const sluice_value* columns, std::uint32_t) {
                                   auto& all = *static_cast<std::vector<std::int64_t>*>(context);
                                   all.push_back(columns[0].as.integer);
                                   return all.size() < 2 ? SLUICE_OK : SLUICE_STOPPED;
                               }};
    EXPECT_EQ(table.query(connection, 0, 0, 4, nullptr, 0, &rows, nullptr), SLUICE_OK);
    EXPECT_THAT(seen, ElementsAre(0, 1));
}

TEST_F(DatabaseSdk, CarriesStatusesAndExceptionsWithTheirTexts) {
    EXPECT_EQ(table.open(self, &fault.fault), SLUICE_CORRUPT);
    EXPECT_EQ(fault.text(), "the shelf has fallen");
    EXPECT_EQ(table.seal(connection, 9, &fault.fault), SLUICE_CONFLICT);
    EXPECT_EQ(fault.text(), "again");
    EXPECT_EQ(table.execute(connection, 9, 1, 4, nullptr, 0, &fault.fault), SLUICE_FAILED);
    EXPECT_EQ(fault.text(), "nothing to shelve");
}

TEST_F(DatabaseSdk, SaysThatItDoesNotDeduplicateUnlessTheAdapterDoes) {
    const sluice_identity identity{};
    EXPECT_EQ(table.capabilities(self), 0u);
    EXPECT_EQ(table.record_once(connection, 9, 1, &identity, &fault.fault), SLUICE_UNSUPPORTED);
}

// Its own answer would be that all is well, whatever happens.
TEST_F(DatabaseSdk, CanOnlyBeAskedWhereTheAdapterSaysHow) {
    EXPECT_EQ(table.ping, nullptr);
    struct Asked : sluice::Database {
        sluice::Status open() override { return SLUICE_OK; }
        std::unique_ptr<sluice::Connection> connect(sluice::CommitSink) override { return nullptr; }
        sluice::Status ping() override { return {SLUICE_UNAVAILABLE, "closed"}; }
    };
    Asked asked;
    const sluice_database& its = sluice::detail::DatabaseThunks<Asked>::table;
    ASSERT_NE(its.ping, nullptr);
    EXPECT_EQ(its.ping(&asked, nullptr), SLUICE_UNAVAILABLE);
}

TEST_F(DatabaseSdk, KeepsNoPublishesUnlessTheAdapterDoes) {
    const sluice_identity identity{};
    EXPECT_EQ(table.resource_id(self).size, 0u);
    EXPECT_EQ(table.keep_publishes(connection, 9, 1, sluice::bytes("p"), &fault.fault), SLUICE_UNSUPPORTED);
    EXPECT_EQ(table.kept_publishes(connection, &identity, nullptr, &fault.fault), SLUICE_OK);
    const sluice_identity* const done[] = {&identity};
    table.publishes_done(connection, done, 1);
}

TEST_F(DatabaseSdk, CarriesKeptPublishesBothWays) {
    KeepingConnection keeping{sluice::CommitSink(&sink)};
    Calls::made.clear();
    sluice_identity identity{};
    identity.id = sluice::bytes("m1");
    void* const self_of_it = static_cast<sluice::Connection*>(&keeping);
    EXPECT_EQ(table.keep_publishes(self_of_it, 9, 3, sluice::bytes("p"), nullptr), SLUICE_OK);
    std::string kept;
    const sluice_row_sink rows{sizeof rows, 0, &kept, [](void* context, const sluice_value* columns, std::uint32_t) {
                                   *static_cast<std::string*>(context) = sluice::view(columns[0].as.bytes);
                                   return SLUICE_OK;
                               }};
    EXPECT_EQ(table.kept_publishes(self_of_it, &identity, &rows, nullptr), SLUICE_OK);
    EXPECT_EQ(kept, "kept for m1");
    const sluice_identity* const done[] = {&identity, &identity};
    table.publishes_done(self_of_it, done, 2);
    EXPECT_THAT(Calls::made, ElementsAre("keep 3 p", "done 2"));
}

}  // namespace
