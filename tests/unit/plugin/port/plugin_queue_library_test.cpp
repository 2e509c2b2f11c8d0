#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "plugin/library.hpp"
#include "plugin/manifest.hpp"
#include "plugin/plugin_files.hpp"
#include "plugin/port/plugin_queue.hpp"

namespace sluice {
namespace {

// What a plugin's file provides.
class QueueOfALibrary : public testing::Test {
protected:
    static std::unique_ptr<Library> load(const std::string& name) {
        return Library::load(read_manifest(bad_plugin(name)).value()).value();
    }
    static Result<std::unique_ptr<QueuePort>> create(const Library& library, const std::string& component) {
        sluice_setup setup{};
        setup.struct_size = sizeof setup;
        setup.role = SLUICE_ROLE_SOURCE;
        setup.name = {"sources.in", 10};
        return create_queue(library, component, setup);
    }
};

TEST_F(QueueOfALibrary, IsCreatedByItsComponentsName) {
    const auto library = load("source_throws");
    EXPECT_FALSE(can_look_into(*library, "source_throws"));
    EXPECT_TRUE(may_have_resource(*library, "source_throws"));
    const auto queue = create(*library, "source_throws");
    ASSERT_TRUE(queue) << queue.error().message;
    EXPECT_EQ((*queue)->name(), "sources.in");
    EXPECT_TRUE((*queue)->is_finite());
    EXPECT_EQ((*queue)->resource(), "") << "thrown";
}

TEST_F(QueueOfALibrary, IsRefusedIfItPromisesWhatCannotBe) {
    const auto library = load("keeps_order_of_nothing");
    EXPECT_FALSE(may_have_resource(*library, "keeps_order_of_nothing"));
    const auto queue = create(*library, "keeps_order_of_nothing");
    ASSERT_FALSE(queue);
    EXPECT_EQ(queue.error().kind, ErrorKind::contract);
    EXPECT_NE(queue.error().message.find("queue \"keeps_order_of_nothing\": it says SLUICE_QUEUE_RELEASE_KEEPS_ORDER without"),
              std::string::npos)
        << queue.error().message;
}

}  // namespace
}  // namespace sluice
