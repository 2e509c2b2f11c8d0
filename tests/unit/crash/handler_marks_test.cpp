#include "crash/handler_marks.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "temporary_folder.hpp"

namespace sluice {
namespace {

class HandlerMarksTest : public testing::Test {
protected:
    static sluice_bytes bytes(std::string_view text) { return {text.data(), text.size()}; }
    std::string read() const {
        std::string all;
        for (const HandlerMarks::Marked& marked : HandlerMarks::read(file)) all += marked.source + ":" + marked.id + " ";
        return all;
    }
    std::unique_ptr<HandlerMarks> create(std::uint32_t slots) {
        auto created = HandlerMarks::create(file, slots);
        EXPECT_TRUE(created);
        return std::move(created).value();
    }
    TemporaryFolder folder;
    const std::filesystem::path file = folder.path / "begun";
};

TEST_F(HandlerMarksTest, AreWhatAProcessThatWasKilledInAHandlerLeavesBehind) {
    const pid_t child = ::fork();
    if (child == 0) {
        auto created = HandlerMarks::create(file, 3);
        if (!created) ::_exit(1);
        HandlerMark first = (*created)->take("flights"), second = (*created)->take("orders"),
                    third = (*created)->take("orders");
        first.begin(bytes("a longer id than the next one"));
        first.end();
        first.begin(bytes("f-1"));
        second.begin(bytes("o-1"));
        second.end();
        third.begin(bytes(std::string_view("\0\xff", 2)));
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    const auto marked = HandlerMarks::read(file);
    ASSERT_EQ(marked.size(), 2u);
    EXPECT_EQ(marked[0].source + ":" + marked[0].id, "flights:f-1");
    EXPECT_EQ(marked[1].id, std::string("\0\xff", 2));
}

TEST_F(HandlerMarksTest, AreEmptyOnceEveryCallHasEnded) {
    auto notes = create(2);
    HandlerMark note = notes->take("s");
    note.begin(bytes("m"));
    EXPECT_EQ(read(), "s:m ");
    note.end();
    EXPECT_EQ(read(), "");
    notes->remove();
    EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(HandlerMarksTest, TellThePoolAndThePluginOfEach) {
    auto notes = create(2);
    HandlerMark note = notes->take("s", "orders", "/opt/plugins/orders.so"),
                other = notes->take("s", "p", std::string(300, 'x') + ".so");
    note.begin(bytes("m"));
    other.begin(bytes("n"));
    const auto marked = HandlerMarks::read(file);
    ASSERT_EQ(marked.size(), 2u);
    EXPECT_EQ(marked[0].pool, "orders");
    EXPECT_EQ(marked[0].plugin, "/opt/plugins/orders.so");
    EXPECT_EQ(marked[1].plugin, std::string(253, 'x') + ".so") << "the end says most";
}

TEST_F(HandlerMarksTest, CountForNothingOnceAStopWasAskedFor) {
    const pid_t child = ::fork();
    if (child == 0) {
        auto created = HandlerMarks::create(file, 2);
        if (!created) ::_exit(1);
        HandlerMark before = (*created)->take("s"), after = (*created)->take("s");
        before.begin(bytes("1"));
        (*created)->stop_asked();
        after.begin(bytes("2"));
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(read(), "");
    auto next = create(1);
    HandlerMark note = next->take("s");
    note.begin(bytes("3"));
    EXPECT_EQ(read(), "s:3 ") << "the next process counts again";
}

TEST_F(HandlerMarksTest, TakeTheirSlotsBack) {
    auto notes = create(1);
    for (const char* id : {"1", "2"}) {
        HandlerMark note = notes->take("s");
        note.begin(bytes(id));
        EXPECT_EQ(read(), "s:" + std::string(id) + " ");
        note.end();
    }
}

TEST_F(HandlerMarksTest, NoteNothingWithoutASlotOrAnId) {
    auto notes = create(1);
    HandlerMark first = notes->take("s"), second = notes->take("s");
    second.begin(bytes("2"));
    second.end();
    first.begin({nullptr, 0});
    EXPECT_EQ(read(), "");
}

TEST_F(HandlerMarksTest, CutAnIdThatIsTooLong) {
    auto notes = create(1);
    HandlerMark note = notes->take("s");
    note.begin(bytes(std::string(limits::id_bytes_max + 1, 'x')));
    EXPECT_EQ(read(), "s:" + std::string(limits::id_bytes_max, 'x') + " ");
}

TEST_F(HandlerMarksTest, AreNothingInAFileOfAnotherLayout) {
    EXPECT_EQ(read(), "") << "no file";
    std::ofstream(file) << "something else, and long enough to be looked at: " << std::string(5000, '1');
    EXPECT_EQ(read(), "");
    std::filesystem::resize_file(file, 10);
    EXPECT_EQ(read(), "");
    create(4);
    std::filesystem::resize_file(file, 200);
    EXPECT_EQ(read(), "") << "cut";
}

TEST_F(HandlerMarksTest, SayWhatIsWrongIfTheyCannotBeMade) {
    auto created = HandlerMarks::create(folder.path / "no" / "begun", 1);
    ASSERT_FALSE(created);
    EXPECT_NE(created.error().message.find("cannot make"), std::string::npos);
}

TEST_F(HandlerMarksTest, AreMissedWhenSomebodyTakesThemAway) {
    const auto notes = create(1);
    EXPECT_TRUE(notes->check_in_place());
    std::filesystem::rename(file, file.string() + ".away");
    EXPECT_NE(notes->check_in_place().error().message.find("begun was removed while this host runs"), std::string::npos);
    std::filesystem::copy_file(file.string() + ".away", file);
    EXPECT_NE(notes->check_in_place().error().message.find("begun was replaced while this host runs"), std::string::npos);
    std::filesystem::rename(file.string() + ".away", file);
    EXPECT_TRUE(notes->check_in_place());
}

}  // namespace
}  // namespace sluice
