#include "core/private_files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

class PrivateFiles : public ::testing::Test {
protected:
    ~PrivateFiles() override { ::umask(before_); }

    static unsigned mode(const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()); }
    const mode_t before_ = ::umask(0);
    const PluginFolder folder_;
};

TEST_F(PrivateFiles, HaveTheSameModesWhateverTheUmask) {
    for (const mode_t mask : {0000, 0002, 0022, 0077}) {
        ::umask(mask);
        const fs::path folder = folder_.path() / std::to_string(mask) / "below";
        ASSERT_TRUE(make_private_folders(folder));
        EXPECT_EQ(mode(folder), 0750u);
        EXPECT_EQ(mode(folder.parent_path()), 0750u);
        const int file = open_private(folder / "file", O_RDWR);
        ASSERT_GE(file, 0);
        ::close(file);
        EXPECT_EQ(mode(folder / "file"), 0640u);
    }
}

TEST_F(PrivateFiles, LeaveWhatIsThereAsItIs) {
    const fs::path folder = folder_.path() / "theirs";
    ASSERT_EQ(::mkdir(folder.c_str(), 0755), 0);
    EXPECT_TRUE(make_private_folders(folder));
    EXPECT_EQ(mode(folder), 0755u);
    const fs::path file = folder / "file";
    ::close(::open(file.c_str(), O_WRONLY | O_CREAT, 0644));
    ::close(open_private(file, O_WRONLY));
    EXPECT_EQ(mode(file), 0644u);
    EXPECT_EQ(open_private(file, O_WRONLY | O_EXCL), -1);
    EXPECT_EQ(errno, EEXIST);
    EXPECT_FALSE(make_private_folders(file / "below"));
    EXPECT_EQ(errno, ENOTDIR);
}

}  // namespace
}  // namespace sluice
