#include "plugin/tables.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace sluice {
namespace {

sluice_database full_database() {
    sluice_database table{};
    table.struct_size = sizeof table;
    void (*const somewhere)() = [] {};
    for (std::size_t offset = offsetof(sluice_database, create); offset < sizeof table; offset += sizeof somewhere)
        std::memcpy(reinterpret_cast<char*>(&table) + offset, &somewhere, sizeof somewhere);
    return table;
}

TEST(Tables, TakesAnOptionalTailThatIsNotThereAsAbsent) {
    sluice_database theirs = full_database();
    theirs.struct_size = offsetof(sluice_database, resource_id);
    sluice_database ours{};
    ASSERT_EQ(take_table(&theirs, ComponentSpec{}, ours), "");
    EXPECT_EQ(ours.struct_size, sizeof ours);
    EXPECT_EQ(ours.restart, theirs.restart);
    EXPECT_EQ(ours.resource_id, nullptr) << "it lies beyond what the plugin allocated";
    EXPECT_EQ(ours.describe, nullptr);
}

TEST(Tables, RefusesAHandlerThatLoadsWhatNobodyIsGiven) {
    sluice_handler theirs{};
    theirs.struct_size = sizeof theirs;
    theirs.create = [](const sluice_setup*, void**, sluice_fault*) -> sluice_status { return SLUICE_OK; };
    theirs.handle = [](void*, const sluice_message*, sluice_ticket, sluice_fault*) { return SLUICE_DONE; };
    theirs.destroy = [](void*) {};
    theirs.load_shared = [](void*, void**, sluice_fault*) -> sluice_status { return SLUICE_OK; };
    sluice_handler ours{};
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours),
              "its sluice_handler has load_shared without use_shared: nobody would be given what it loads");
    theirs.use_shared = [](void*, void*) {};
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours), "");
}

TEST(Tables, RefusesADatabaseThatEndsBeforeItsMandatoryMembers) {
    sluice_database theirs = full_database();
    theirs.struct_size = offsetof(sluice_database, restart);
    sluice_database ours{};
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours),
              "its sluice_database says struct_size 160, but the mandatory members alone take 168");
}

TEST(Tables, RefusesADatabaseWithoutAMandatoryMemberAndTakesOneWithoutTheOptionalOnes) {
    sluice_database theirs = full_database();
    sluice_database ours{};
    theirs.ping = nullptr;
    theirs.record_once = nullptr;
    theirs.confirmed_below = nullptr;
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours), "");
    theirs.seal = nullptr;
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours), "its sluice_database has no seal, which is mandatory");
}

TEST(Tables, RefusesADatabaseThatCannotBeginAgainAfterAFailedUnit) {
    sluice_database theirs = full_database();
    sluice_database ours{};
    theirs.restart = nullptr;
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours), "its sluice_database has no restart, which is mandatory");
}

TEST(Tables, RefusesADatabaseThatKeepsPublishesAndCannotFindThemAgain) {
    sluice_database theirs = full_database();
    sluice_database ours{};
    theirs.kept_publishes = nullptr;
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours),
              "its sluice_database has no kept_publishes, which is mandatory beside the other two about publishes");
    theirs.keep_publishes = nullptr;
    theirs.publishes_done = nullptr;
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours), "");
}

TEST(Tables, FindWhatAComponentSaysThatItCanDoAndHasNoFunctionFor) {
    sluice_database database = full_database();
    EXPECT_EQ(broken_promise(database, SLUICE_DATABASE_DEDUPLICATES), "");
    database.record_once = nullptr;
    EXPECT_EQ(broken_promise(database, 0), "");
    EXPECT_EQ(broken_promise(database, SLUICE_DATABASE_DEDUPLICATES),
              "it says SLUICE_DATABASE_DEDUPLICATES, but its sluice_database has no record_once");
    const sluice_queue queue{};
    EXPECT_EQ(broken_promise(queue, SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER), "");
    EXPECT_EQ(broken_promise(queue, SLUICE_QUEUE_RELEASE_KEEPS_ORDER),
              "it says SLUICE_QUEUE_RELEASE_KEEPS_ORDER without SLUICE_QUEUE_TAKES_BACK");
}

TEST(Tables, AsksOfAQueueOnlyWhatItsRolesNeed) {
    sluice_queue theirs{};
    theirs.struct_size = sizeof theirs;
    theirs.create = [](const sluice_setup*, void**, sluice_fault*) { return SLUICE_OK; };
    theirs.destroy = [](void*) {};
    theirs.close = [](void*) {};
    theirs.open_target = [](void*, const sluice_target_sink*, sluice_fault*) { return SLUICE_OK; };
    theirs.publish = [](void*, const sluice_outgoing* const*, std::uint64_t, std::uint64_t, sluice_fault*) {
        return SLUICE_OK;
    };
    sluice_queue ours{};
    ComponentSpec spec;
    spec.kind = ComponentKind::queue;
    spec.target = true;
    EXPECT_EQ(take_table(&theirs, spec, ours), "");
    spec.source = true;
    EXPECT_EQ(take_table(&theirs, spec, ours), "its sluice_queue has no capabilities, which is mandatory");
    theirs.close = nullptr;
    EXPECT_EQ(take_table(&theirs, spec, ours), "its sluice_queue has no close, which is mandatory");
}

}  // namespace
}  // namespace sluice
