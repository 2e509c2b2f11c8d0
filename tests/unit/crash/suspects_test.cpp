#include "crash/suspects.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/clock.hpp"
#include "observe/memory_log.hpp"
#include "temporary_folder.hpp"

namespace sluice {
namespace {

class SuspectsTest : public testing::Test {
protected:
    SuspectsTest() { reopen(); }
    void reopen(std::int64_t now_ms = 1'000) {
        suspects = std::make_unique<Suspects>(file, logging.logger("host"));
        loaded = suspects->load(now_ms);
    }
    void add(const std::vector<HandlerMarks::Marked>& marked, std::int64_t now_ms = 1'000) {
        ASSERT_TRUE(suspects->add(marked, now_ms));
    }
    std::string content() const {
        std::ostringstream all;
        all << std::ifstream(file).rdbuf();
        return all.str();
    }

    FakeClock clock{1};
    MemoryFile log;
    Logging logging{LogOptions{}, clock, log.file()};
    TemporaryFolder folder;
    const std::filesystem::path file = folder.path / "suspects";
    std::unique_ptr<Suspects> suspects;
    Result<void> loaded;
};

TEST_F(SuspectsTest, CountTheEndsOfTheProcessFromStartToStart) {
    EXPECT_FALSE(suspects->any());
    add({{"s", "a"}, {"s", "b"}, {"t", "a"}});
    EXPECT_TRUE(suspects->any());
    reopen();
    add({{"s", "a"}});
    reopen();
    EXPECT_EQ(suspects->crashes("s", "a"), 2u);
    EXPECT_EQ(suspects->crashes("s", "b"), 1u);
    EXPECT_EQ(suspects->crashes("t", "a"), 1u);
    EXPECT_EQ(suspects->crashes("t", "b"), 0u);
}

TEST_F(SuspectsTest, AreForgottenWhenTheyAreSettledAndTheFileWithTheLast) {
    add({{"s", "a"}, {"s", "b"}});
    suspects->forget("s", "a");
    suspects->forget("s", "never there");
    reopen();
    EXPECT_EQ(suspects->crashes("s", "a"), 0u);
    EXPECT_EQ(suspects->crashes("s", "b"), 1u);
    suspects->forget("s", "b");
    EXPECT_FALSE(suspects->any());
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(SuspectsTest, KeepAnyIdInAReadableLine) {
    const std::string id("\0 %41\n\xff z", 9);
    add({{"s", id}, {"s", "plain:7"}});
    EXPECT_NE(content().find("1 1000 s plain:7\n"), std::string::npos) << content();
    reopen();
    EXPECT_EQ(suspects->crashes("s", id), 1u);
}

TEST_F(SuspectsTest, AreNotWaitedForLongerThanAMonth) {
    add({{"s", "a"}});
    reopen(1'000 + limits::suspect_age_ms);
    EXPECT_FALSE(suspects->any());
}

TEST_F(SuspectsTest, AreBoundedAndKeepThoseOfMostEnds) {
    add({{"s", "guilty"}});
    std::vector<HandlerMarks::Marked> many{{"s", "guilty"}};
    for (std::size_t i = 0; i < limits::suspects_max; ++i) many.push_back({"s", std::to_string(i)});
    add(many);
    EXPECT_EQ(suspects->crashes("s", "guilty"), 2u);
    const std::string all = content();
    EXPECT_EQ(static_cast<std::size_t>(std::count(all.begin(), all.end(), '\n')), 1 + limits::suspects_max);
}

TEST_F(SuspectsTest, RefuseADamagedFileByItsLine) {
    std::ofstream(file) << "# head\n1 1000 s a\nwhat is this\n";
    reopen();
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::invalid);
    EXPECT_NE(loaded.error().message.find("suspects:3"), std::string::npos) << loaded.error().message;
}

TEST_F(SuspectsTest, SayThatTheyCannotBeKept) {
    std::filesystem::create_directory(file.string() + ".new");
    EXPECT_FALSE(suspects->add({{"s", "a"}}, 1'000));
}

}  // namespace
}  // namespace sluice
