#include "plugin/port/instance.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "plugin/port/plugin_database.hpp"
#include "plugin/port/plugin_handler.hpp"
#include "plugin/port/plugin_queue.hpp"

namespace sluice {
namespace {

std::vector<std::string> asked;
constexpr int audit = 1;

const void* offer(void*, sluice_bytes id) {
    asked.emplace_back(id.data, id.size);
    if (asked.back() == "com.example.bad/1") throw std::runtime_error("no");
    return asked.back() == "com.example.audit/1" ? &audit : nullptr;
}

template <typename Table>
Table table_with(const void* (*extension)(void*, sluice_bytes)) {
    Table table{};
    table.struct_size = sizeof table;
    table.create = [](const sluice_setup*, void**, sluice_fault*) -> sluice_status { return SLUICE_OK; };
    table.extension = extension;
    return table;
}

sluice_setup setup() {
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    setup.role = SLUICE_ROLE_TARGET;
    setup.name = {"x.y", 3};
    return setup;
}

class Extensions : public ::testing::Test {
protected:
    Extensions() { asked.clear(); }

    template <typename Port>
    void expect_asked_once(Port& port) {
        asked.clear();
        for (int times = 0; times < 2; ++times) {
            EXPECT_EQ(port.extension("com.example.audit/1"), &audit);
            EXPECT_EQ(port.extension("com.example.audit/draft-2"), nullptr);
            EXPECT_EQ(port.extension("com.example.bad/1"), nullptr) << "an exception ends here";
        }
        EXPECT_EQ(asked, (std::vector<std::string>{"com.example.audit/1", "com.example.audit/draft-2", "com.example.bad/1"}));
    }
};

TEST_F(Extensions, AreAskedForOnceWhateverTheKind) {
    const auto handlers = table_with<sluice_handler>(&offer);
    const auto handler = PluginHandlerFactory(handlers).create(setup(), nullptr);
    expect_asked_once(**handler);
    const auto queues = table_with<sluice_queue>(&offer);
    const auto queue = PluginQueue::create(queues, setup());
    expect_asked_once(**queue);
    const auto databases = table_with<sluice_database>(&offer);
    const auto database = PluginDatabase::create(databases, setup());
    expect_asked_once(**database);
}

TEST_F(Extensions, AreNoneWhereThereIsNoFunction) {
    const auto handlers = table_with<sluice_handler>(nullptr);
    EXPECT_EQ((*PluginHandlerFactory(handlers).create(setup(), nullptr))->extension("com.example.audit/1"), nullptr);
    const auto queues = table_with<sluice_queue>(nullptr);
    EXPECT_EQ((*PluginQueue::create(queues, setup()))->extension("com.example.audit/1"), nullptr);
    const auto databases = table_with<sluice_database>(nullptr);
    EXPECT_EQ((*PluginDatabase::create(databases, setup()))->extension("com.example.audit/1"), nullptr);
}

}  // namespace
}  // namespace sluice
