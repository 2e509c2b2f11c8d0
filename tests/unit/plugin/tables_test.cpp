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
    theirs.struct_size = offsetof(sluice_database, confirmed_below);
    sluice_database ours{};
    ASSERT_EQ(take_table(&theirs, ComponentSpec{}, ours), "");
    EXPECT_EQ(ours.struct_size, sizeof ours);
    EXPECT_EQ(ours.abandon_unit, theirs.abandon_unit);
    EXPECT_EQ(ours.confirmed_below, nullptr) << "it lies beyond what the plugin allocated";
}

TEST(Tables, RefusesADatabaseThatEndsBeforeItsMandatoryMembers) {
    sluice_database theirs = full_database();
    theirs.struct_size = offsetof(sluice_database, abandon_unit);
    sluice_database ours{};
    EXPECT_EQ(take_table(&theirs, ComponentSpec{}, ours),
              "its sluice_database says struct_size 144, but the mandatory members alone take 152");
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
