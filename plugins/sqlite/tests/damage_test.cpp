// Single bytes of a database that have become others on the disk: found at the start or while it runs. Nothing is taken for
// done that is not, no message is blamed, and nothing is tried for ever.
#include <fstream>
#include <iterator>
#include <random>

#include "queue_fixture.hpp"

namespace sluice::sqlite {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

constexpr std::size_t page = 4096;
constexpr int places_of_a_page = 16;

class Damage : public StoreTest {
protected:
    static sluice_identity at(std::uint64_t position) {
        constexpr std::string_view stream = "file-1";
        return {sizeof(sluice_identity), stream.size(), bytes("flights"), bytes(stream), position, position + 1};
    }
    static sluice_identity named(const std::string& id) {
        return {sizeof(sluice_identity), 0, bytes("orders"), bytes(id), 0, 0};
    }

    void fill() {
        open_deduplicating();
        Worker worker(store());
        for (int i = 0; i < 60; ++i) {
            const auto unit = worker.begin();
            const std::string id = "id-" + std::to_string(i);
            const sluice_identity identity = i % 2 == 0 ? at(static_cast<std::uint64_t>(i) * 3) : named(id);
            ASSERT_TRUE(worker->record_once(unit, 1, identity).ok());
            (void)worker.write(unit, 1, insert_item, i, i);
            ASSERT_EQ(worker.commit(unit).of(1), SLUICE_OK);
        }
        worker.disconnect();
        close();
    }

    // A message that was never handled, as a host sees it: 0 = in the database now, or the status that ended it.
    sluice_status handle_new(Worker& worker, const sluice_identity& identity, int id) {
        const auto unit = worker.begin();
        const Status recorded = worker->record_once(unit, 1, identity);
        if (!recorded.ok()) {
            worker->abandon_unit(unit);
            return recorded.code();
        }
        (void)worker.write(unit, 1, insert_item, id, id);
        return worker.commit(unit).of(1);
    }
};

TEST_F(Damage, OfSingleBytesIsFoundOrDoesNoHarm) {
    fill();
    const std::string whole = read_file(path());
    ASSERT_GE(whole.size() / page, 8u);
    std::mt19937 random(7);
    std::map<sluice_status, int> ends;
    const std::string new_id = "new";
    for (std::size_t first = 0; first < whole.size(); first += page)
        for (int place = 0; place < places_of_a_page; ++place) {
            // Every second one in what SQLite calls the header of a page, which is where damage is worst.
            const std::size_t byte = first + (place % 2 == 0 ? random() % page : random() % 120);
            std::string damaged = whole;
            damaged[byte] = static_cast<char>(damaged[byte] ^ (1 + random() % 255));
            fs::remove(path() + "-wal");
            fs::remove(path() + "-shm");
            write_file(path(), damaged);
            const auto where = [&] {
                return "byte " + std::to_string(byte % page) + " of page " + std::to_string(byte / page + 1);
            };
            try {
                open_deduplicating();
                Worker worker(store());
                for (const auto& [identity, id] :
                     {std::pair(at(1000), 1000), std::pair(at(4), 1001), std::pair(named(new_id), 1002)}) {
                    const sluice_status end = handle_new(worker, identity, id);
                    ++ends[end];
                    EXPECT_NE(end, SLUICE_SEEN) << where() << ": a message is acknowledged that never took effect";
                    EXPECT_FALSE(is_fault_of_message(end)) << where() << ": a message is blamed";
                    EXPECT_NE(end, SLUICE_UNAVAILABLE) << where() << ": it is tried for ever";
                    if (is_permanent(end)) break;  // the host ends
                }
            } catch (const Failure& failure) {
                ++ends[failure.code()];
                EXPECT_NE(std::string(failure.what()), "");
            }
            store_.reset();
            if (HasFailure()) return;
        }
    EXPECT_GT(ends[SLUICE_OK], 0);
    EXPECT_GT(ends[SLUICE_CORRUPT], 0);
}

TEST_F(Damage, OfAStreamsRecordIsSaidAtTheStart) {
    fill();
    for (const char* sql :
         {"UPDATE sluice_stream SET below = below + 1", "UPDATE sluice_range SET stop = stop + 1 WHERE start = 6",
          "UPDATE sluice_range SET stop = -1 WHERE start = 6", "UPDATE sluice_range SET stream = 7 WHERE start = 6"}) {
        const std::string whole = read_file(path());
        {
            const Handle handle = open_for_writing(path());
            run_script(handle.get(), sql, "the test");
        }
        try {
            open_deduplicating();
            ADD_FAILURE() << sql << ": opened";
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.code(), SLUICE_CORRUPT);
            EXPECT_THAT(failure.what(),
                        AllOf(HasSubstr("\"" + path() + "\" is damaged"), HasSubstr("restore it from a backup")));
        }
        store_.reset();
        write_file(path(), whole);
    }
    open_deduplicating();
}

TEST_F(Damage, OfARecordFoundWhileItRunsEndsTheDatabaseByName) {
    fill();
    std::string whole = read_file(path());
    std::int64_t root = 0;
    {
        const Handle handle = open_for_reading(path());
        const Prepared statement = prepare(handle.get(), "SELECT rootpage FROM sqlite_schema WHERE name = 'sluice_seen'");
        ASSERT_EQ(sqlite3_step(statement.get()), SQLITE_ROW);
        root = sqlite3_column_int64(statement.get(), 0);
    }
    for (std::size_t i = 0; i < 100; ++i) whole[static_cast<std::size_t>(root - 1) * page + i] = '\x7f';
    write_file(path(), whole);
    open_deduplicating();
    Worker worker(store());
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(handle_new(worker, named("new"), 1000), SLUICE_CORRUPT);
        worker->restart();
    }
    const auto unit = worker.begin();
    (void)worker->record_once(unit, 1, named("new"));
    (void)worker.write(unit, 1, insert_item, 1000, 0);
    EXPECT_THAT(worker.commit(unit).text,
                AllOf(HasSubstr("\"" + path() + "\" is damaged"), HasSubstr("restore it from a backup")));
}

class QueueDamage : public QueueTest {};

TEST_F(QueueDamage, OfSingleBytesIsFoundOrDoesNoHarm) {
    {
        Publisher publisher(settings());
        for (int i = 0; i < 40; ++i)
            ASSERT_EQ(publisher.publish(
                          {{.body = std::string(400, 'x'), .key = "k", .id = std::to_string(i), .headers = {{"a", "b"}}}}),
                      SLUICE_OK);
    }
    const std::string whole = read_file(path());
    ASSERT_GE(whole.size() / page, 6u);
    std::mt19937 random(11);
    std::map<sluice_status, int> ends;
    for (std::size_t first = 0; first < whole.size(); first += page)
        for (int place = 0; place < places_of_a_page; ++place) {
            const std::size_t byte = first + (place % 2 == 0 ? random() % page : random() % 120);
            std::string damaged = whole;
            damaged[byte] = static_cast<char>(damaged[byte] ^ (1 + random() % 255));
            fs::remove(path() + "-wal");
            fs::remove(path() + "-shm");
            write_file(path(), damaged);
            try {
                QueueTarget target(settings());
                (void)target.open(TargetSink());
                target.close();
                Receiver receiver(settings());
                for (int i = 0; i < 20 && receiver.last.ok(); ++i)
                    if (const auto got = receiver.poll(5); !got.empty() && receiver.last.ok()) {
                        const sluice_status acked = receiver.ack(got);
                        ++ends[acked];
                        EXPECT_TRUE(acked == SLUICE_OK || is_permanent(acked)) << acked << " at byte " << byte;
                    }
                ++ends[receiver.last.code()];
                EXPECT_TRUE(receiver.last.ok() || is_permanent(receiver.last.code()))
                    << receiver.last.text() << " at byte " << byte;
            } catch (const Failure& failure) {
                ++ends[failure.code()];
            }
            if (HasFailure()) return;
        }
    EXPECT_GT(ends[SLUICE_OK], 0);
    EXPECT_GT(ends[SLUICE_CORRUPT], 0);
}

}  // namespace
}  // namespace sluice::sqlite
