#include "plugin/library.hpp"

#include <gmock/gmock.h>

#include "plugin/fault.hpp"
#include "plugin/plugin_files.hpp"
#include "plugin/port/guarded.hpp"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::StartsWith;

Result<std::unique_ptr<Library>> load(const std::string& name) {
    Result<Manifest> manifest = read_manifest(bad_plugin(name));
    if (!manifest) return std::move(manifest).error();
    return Library::load(std::move(manifest).value());
}

Error refusal(const std::string& name) {
    const Result<std::unique_ptr<Library>> library = load(name);
    return library ? Error{ErrorKind::invalid, "accepted"} : library.error();
}

std::string sentence(const std::string& name, const std::string& why) {
    return "plugin " + bad_plugin(name).native() + " is refused: " + why;
}

std::string mistake(const std::string& name, const std::string& why) {
    return sentence(
        name, why + "; this is a mistake in the plugin org.example." + name + ", ask its author for a build that corrects it");
}

std::string disagrees(const std::string& name, const std::string& what) {
    return mistake(name, "its manifest and its module disagree: " + what);
}

TEST(Library, HandsOutTheTablesOfAPluginByName) {
    const auto library = load("good");
    ASSERT_TRUE(library) << library.error().message;
    EXPECT_EQ((*library)->minor(), 0);
    const sluice_handler* handler = (*library)->handler("good");
    ASSERT_NE(handler, nullptr);
    void* self = nullptr;
    EXPECT_EQ(handler->create(nullptr, &self, nullptr), SLUICE_OK);
    EXPECT_EQ(handler->handle(self, nullptr, 1, nullptr), SLUICE_DONE);
    handler->destroy(self);
    EXPECT_EQ((*library)->handler("other"), nullptr);
    EXPECT_EQ((*library)->queue("good"), nullptr);
    EXPECT_EQ((*library)->database("good"), nullptr);
}

TEST(Library, TakesOfALargerTableWhatItKnows) {
    const auto library = load("larger_table");
    ASSERT_TRUE(library) << library.error().message;
    const sluice_handler* handler = (*library)->handler("larger_table");
    ASSERT_NE(handler, nullptr);
    EXPECT_EQ(handler->struct_size, sizeof(sluice_handler));
    EXPECT_EQ(handler->handle(nullptr, nullptr, 1, nullptr), SLUICE_DONE);
}

TEST(Library, AsksForNoComponentOfAKindThatItDoesNotKnow) {
    const auto library = load("half_known");
    ASSERT_TRUE(library) << library.error().message;
    const sluice_handler* handler = (*library)->handler("half_known");
    ASSERT_NE(handler, nullptr);
    EXPECT_EQ(handler->handle(nullptr, nullptr, 1, nullptr), SLUICE_DONE);
}

TEST(Library, MayBeLoadedAgainAfterItWasFinished) {
    for (int round = 0; round < 3; ++round) ASSERT_TRUE(load("good"));
}

TEST(Library, SaysWhyTheLoaderRefused) {
    const Error error = refusal("undefined_symbol");
    EXPECT_EQ(error.kind, ErrorKind::invalid);
    EXPECT_THAT(
        error.message,
        AllOf(StartsWith(sentence("undefined_symbol", "it cannot be loaded (")),
              EndsWith("undefined symbol: sluice_bad_nobody_has_this); build it for this machine, or install what it needs")));
}

TEST(Library, IsRefusedWithoutAnEntry) {
    EXPECT_EQ(refusal("no_entry").message,
              sentence("no_entry",
                       "it does not export sluice_plugin_entry_v1; define it and build the plugin with sluice_add_plugin()"));
}

TEST(Library, IsRefusedWhenItsEntryOrInitFails) {
    const Error entry = refusal("entry_fails");
    EXPECT_EQ(entry.kind, ErrorKind::unsupported);
    EXPECT_EQ(entry.message,
              sentence("entry_fails",
                       "it refused this host (unsupported: this machine has no frobnicator); correct what it complains about"));
    const Error init = refusal("init_fails");
    EXPECT_EQ(init.kind, ErrorKind::unavailable);
    EXPECT_EQ(init.message,
              sentence("init_fails",
                       "its init failed (unavailable: the licence server is unreachable); correct what it complains about"));
    const Error thrown = refusal("entry_throws");
    EXPECT_EQ(thrown.kind, ErrorKind::contract);
    EXPECT_EQ(thrown.message,
              sentence("entry_throws",
                       "it refused this host (contract: an exception left the plugin: thrown by the entry); correct "
                       "what it complains about"));
}

TEST(Library, IsRefusedWhenItsModuleBreaksTheRules) {
    EXPECT_EQ(refusal("null_module").message, mistake("null_module", "its module is NULL"));
    EXPECT_EQ(refusal("null_component").message, mistake("null_component", "its component 0 is NULL"));
    EXPECT_EQ(
        refusal("small_component").message,
        mistake("small_component", "its sluice_component 0 says struct_size 24, but the mandatory members alone take 32"));
    EXPECT_EQ(refusal("small_module").message,
              mistake("small_module", "its sluice_module says struct_size 40, but the mandatory members alone take 64"));
    EXPECT_EQ(refusal("wrong_minor").message,
              mistake("wrong_minor", "it chose to speak ABI minor 9 where the lower of both sides is 0"));
    EXPECT_EQ(refusal("wrong_minor").kind, ErrorKind::contract);
}

TEST(Library, IsRefusedWhenManifestAndModuleDisagree) {
    EXPECT_EQ(
        refusal("disagrees_id").message,
        disagrees("disagrees_id", "the id is org.example.disagrees_id in the manifest and org.example.other in the module"));
    EXPECT_EQ(refusal("disagrees_version").message,
              disagrees("disagrees_version", "the version is 1.0.0 in the manifest and 2.0.0 in the module"));
    EXPECT_EQ(refusal("disagrees_count").message,
              disagrees("disagrees_count", "the number of components is 1 in the manifest and 2 in the module"));
    EXPECT_EQ(
        refusal("disagrees_kind").message,
        disagrees(
            "disagrees_kind",
            "component 0 is the handler \"disagrees_kind\" in the manifest and the kind 77 \"disagrees_kind\" in the module"));
    EXPECT_EQ(refusal("disagrees_name").message, disagrees("disagrees_name",
                                                           "component 0 is the handler \"disagrees_name\" in the manifest and "
                                                           "the handler \"somebody [31melse\" in the module"));
}

TEST(Library, IsRefusedWhenATableLacksWhatIsMandatory) {
    EXPECT_EQ(refusal("null_table").message, mistake("null_table", "handler \"null_table\": its table is NULL"));
    EXPECT_EQ(
        refusal("small_table").message,
        mistake("small_table",
                "handler \"small_table\": its sluice_handler says struct_size 40, but the mandatory members alone take 48"));
    EXPECT_EQ(refusal("no_handle").message,
              mistake("no_handle", "handler \"no_handle\": its sluice_handler has no handle, which is mandatory"));
    EXPECT_EQ(refusal("source_without_poll").message,
              mistake("source_without_poll",
                      "queue \"source_without_poll\": its sluice_queue has no capabilities, which is mandatory"));
}

TEST(Fence, TurnsWhatLeavesAPluginIntoAStatusWithItsText) {
    const auto library = load("create_throws");
    ASSERT_TRUE(library) << library.error().message;
    const sluice_handler* handler = (*library)->handler("create_throws");
    FaultBuffer fault;
    void* self = nullptr;
    EXPECT_EQ(guarded_status(fault, [&] { return handler->create(nullptr, &self, fault.get()); }), SLUICE_CONTRACT);
    EXPECT_EQ(fault.text(), "an exception left the plugin: thrown by create");
    fault.clear();
    EXPECT_EQ(guarded_status(fault, []() -> sluice_status { throw 42; }), SLUICE_CONTRACT);
    EXPECT_EQ(fault.text(), "an exception left the plugin: an exception that is not a std::exception");
}

TEST(FaultBuffer, ReadsOnlyItsOwnBytesWhateverThePluginWroteIntoTheFault) {
    FaultBuffer fault;
    sluice_fault_set(fault.get(), SLUICE_INVALID, "line\n\xff\x1b", 7);
    EXPECT_EQ(fault.text(), "line ? ");
    fault.get()->text = nullptr;
    fault.get()->text_size = 0xffffffff;
    EXPECT_EQ(fault.text().size(), limits::fault_text_bytes);
    fault.clear();
    EXPECT_EQ(fault.text(), "");
    EXPECT_EQ(fault.fault().retry_delay_ms, 0);
    const Error error = fault.error(777);
    EXPECT_EQ(error.kind, ErrorKind::contract);
    EXPECT_EQ(error.message, "status 777");
}

}  // namespace
}  // namespace sluice
