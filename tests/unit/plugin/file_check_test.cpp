#include "plugin/file_check.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/plugin_files.hpp"

namespace sluice {
namespace {

class FileCheck : public ::testing::Test {
protected:
    std::string judge(const std::filesystem::path& file) {
        const Result<std::filesystem::path> checked = check_plugin_file(file);
        return checked ? "accepted" : checked.error().message;
    }
    std::string sentence(const std::filesystem::path& file, const std::string& why) {
        return "plugin " + file.native() + " is refused: " + why;
    }

    PluginFolder folder_;
    std::filesystem::path file_ = folder_.copy("good", "it's.so");
    std::string quoted_ = "'" + (folder_ / "it").native() + "'\\''s.so'";
};

TEST_F(FileCheck, AcceptsWhatOnlyItsOwnerMayWrite) {
    const Result<std::filesystem::path> checked = check_plugin_file(file_);
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(*checked, file_);
}

TEST_F(FileCheck, ResolvesLinksAndJudgesWhatTheyLeadTo) {
    PluginFolder elsewhere;
    std::filesystem::create_symlink(file_, elsewhere / "link.so");
    const Result<std::filesystem::path> checked = check_plugin_file(elsewhere / "link.so");
    ASSERT_TRUE(checked) << checked.error().message;
    EXPECT_EQ(*checked, file_);
    ::chmod(file_.c_str(), 0664);
    EXPECT_EQ(judge(elsewhere / "link.so"),
              sentence(elsewhere / "link.so", "it may be written by its group; run: chmod g-w " + quoted_));
}

TEST_F(FileCheck, SaysWhichPermissionOfTheFileToChange) {
    ::chmod(file_.c_str(), 0664);
    EXPECT_EQ(judge(file_), sentence(file_, "it may be written by its group; run: chmod g-w " + quoted_));
    ::chmod(file_.c_str(), 0646);
    EXPECT_EQ(judge(file_), sentence(file_, "it may be written by everyone; run: chmod o-w " + quoted_));
    ::chmod(file_.c_str(), 0666);
    EXPECT_EQ(judge(file_), sentence(file_, "it may be written by its group and everyone else; run: chmod go-w " + quoted_));
}

TEST_F(FileCheck, SaysWhichPermissionOfTheDirectoryToChange) {
    const std::string directory = folder_.path().native();
    ::chmod(directory.c_str(), 0775);
    EXPECT_EQ(judge(file_), sentence(file_, "its directory " + directory + " may be written by its group; run: chmod g-w '" +
                                                directory + "'"));
    ::chmod(directory.c_str(), 01777);
    EXPECT_EQ(
        judge(file_),
        sentence(file_, "its directory " + directory +
                            " may be written by its group and everyone else; move the plugin into a directory of its own"));
}

TEST_F(FileCheck, SaysOfFileAndDirectoryInOneSentence) {
    const std::string directory = folder_.path().native();
    ::chmod(file_.c_str(), 0664);
    ::chmod(directory.c_str(), 0775);
    EXPECT_EQ(judge(file_), sentence(file_, "it may be written by its group, and its directory " + directory +
                                                " may be written by its group; run: chmod g-w " + quoted_ + " && chmod g-w '" +
                                                directory + "'"));
    ::chmod(directory.c_str(), 01777);
    EXPECT_EQ(judge(file_), sentence(file_, "it may be written by its group, and its directory " + directory +
                                                " may be written by its group and everyone else; run: chmod g-w " + quoted_ +
                                                ", and move the plugin into a directory of its own"));
}

TEST_F(FileCheck, RefusesWhatBelongsToSomebodyElse) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    ASSERT_EQ(::chown(file_.c_str(), 4711, 4711), 0);
    EXPECT_EQ(
        judge(file_),
        sentence(file_,
                 "it belongs to the user with the number 4711, who is neither root nor the one running this; run: chown 0 " +
                     quoted_));
    ASSERT_EQ(::chown(file_.c_str(), 0, 0), 0);
    ASSERT_EQ(::chown(folder_.path().c_str(), 4711, 4711), 0);
    EXPECT_EQ(
        judge(file_),
        sentence(file_,
                 "its directory " + folder_.path().native() +
                     " belongs to the user with the number 4711, who is neither root nor the one running this; run: chown 0 '" +
                     folder_.path().native() + "'"));
}

TEST_F(FileCheck, RefusesWhatIsNoRegularFile) {
    EXPECT_EQ(judge(folder_.path()), sentence(folder_.path(), "it is a directory; give the path of a shared library"));
    EXPECT_EQ(judge(folder_ / "none.so"),
              sentence(folder_ / "none.so", "it cannot be reached (No such file or directory); check the path"));
    ASSERT_EQ(::mkfifo((folder_ / "fifo.so").c_str(), 0600), 0);
    EXPECT_EQ(judge(folder_ / "fifo.so"),
              sentence(folder_ / "fifo.so", "it is not a regular file; give the path of a shared library"));
    std::filesystem::create_symlink("gone.so", folder_ / "dangling.so");
    EXPECT_EQ(judge(folder_ / "dangling.so"), sentence(folder_ / "dangling.so",
                                                       "it is a symbolic link to gone.so, which cannot be reached (No such "
                                                       "file or directory); correct or remove the link"));
}

}  // namespace
}  // namespace sluice
