// Records of messages that took effect: with a place in a stream and with an id only, in groups, after a rollback and a
// restart.
#include <random>
#include <set>

#include "fixture.hpp"

namespace sluice::sqlite {
namespace {

class Records : public StoreTest {
protected:
    static sluice_identity at(std::uint64_t position, std::uint64_t size = 1, std::string_view stream = "file-1") {
        return {sizeof(sluice_identity), static_cast<std::uint32_t>(stream.size()), bytes("flights"), bytes(stream), position,
                position + size};
    }
    static sluice_identity named(std::string_view id) { return {sizeof(sluice_identity), 0, bytes("orders"), bytes(id), 0, 0}; }
    // One message: its record, then its one row.
    static Status message(Worker& worker, std::uint64_t unit, sluice_ticket ticket, const sluice_identity& identity, int id) {
        Status recorded = worker->record_once(unit, ticket, identity);
        if (recorded.ok()) (void)worker.write(unit, ticket, insert_item, id, 0);
        return recorded;
    }
    static sluice_status alone(Worker& worker, const sluice_identity& identity, int id) {
        const auto unit = worker.begin();
        const Status recorded = message(worker, unit, 1, identity, id);
        const Ended ended = worker.commit(unit);
        return recorded.ok() ? ended.of(1) : recorded.code();
    }
    std::int64_t rows() const { return number("SELECT count(*) FROM item"); }
    std::int64_t below() const { return number("SELECT below FROM sluice_stream"); }
    std::int64_t ranges() const { return number("SELECT count(*) FROM sluice_range"); }
};

TEST_F(Records, OfAStreamWithoutHolesAreOneNumber) {
    open_deduplicating();
    Worker worker(store());
    for (int i = 0; i < 30; ++i) EXPECT_EQ(alone(worker, at(static_cast<std::uint64_t>(i) * 10, 10), i), SLUICE_OK);
    EXPECT_EQ(below(), 300);
    EXPECT_EQ(ranges(), 0);
    EXPECT_EQ(alone(worker, at(120, 10), 1000), SLUICE_SEEN);
    EXPECT_EQ(rows(), 30);
}

TEST_F(Records, OutOfOrderBecomeRangesAndFoldAgain) {
    open_deduplicating();
    Worker worker(store());
    for (const int position : {5, 7, 6, 2, 0})
        EXPECT_EQ(alone(worker, at(static_cast<std::uint64_t>(position)), position), SLUICE_OK);
    EXPECT_EQ(below(), 1);
    EXPECT_EQ(ranges(), 2);
    EXPECT_EQ(number("SELECT stop FROM sluice_range WHERE start = 5"), 8);
    for (const int position : {1, 4, 3})
        EXPECT_EQ(alone(worker, at(static_cast<std::uint64_t>(position)), position), SLUICE_OK);
    EXPECT_EQ(below(), 8);
    EXPECT_EQ(ranges(), 0);
}

TEST_F(Records, SurviveAReopening) {
    open_deduplicating();
    {
        Worker worker(store());
        for (const int position : {0, 1, 5}) alone(worker, at(static_cast<std::uint64_t>(position)), position);
        alone(worker, named("a"), 100);
    }
    close();
    open_deduplicating();
    Worker worker(store());
    for (const int position : {0, 1, 5})
        EXPECT_EQ(alone(worker, at(static_cast<std::uint64_t>(position)), 50 + position), SLUICE_SEEN);
    EXPECT_EQ(alone(worker, named("a"), 101), SLUICE_SEEN);
    EXPECT_EQ(alone(worker, at(2), 2), SLUICE_OK);
    EXPECT_EQ(alone(worker, at(0, 1, "file-2"), 60), SLUICE_OK);  // another stream
    EXPECT_EQ(alone(worker, named("b"), 102), SLUICE_OK);
    EXPECT_EQ(rows(), 7);
}

TEST_F(Records, OfOneMessageTwiceInFlightAreFoundWhenApplied) {
    open_deduplicating();
    Worker one(store());
    Worker other(store());
    {
        Pause pause(store().writer());
        int id = 0;
        for (Worker* worker : {&one, &other}) {
            const auto unit = worker->begin();
            EXPECT_TRUE(message(*worker, unit, 1, at(3), ++id).ok());
            EXPECT_TRUE(message(*worker, unit, 2, named("x"), 10 + id).ok());
            EXPECT_TRUE(message(*worker, unit, 3, at(static_cast<std::uint64_t>(100 * id)), 20 + id).ok());
            worker->submit(unit, 1);
        }
    }
    EXPECT_TRUE(one.wait(1).results.empty());
    const Ended second = other.wait(1);
    EXPECT_EQ(second.status, SLUICE_OK);
    EXPECT_EQ(second.results.size(), 2u);
    EXPECT_EQ(second.of(1), SLUICE_SEEN);
    EXPECT_EQ(second.of(2), SLUICE_SEEN);
    EXPECT_EQ(rows(), 4);
}

TEST_F(Records, AreRolledBackWithTheEffects) {
    open_deduplicating();
    Worker worker(store());
    const auto unit = worker.begin();
    (void)message(worker, unit, 1, at(0), 1);
    (void)message(worker, unit, 2, at(1), 1);  // the row is taken
    (void)message(worker, unit, 3, named("n"), 1);
    (void)message(worker, unit, 4, at(2), 4);
    const Ended ended = worker.commit(unit);
    EXPECT_EQ(ended.results.size(), 2u);
    EXPECT_EQ(ended.of(2), SLUICE_CONSTRAINT);
    EXPECT_EQ(ended.of(3), SLUICE_CONSTRAINT);
    EXPECT_EQ(below(), 1);
    // Neither is recorded: should they come again they are tried again.
    EXPECT_EQ(alone(worker, at(1), 11), SLUICE_OK);
    EXPECT_EQ(alone(worker, named("n"), 12), SLUICE_OK);
    EXPECT_EQ(below(), 3);
    EXPECT_EQ(ranges(), 0);
}

TEST_F(Records, StayWithADroppedMessageAndGoWithAForgottenOne) {
    open_deduplicating();
    Worker worker(store());
    const auto unit = worker.begin();
    (void)message(worker, unit, 1, at(0), 1);
    worker->drop(unit, 1);
    (void)message(worker, unit, 2, named("dropped"), 2);
    worker->drop(unit, 2);
    (void)message(worker, unit, 3, at(1), 3);
    worker->forget(unit, 3);
    (void)message(worker, unit, 4, named("forgotten"), 4);
    worker->forget(unit, 4);
    EXPECT_TRUE(worker.commit(unit).results.empty());
    EXPECT_EQ(rows(), 0);
    EXPECT_EQ(alone(worker, at(0), 11), SLUICE_SEEN);
    EXPECT_EQ(alone(worker, named("dropped"), 12), SLUICE_SEEN);
    EXPECT_EQ(alone(worker, at(1), 13), SLUICE_OK);
    EXPECT_EQ(alone(worker, named("forgotten"), 14), SLUICE_OK);
}

TEST_F(Records, StayAndGoTheSameWayInAUnitThatReads) {
    open_deduplicating();
    Worker worker(store());
    EXPECT_EQ(alone(worker, named("old"), 50), SLUICE_OK);
    std::vector<std::int64_t> found;
    const auto unit = worker.begin();
    (void)message(worker, unit, 1, at(0), 1);
    ASSERT_TRUE(worker.read(unit, 1, found, "SELECT 1").ok());
    (void)message(worker, unit, 2, at(1), 2);
    worker->drop(unit, 2);
    (void)message(worker, unit, 3, at(2), 3);
    worker->forget(unit, 3);
    (void)message(worker, unit, 4, named("dropped"), 4);
    worker->drop(unit, 4);
    EXPECT_EQ(message(worker, unit, 5, named("old"), 5).code(), SLUICE_SEEN);  // at once, since it is executed at once
    EXPECT_EQ(message(worker, unit, 6, at(0), 6).code(), SLUICE_SEEN);         // of this very unit
    EXPECT_TRUE(worker.commit(unit).results.empty());
    EXPECT_EQ(number("SELECT sum(id) FROM item"), 51);
    EXPECT_EQ(below(), 2);
    EXPECT_EQ(alone(worker, named("dropped"), 14), SLUICE_SEEN);
    EXPECT_EQ(alone(worker, at(2), 13), SLUICE_OK);
}

TEST_F(Records, OfAnAbandonedUnitThatReadAreGone) {
    open_deduplicating();
    Worker worker(store());
    std::vector<std::int64_t> found;
    const auto unit = worker.begin();
    (void)message(worker, unit, 1, at(0), 1);
    ASSERT_TRUE(worker.read(unit, 2, found, "SELECT 1").ok());
    worker->abandon_unit(unit);
    EXPECT_EQ(alone(worker, at(0), 1), SLUICE_OK);
}

TEST_F(Records, BelowAConfirmedPositionAreFolded) {
    open_deduplicating();
    {
        Worker worker(store());
        for (const int position : {2, 4, 6, 20}) alone(worker, at(static_cast<std::uint64_t>(position)), position);
        EXPECT_EQ(ranges(), 4);
        worker->confirmed_below("flights", "file-1", 10);
        worker->confirmed_below("flights", "file-1", 5);
        worker->confirmed_below("flights", "nothing of this is known", 5);
        alone(worker, at(30), 30);
        EXPECT_EQ(below(), 10);
        EXPECT_EQ(ranges(), 2);
        EXPECT_EQ(alone(worker, at(3), 3), SLUICE_SEEN);
        worker->confirmed_below("flights", "file-1", 25);
    }
    close();  // folds without another message
    EXPECT_EQ(below(), 25);
    EXPECT_EQ(ranges(), 1);
}

TEST_F(Records, AreListedByTheirSource) {
    open_deduplicating();
    Worker worker(store());
    for (const int position : {0, 1, 5, 6, 9}) alone(worker, at(static_cast<std::uint64_t>(position)), position);
    alone(worker, at(3, 2, "file-2"), 10);
    alone(worker, named("of another source"), 11);
    std::set<std::string> found;
    sluice_recorded_sink sink{};
    sink.struct_size = sizeof sink;
    sink.context = &found;
    sink.range = [](void* context, sluice_bytes stream, std::uint64_t from, std::uint64_t to) noexcept -> sluice_status {
        static_cast<std::set<std::string>*>(context)->insert(std::string(view(stream)) + " " + std::to_string(from) + "-" +
                                                             std::to_string(to));
        return SLUICE_OK;
    };
    store().records()->list("flights", RecordedSink(&sink));
    EXPECT_EQ(found, (std::set<std::string>{"file-1 0-2", "file-1 5-7", "file-1 9-10", "file-2 3-5"}));
    found.clear();
    store().records()->list("orders", RecordedSink(&sink));
    EXPECT_TRUE(found.empty());
}

TEST_F(Records, OfIdsArePrunedAfterTheirTime) {
    open_deduplicating();
    {
        Worker worker(store());
        for (int i = 0; i < 20; ++i) alone(worker, named("old " + std::to_string(i)), i);
    }
    close();
    {
        const Handle handle = open_for_writing(path());
        run_script(handle.get(), "UPDATE sluice_seen SET at = at - 3600000 WHERE number <= 15", "making them older");
    }
    Settings settings;
    settings.deduplicate = true;
    settings.keep = std::chrono::minutes(30);
    open(settings);
    Worker worker(store());
    EXPECT_EQ(alone(worker, named("new"), 100), SLUICE_OK);
    EXPECT_EQ(number("SELECT count(*) FROM sluice_seen"), 6);
    EXPECT_EQ(alone(worker, named("old 0"), 101), SLUICE_OK);  // forgotten
    EXPECT_EQ(alone(worker, named("old 19"), 102), SLUICE_SEEN);
}

TEST_F(Records, OfRandomOrderAreWhatASetSays) {
    open_deduplicating();
    std::mt19937 random(11);
    std::set<int> reference;
    for (int round = 0; round < 6; ++round) {
        {
            Worker worker(store());
            for (int u = 0; u < 20; ++u) {
                const auto unit = worker.begin();
                std::set<int> added;
                for (sluice_ticket ticket = 1; ticket <= 20; ++ticket) {
                    const int position = static_cast<int>(random() % 500);
                    const Status status = message(worker, unit, ticket, at(static_cast<std::uint64_t>(position)), position);
                    EXPECT_EQ(status.code(), reference.contains(position) ? SLUICE_SEEN : SLUICE_OK);
                    added.insert(position);
                }
                if (random() % 4 == 0) {
                    worker->abandon_unit(unit);
                } else {
                    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
                    reference.merge(added);
                }
            }
        }
        EXPECT_EQ(rows(), static_cast<std::int64_t>(reference.size()));
        close();
        EXPECT_EQ(
            number("SELECT (SELECT below FROM sluice_stream) + coalesce((SELECT sum(stop - start) FROM sluice_range), 0)"),
            static_cast<std::int64_t>(reference.size()));
        open_deduplicating();
    }
}

// A replay: under its id, and under the position that its source would deliver it from.
TEST_F(Records, OfAMessageWithTwoIdentitiesAreOfBoth) {
    open_deduplicating();
    Worker worker(store());
    EXPECT_EQ(alone(worker, at(0), 0), SLUICE_OK);
    const auto unit = worker.begin();
    ASSERT_TRUE(worker->record_once(unit, 1, named("file-1:5")).ok());
    ASSERT_TRUE(worker->record_once(unit, 1, at(5)).ok());
    (void)worker.write(unit, 1, insert_item, 5, 0);
    EXPECT_EQ(worker.commit(unit).of(1), SLUICE_OK);
    close();
    open_deduplicating();
    Worker again(store());
    EXPECT_EQ(alone(again, named("file-1:5"), 50), SLUICE_SEEN);
    EXPECT_EQ(alone(again, at(5), 51), SLUICE_SEEN);
    EXPECT_EQ(alone(again, at(4), 4), SLUICE_OK) << "no other";
    EXPECT_EQ(rows(), 3);
}

TEST_F(Records, OfTwoIdentitiesGoTogetherWithTheEffects) {
    open_deduplicating();
    Worker worker(store());
    auto unit = worker.begin();
    ASSERT_TRUE(worker->record_once(unit, 1, named("a")).ok());
    ASSERT_TRUE(worker->record_once(unit, 1, at(5)).ok());
    worker->forget(unit, 1);
    worker->drop(unit, 1);
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    EXPECT_EQ(alone(worker, at(5), 5), SLUICE_OK) << "nothing was recorded";
    unit = worker.begin();
    ASSERT_TRUE(worker->record_once(unit, 1, named("a")).ok());
    EXPECT_EQ(worker->record_once(unit, 1, at(5)).code(), SLUICE_SEEN) << "said, and the message goes on";
    (void)worker.write(unit, 1, insert_item, 6, 0);
    EXPECT_EQ(worker.commit(unit).of(1), SLUICE_OK);
    EXPECT_EQ(rows(), 2);
}

TEST_F(Records, AreRefusedWhereTheyAreOffOrMakeNoSense) {
    open();
    {
        Worker worker(store());
        EXPECT_EQ(worker->record_once(worker.begin(), 1, at(0)).code(), SLUICE_UNSUPPORTED);
    }
    close();
    open_deduplicating();
    Worker worker(store());
    const auto unit = worker.begin();
    EXPECT_EQ(worker->record_once(unit, 1, at(7, 0)).code(), SLUICE_CONTRACT);
    EXPECT_EQ(worker->record_once(unit, 1, at(std::uint64_t{1} << 63)).code(), SLUICE_CONTRACT);
    sluice_identity longer = at(0);
    longer.stream_size = 100;
    EXPECT_EQ(worker->record_once(unit, 1, longer).code(), SLUICE_CONTRACT);
}

}  // namespace
}  // namespace sluice::sqlite
