// Structs in sizes that are not this header's, for databases: see queue_sizes_test.cpp.
#include "cut.hpp"
#include "database_fixture.hpp"

namespace sluice::contract {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Cut> of_databases() {
    return {{"larger", Sizes::all_larger()},
            CUT_BEFORE(sluice_setup, worker),
            CUT_SHORT(sluice_setup, options),
            CUT_SHORT(sluice_setup, options_api),
            CUT_SHORT(sluice_setup, api),
            CUT_SHORT(sluice_setup, name),
            CUT_BEFORE(sluice_host_api, instance),
            CUT_BEFORE(sluice_host_api, state_dir),
            CUT_BEFORE(sluice_host_api, log),
            CUT_BEFORE(sluice_host_api, log_enabled),
            CUT_BEFORE(sluice_options_api, where),
            CUT_SHORT(sluice_options_api, find),
            CUT_BEFORE(sluice_fault, retry_delay_ms),
            CUT_BEFORE(sluice_fault, text_capacity),
            CUT_BEFORE(sluice_fault, text),
            CUT_SHORT(sluice_row_sink, row),
            CUT_SHORT(sluice_row_sink, context),
            CUT_SHORT(sluice_database_sink, committed),
            CUT_SHORT(sluice_recorded_sink, range),
            CUT_SHORT(sluice_probe_sink, fact),
            CUT_BEFORE(sluice_statement, reads_only),
            CUT_SHORT(sluice_identity, source),
            CUT_SHORT(sluice_identity, id),
            CUT_BEFORE(sluice_identity, position)};
}

using OfDatabase = std::tuple<const DatabaseEngine*, Cut>;

class DatabaseSizes : public testing::TestWithParam<OfDatabase> {};

std::string size_name(const testing::TestParamInfo<OfDatabase>& test) {
    return std::get<0>(test.param)->name + "_" + std::get<1>(test.param).name;
}

TEST_P(DatabaseSizes, HarmNothing) {
    const auto& [engine, cut] = GetParam();
    Folder folder;
    DatabaseInstance database(*engine, folder, {engine->create_table}, cut.sizes);
    if (!database.created().ok()) {
        EXPECT_FALSE(cut.works) << database.created();
        return;
    }
    if (database.table().probe != nullptr) {
        std::vector<std::pair<std::string, std::string>> facts;
        (void)database.probe(facts);
    }
    const Answer opened = database.open();
    EXPECT_TRUE(opened.ok() || !cut.works) << opened;
    if (!opened.ok()) return;
    Worker worker(database);
    ASSERT_TRUE(worker.connected().ok()) << worker.connected();
    std::uint32_t statement = 0;
    EXPECT_FALSE(worker.prepare("NONSENSE", statement).ok());
    const bool deduplicates = (database.capabilities() & SLUICE_DATABASE_DEDUPLICATES) != 0;
    const bool has_no_positions = cut.sizes.of<sluice_identity>().cut != 0;
    const bool hears_of_commits = cut.sizes.of<sluice_database_sink>().cut == 0;
    const Identity identity = has_no_positions ? Identity{"a"} : Identity::at(7);

    const auto unit = worker.begun();
    if (deduplicates) {
        const Answer recorded = worker.record(unit, 1, identity);
        EXPECT_TRUE(recorded.ok() || !cut.works) << recorded;
        if (recorded.ok() && database.table().keep_publishes != nullptr) {
            EXPECT_TRUE(worker.keep(unit, 1, "kept").ok());
        }
    }
    EXPECT_TRUE(worker.execute(unit, 1, "INSERT INTO item VALUES(1, 'x')").is_taken());
    Rows found;
    EXPECT_TRUE(worker.query(unit, 1, "SELECT id FROM item", found).ok());
    if (cut.works) {
        EXPECT_THAT(found, ElementsAre(Row{"1"}));
    }
    if (!hears_of_commits) {
        worker.abandon(unit);  // the end of it could not be told
        return;
    }
    EXPECT_EQ(worker.commit(unit).status, SLUICE_OK);
    if (database.table().describe != nullptr) {
        sluice_statement description{};
        EXPECT_TRUE(worker.describe(worker.prepared("INSERT INTO item VALUES(?, ?)"), description).ok());
        EXPECT_EQ(description.parameters, 2u);
    }
    if (!deduplicates) return;
    Ranges ranges;
    EXPECT_TRUE(database.recorded(ranges).ok());
    Rows kept;
    EXPECT_TRUE(worker.kept(identity, kept).ok());
    if (cut.works) {
        EXPECT_THAT(kept, ElementsAre(Row{"x'kept'"}));
    }
    worker.publishes_done({identity});
    if (cut.works) {
        const auto next = worker.begun();
        EXPECT_EQ(worker.record(next, 1, identity).status == SLUICE_SEEN ? SLUICE_SEEN : worker.commit(next).of(1),
                  SLUICE_SEEN);
        worker.abandon(next);
    }
}

INSTANTIATE_TEST_SUITE_P(, DatabaseSizes, testing::Combine(testing::ValuesIn(databases()), testing::ValuesIn(of_databases())),
                         size_name);

class ShortIdentities : public testing::TestWithParam<const DatabaseEngine*> {};

TEST_P(ShortIdentities, WhosePublishesAreDoneFinishThoseAlone) {
    const DatabaseEngine& engine = *GetParam();
    Folder folder;
    DatabaseInstance database(engine, folder, {engine.create_table},
                              Sizes::cut<sluice_identity>(offsetof(sluice_identity, position)));
    if (database.table().keep_publishes == nullptr) GTEST_SKIP() << "it keeps none";
    ASSERT_TRUE(database.open().ok());
    std::optional<Worker> worker(database);
    for (const char* id : {"a", "b"}) {
        const auto unit = worker->begun();
        EXPECT_TRUE(worker->record(unit, 1, {id}).ok());
        EXPECT_TRUE(worker->keep(unit, 1, id).ok());
        EXPECT_EQ(worker->commit(unit).status, SLUICE_OK);
    }
    worker->publishes_done({{"a"}});
    EXPECT_EQ(worker->commit(worker->begun()).status, SLUICE_OK);
    worker.reset();
    database.close();
    ASSERT_TRUE(database.open().ok());
    worker.emplace(database);
    Rows done, kept;
    EXPECT_TRUE(worker->kept({"a"}, done).ok());
    EXPECT_TRUE(worker->kept({"b"}, kept).ok());
    EXPECT_THAT(done, IsEmpty());
    EXPECT_THAT(kept, ElementsAre(Row{"x'b'"}));
}

INSTANTIATE_TEST_SUITE_P(, ShortIdentities, testing::ValuesIn(databases([](auto& engine) {
                             return (engine.capabilities & SLUICE_DATABASE_DEDUPLICATES) != 0;
                         })),
                         name_of);

}  // namespace
}  // namespace sluice::contract
