#include "topology/same_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "temporary_folder.hpp"

namespace sluice {
namespace {

class SameFile : public testing::Test {
protected:
    SameFile() { std::filesystem::create_directory(folder_ / "sub"); }
    std::string path(const std::string& name) const { return (folder_ / name).string(); }
    bool same(const std::string& read, const std::string& written) const {
        const auto from = place_of(path(read), true);
        return from && from == place_of(path(written), false);
    }
    const TemporaryFolder temporary_;
    const std::filesystem::path& folder_ = temporary_.path;
};

TEST_F(SameFile, IsFoundUnderWhateverName) {
    std::ofstream(path("file")) << "1\n";
    std::ofstream(path("other")) << "1\n";
    std::filesystem::create_symlink("file", path("soft"));
    std::filesystem::create_hard_link(path("file"), path("hard"));
    for (const char* name : {"file", "soft", "hard", "sub/../file", "./file"}) {
        EXPECT_TRUE(same("file", name)) << name;
        EXPECT_TRUE(same(name, "file")) << name;
        EXPECT_FALSE(same("other", name)) << name;
    }
}

TEST_F(SameFile, IsFoundBeforeItExists) {
    EXPECT_TRUE(same("file", "sub/../file"));
    EXPECT_FALSE(same("file", "other"));
    EXPECT_FALSE(same("file", "sub/file"));
    EXPECT_TRUE(same("none/file", "none/../none/file"));
    std::filesystem::create_symlink("sub/file", path("soft"));
    EXPECT_TRUE(same("soft", "sub/file"));
    std::filesystem::create_symlink("loop", path("loop"));
    EXPECT_FALSE(same("loop", "file"));
}

TEST_F(SameFile, IsNoneOfWhatIsNoFile) {
    EXPECT_FALSE(same("sub", "sub"));
    EXPECT_EQ(place_of("/dev/null", true), std::nullopt);
}

}  // namespace
}  // namespace sluice
