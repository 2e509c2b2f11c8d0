#include "plugin/registry.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Names the file that a plugin creates as soon as any of its code runs.
class MarkFile {
public:
    explicit MarkFile(const std::filesystem::path& file) : file_(file) { ::setenv("SLUICE_MARK", file.c_str(), 1); }
    ~MarkFile() { ::unsetenv("SLUICE_MARK"); }
    bool left() const { return std::filesystem::exists(file_); }

private:
    std::filesystem::path file_;
};

class RegistryTest : public ::testing::Test {
protected:
    std::string refusal(Registry& registry, const std::string& plugin) {
        const Result<Registry::Component> found = registry.find(ComponentKind::handler, plugin);
        if (!found) return found.error().message;
        const Result<const Library*> library = registry.load(*found);
        return library ? "accepted" : library.error().message;
    }

    PluginFolder folder_;
};

TEST_F(RegistryTest, FindsAComponentByKindAndNameAndLoadsItsFileOnce) {
    const std::filesystem::path file = folder_.copy("good", "anything.so");
    MarkFile mark(folder_ / "mark");
    Registry registry({folder_.path()});
    const auto found = registry.find(ComponentKind::handler, "good");
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->manifest().file, file);
    EXPECT_EQ(found->spec->name, "good");
    EXPECT_FALSE(mark.left()) << "code ran before load()";
    const auto library = registry.load(*found);
    ASSERT_TRUE(library) << library.error().message;
    EXPECT_TRUE(mark.left()) << "the mark cannot tell whether code runs";
    EXPECT_NE((*library)->handler("good"), nullptr);
    const auto by_path = registry.find(ComponentKind::handler, file.native());
    ASSERT_TRUE(by_path) << by_path.error().message;
    EXPECT_EQ(*registry.load(*by_path), *library);
    EXPECT_EQ(registry.candidates().size(), 1u);
}

TEST_F(RegistryTest, FindsAFileOutsideItsFoldersByPath) {
    const std::filesystem::path file = folder_.copy("good", "somewhere.so");
    Registry registry({});
    EXPECT_EQ(refusal(registry, file.native()), "accepted");
    const auto queue = registry.find(ComponentKind::queue, file.native());
    ASSERT_FALSE(queue);
    EXPECT_EQ(
        queue.error().message,
        "plugin " + file.native() + " is refused: it offers no queue, but the handler \"good\"; use it where that belongs");
    EXPECT_EQ(refusal(registry, "somewhere.so"),
              "plugin somewhere.so is refused: the path is not absolute; write it from the root");
}

TEST_F(RegistryTest, ListsWhatThereIsWhenANameIsNotFound) {
    folder_.copy("good", "good.so");
    folder_.copy("larger_table", "larger.so");
    folder_.copy("no_manifest", "other.so");
    const std::string missing = folder_ / "missing";
    Registry registry({folder_.path(), missing});
    EXPECT_EQ(refusal(registry, "parquet"),
              "there is no handler \"parquet\" in " + folder_.path().native() + " and " + missing +
                  "; there are good and larger_table; not searched: " + missing +
                  " (No such file or directory); refused, see `sluice plugins`: " + (folder_ / "other.so").native());
    EXPECT_THAT(refusal(registry, "godo"), HasSubstr("; did you mean \"good\"?"));
}

TEST_F(RegistryTest, NamesBothFilesWhenTwoOfferTheSame) {
    const std::string first = folder_.copy("good", "a.so");
    const std::string second = folder_.copy("good", "b.so");
    Registry registry({folder_.path()});
    EXPECT_EQ(refusal(registry, "good"), "two plugins offer the handler \"good\": " + first + " and " + second +
                                             "; remove one, or write its path instead of the name");
    EXPECT_EQ(refusal(registry, second), "accepted");
}

TEST_F(RegistryTest, TakesOneFileThatSeveralWaysLeadToForOne) {
    folder_.copy("good", "good.so");
    PluginFolder other;
    std::filesystem::create_symlink(folder_ / "good.so", other / "link.so");
    Registry registry({folder_.path(), other.path(), folder_.path()});
    EXPECT_EQ(registry.candidates().size(), 1u);
    EXPECT_EQ(refusal(registry, "good"), "accepted");
}

TEST_F(RegistryTest, ExplainsTheRefusalOfThePluginThatWasMeant) {
    const std::filesystem::path writable = folder_.copy("good", "innocent.so");
    ::chmod(writable.c_str(), 0666);
    const std::filesystem::path garbled = folder_.copy("garbled_manifest", "parquet.so");
    MarkFile mark(folder_ / "mark");
    Registry registry({folder_.path()});
    EXPECT_THAT(refusal(registry, "good"), StartsWith("plugin " + writable.native() + " is refused: it may be written by"));
    EXPECT_THAT(refusal(registry, "parquet"),
                StartsWith("plugin " + garbled.native() + " is refused: its manifest is garbled"));
    EXPECT_FALSE(mark.left());
}

TEST_F(RegistryTest, NeverRunsCodeOfWhatIsRefusedBeforeLoading) {
    MarkFile mark(folder_ / "mark");
    for (const char* name :
         {"no_manifest", "garbled_manifest", "two_manifests", "wrong_major", "newer_minor", "unknown_kind"}) {
        Registry registry({});
        EXPECT_THAT(refusal(registry, bad_plugin(name)), StartsWith("plugin " + bad_plugin(name).native() + " is refused: "))
            << name;
        EXPECT_FALSE(mark.left()) << name;
    }
}

TEST_F(RegistryTest, SaysOfAComponentOfAnUnknownKindThatItNeedsANewerHost) {
    const std::string file = folder_.copy("unknown_kind", "unknown_kind.so");
    const std::string why =
        "the widget \"unknown_kind\" needs a newer host: this one does not know the kind \"widget\"; use a "
        "newer host, or an older build of the plugin";
    MarkFile mark(folder_ / "mark");
    Registry registry({folder_.path()});
    EXPECT_EQ(refusal(registry, "unknown_kind"), "plugin " + file + " is refused: " + why);
    EXPECT_EQ(refusal(registry, file), "plugin " + file + " is refused: " + why);
    EXPECT_EQ(registry.skipped(), std::vector<std::string>{"plugin " + file + ": " + why});
    EXPECT_FALSE(registry.candidates().front().refusal) << "the file itself is in order";
    EXPECT_FALSE(mark.left());
}

TEST_F(RegistryTest, UsesWhatItKnowsOfAPluginOfALaterVersion) {
    const std::string file = folder_.copy("half_known", "later.so");
    Registry registry({folder_.path()});
    EXPECT_EQ(refusal(registry, "half_known"), "accepted");
    EXPECT_EQ(refusal(registry, file), "accepted");
    const auto queue = registry.find(ComponentKind::queue, file);
    ASSERT_FALSE(queue);
    EXPECT_EQ(queue.error().message,
              "plugin " + file + " is refused: it offers no queue, but the handler \"half_known\"; use it where that belongs");
    EXPECT_EQ(registry.skipped().size(), 1u);
}

TEST_F(RegistryTest, RemembersThatALibraryFailedToLoad) {
    Registry registry({});
    const std::string first = refusal(registry, bad_plugin("entry_fails"));
    EXPECT_THAT(first, HasSubstr("this machine has no frobnicator"));
    EXPECT_EQ(refusal(registry, bad_plugin("entry_fails")), first);
}

TEST_F(RegistryTest, LooksInTheFolderBesideTheBinaryFirst) {
    const auto folders = Registry::search_path({"/opt/plugins"});
    ASSERT_EQ(folders.size(), 2u);
    EXPECT_EQ(folders[0], std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "lib/sluice/plugins");
    EXPECT_EQ(folders[1], "/opt/plugins");
}

}  // namespace
}  // namespace sluice
