#include "plugin/call_watch.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "observe/memory_log.hpp"

namespace sluice {
namespace {

constexpr std::int64_t s = 1'000'000'000;

class CallWatchTest : public testing::Test {
protected:
    FakeClock clock;
    MemoryFile file;
    Logging logging{{}, clock, file.file()};
    CallWatch watch{logging.logger("host")};
    const PluginPart& part = plugin_part("sources.in", "/usr/lib/file.so");
};

TEST_F(CallWatchTest, NamesACallThatDoesNotReturnOnceAndSaysWhenItHas) {
    {
        const PluginCall call(&part, "poll");
        watch.look(0);
        watch.look(4 * s);
        EXPECT_EQ(file.text(), "");
        watch.look(5 * s);
        watch.look(6 * s);
        EXPECT_EQ(file.text().find("sources.in (plugin /usr/lib/file.so): poll has not returned for 5 s"),
                  file.text().rfind("sources.in ("));
        EXPECT_EQ(watch.running(7 * s),
                  std::vector<std::string>{"sources.in (plugin /usr/lib/file.so): poll has not returned for 7.0 s"});
        EXPECT_EQ(watch.age_ns(calls::mine, 7 * s), 7 * s);
    }
    EXPECT_EQ(watch.age_ns(calls::mine, 7 * s), 0) << "it is over, though nobody has looked since";
    watch.look(8 * s);
    EXPECT_NE(file.text().find("poll has returned after 8 s"), std::string::npos);
    EXPECT_TRUE(watch.running(8 * s).empty());
}

TEST_F(CallWatchTest, TakesTheNextCallForAnother) {
    for (int i = 0; i < 10; ++i) {
        const PluginCall call(&part, "poll");
        watch.look(i * s);
    }
    EXPECT_EQ(file.text(), "");
}

TEST_F(CallWatchTest, NamesTheInnerOfTwoCalls) {
    const PluginPart& database = plugin_part("databases.db", "/usr/lib/sqlite.so");
    const PluginCall outer(&part, "start");
    std::optional<PluginCall> inner(std::in_place, &database, "prepare");
    watch.look(0);
    watch.look(5 * s);
    EXPECT_NE(file.text().find("databases.db (plugin /usr/lib/sqlite.so): prepare"), std::string::npos);
    EXPECT_EQ(file.text().find("start"), std::string::npos);
    inner.reset();
    watch.look(6 * s);
    watch.look(11 * s);
    EXPECT_NE(file.text().find("start has not returned for 5 s"), std::string::npos);
}

TEST_F(CallWatchTest, LeavesHandlersToTheirWatchdog) {
    const PluginCall call(&part, handle_call);
    watch.look(0);
    watch.look(50 * s);
    EXPECT_EQ(file.text(), "");
    EXPECT_EQ(watch.running(50 * s).size(), 1u) << "yet it is named when the process leaves because of it";
}

TEST_F(CallWatchTest, ForgetsThreadsThatHaveEnded) {
    std::thread([&] { const PluginCall call(&part, "poll"); }).join();
    int threads = 0;
    calls::each([&](const CallRecord&, pid_t) { ++threads; });
    std::thread([&] { const PluginCall call(&part, "poll"); }).join();
    int then = 0;
    calls::each([&](const CallRecord&, pid_t) { ++then; });
    EXPECT_EQ(threads, then);
}

TEST(PluginPart, IsOneForEachNameAndFile) {
    EXPECT_EQ(&plugin_part("sources.a", "x.so"), &plugin_part("sources.a", "x.so"));
    EXPECT_NE(&plugin_part("sources.a", "x.so"), &plugin_part("sources.a", "y.so"));
}

}  // namespace
}  // namespace sluice
