// Publishes kept with records: in the same transaction, found while they are needed, gone when they are not.
#include <gmock/gmock.h>

#include "fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Publishes : public StoreTest {
protected:
    static sluice_identity position(std::uint64_t at) {
        sluice_identity identity{};
        identity.struct_size = sizeof identity;
        identity.source = bytes("s");
        identity.id = bytes("stream:x");
        identity.stream_size = 6;
        identity.position = at;
        identity.position_end = at + 1;
        return identity;
    }
    static sluice_identity id(std::string_view name) {
        sluice_identity identity{};
        identity.struct_size = sizeof identity;
        identity.source = bytes("s");
        identity.id = bytes(name);
        return identity;
    }
    static void keep(Worker& worker, std::uint64_t unit, sluice_ticket ticket, const sluice_identity& identity,
                     std::string_view publishes) {
        EXPECT_EQ(worker->record_once(unit, ticket, identity).code(), SLUICE_OK);
        const Status kept = worker->keep_publishes(unit, ticket, publishes);
        EXPECT_TRUE(kept.ok()) << kept.text();
    }
    // One unit, ticket 1 the first.
    static void commit_kept(Worker& worker, const std::vector<std::pair<sluice_identity, std::string_view>>& messages) {
        const auto unit = worker.begin();
        sluice_ticket ticket = 0;
        for (const auto& [identity, publishes] : messages) keep(worker, unit, ++ticket, identity, publishes);
        EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    }
    static void commit_without_publishes(Worker& worker, const sluice_identity& identity) {
        const auto unit = worker.begin();
        EXPECT_EQ(worker->record_once(unit, 1, identity).code(), SLUICE_OK);
        EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    }
    static std::vector<std::string> kept(Worker& worker, const sluice_identity& identity) {
        std::vector<std::string> rows;
        const sluice_row_sink sink{sizeof sink, 0, &rows,
                                   [](void* context, const sluice_value* columns, std::uint32_t) -> sluice_status {
                                       static_cast<std::vector<std::string>*>(context)->emplace_back(view(columns[0].as.bytes));
                                       return SLUICE_OK;
                                   }};
        const Status status = worker->kept_publishes(identity, RowSink(&sink));
        EXPECT_TRUE(status.ok()) << status.text();
        return rows;
    }
    static void done(Worker& worker, const sluice_identity& identity) {
        const sluice_identity* const one = &identity;
        worker->publishes_done(std::span(&one, 1));
    }
    // All that was submitted before is over.
    void drain() { const HeldWriter held(store().writer()); }
    std::int64_t rows() const { return number("SELECT count(*) FROM sluice_publishes"); }
};

TEST_F(Publishes, AreDurableWithTheRecordAndTheEffects) {
    open_deduplicating();
    {
        Worker worker(store());
        const auto unit = worker.begin();
        keep(worker, unit, 1, position(5), "to out: a");
        keep(worker, unit, 2, id("m2"), "to out: b");
        EXPECT_THAT(kept(worker, position(5)), IsEmpty());
        EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
        EXPECT_THAT(kept(worker, position(5)), ElementsAre("to out: a"));
    }
    close();
    open_deduplicating();
    Worker worker(store());
    EXPECT_EQ(worker->record_once(worker.begin(), 1, position(5)).code(), SLUICE_SEEN);
    EXPECT_THAT(kept(worker, position(5)), ElementsAre("to out: a"));
    EXPECT_THAT(kept(worker, id("m2")), ElementsAre("to out: b"));
    EXPECT_THAT(kept(worker, position(6)), IsEmpty());
}

TEST_F(Publishes, OfAMessageThatFailsOrIsDroppedAreNotKept) {
    open_deduplicating();
    Worker worker(store());
    const auto unit = worker.begin();
    keep(worker, unit, 1, position(1), "one");
    (void)worker.write(unit, 1, insert_item, 1, 1);
    keep(worker, unit, 2, position(2), "two");
    (void)worker.write(unit, 2, insert_item, 1, 2);  // fails
    keep(worker, unit, 3, position(3), "three");
    worker->drop(unit, 3);
    keep(worker, unit, 4, position(4), "four");
    worker->forget(unit, 4);
    EXPECT_EQ(worker.commit(unit).of(2), SLUICE_CONSTRAINT);
    EXPECT_THAT(kept(worker, position(1)), ElementsAre("one"));
    EXPECT_EQ(rows(), 1);
}

TEST_F(Publishes, AreNotKeptOfAMessageThatWasSeen) {
    open_deduplicating();
    Worker one(store()), other(store());
    {
        Pause pause(store().writer());
        const auto first = one.begin();
        keep(one, first, 1, id("m"), "first");
        one.submit(first, 1);
        const auto second = other.begin();
        keep(other, second, 1, id("m"), "second");
        other.submit(second, 1);
    }
    EXPECT_EQ(one.wait(1).of(1), SLUICE_OK);
    EXPECT_EQ(other.wait(1).of(1), SLUICE_SEEN);
    EXPECT_THAT(kept(other, id("m")), ElementsAre("first"));
}

TEST_F(Publishes, AreKeptByAUnitThatHoldsTheWriterAndLostWithIt) {
    open_deduplicating();
    Worker worker(store());
    std::vector<std::int64_t> column;
    const auto unit = worker.begin();
    keep(worker, unit, 1, position(1), "one");
    EXPECT_TRUE(worker.read(unit, 1, column, "SELECT count(*) FROM item").ok());
    keep(worker, unit, 2, position(2), "two");
    EXPECT_TRUE(worker->keep_publishes(unit, 1, "one, late").ok());
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    EXPECT_THAT(kept(worker, position(1)), ElementsAre("one, late"));
    EXPECT_THAT(kept(worker, position(2)), ElementsAre("two"));

    const auto lost = worker.begin();
    keep(worker, lost, 3, position(3), "three");
    EXPECT_TRUE(worker.read(lost, 3, column, "SELECT count(*) FROM item").ok());
    worker->abandon_unit(lost);
    EXPECT_THAT(kept(worker, position(3)), IsEmpty());
    EXPECT_EQ(rows(), 2);
}

TEST_F(Publishes, GoOnceTheyAreDone) {
    open_deduplicating();
    Worker worker(store());
    commit_kept(worker, {{position(1), "one"}, {id("m"), "two"}});
    done(worker, position(1));
    drain();
    EXPECT_THAT(kept(worker, position(1)), IsEmpty());
    EXPECT_EQ(rows(), 1);
    done(worker, id("m"));
    done(worker, id("unknown"));
    worker.disconnect();
    close();
    EXPECT_EQ(rows(), 0);
}

TEST_F(Publishes, AreStillDoneAfterATransactionThatFailed) {
    Settings settings;
    settings.deduplicate = true;
    settings.busy_timeout = std::chrono::milliseconds(20);
    open(settings);
    Worker worker(store());
    commit_kept(worker, {{position(1), "one"}});
    {
        const Handle somebody = open_for_writing(path());
        run_script(somebody.get(), "BEGIN IMMEDIATE", "the test");
        done(worker, position(1));
        drain();
        EXPECT_EQ(rows(), 1);
    }
    const auto next = worker.begin();
    (void)worker.write(next, 2, insert_item, 1, 1);
    EXPECT_EQ(worker.commit(next).status, SLUICE_OK);
    EXPECT_EQ(rows(), 0);
}

TEST_F(Publishes, GoWithTheirRecords) {
    Settings settings;
    settings.deduplicate = true;
    settings.keep = std::chrono::milliseconds(1);
    open(settings);
    {
        Worker worker(store());
        commit_kept(worker, {{position(1), "one"}, {position(2), "two"}, {id("m"), "three"}});
        worker->confirmed_below("s", "stream", 2);
        commit_without_publishes(worker, position(9));
        EXPECT_THAT(kept(worker, position(1)), IsEmpty());
        EXPECT_THAT(kept(worker, position(2)), ElementsAre("two"));
        EXPECT_THAT(kept(worker, id("m")), ElementsAre("three"));  // old ones are looked for once a minute
    }
    close();
    open(settings);
    Worker worker(store());
    commit_without_publishes(worker, position(10));
    EXPECT_THAT(kept(worker, id("m")), IsEmpty());
    EXPECT_EQ(rows(), 1);
}

TEST_F(Publishes, AreKeptOnlyWithARecord) {
    open_deduplicating();
    Worker worker(store());
    const auto unit = worker.begin();
    EXPECT_EQ(worker->keep_publishes(unit, 1, "p").code(), SLUICE_CONTRACT);
    EXPECT_EQ(worker->keep_publishes(99, 1, "p").code(), SLUICE_CONTRACT);
    worker.disconnect();
    close();
    open();
    Worker without(store());
    EXPECT_EQ(without->keep_publishes(without.begin(), 1, "p").code(), SLUICE_UNSUPPORTED);
    EXPECT_THAT(kept(without, position(1)), IsEmpty());
    done(without, position(1));
}

}  // namespace
}  // namespace sluice::sqlite
