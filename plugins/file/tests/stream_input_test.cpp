#include "stream_input.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <future>

#include "collector.hpp"
#include "file_descriptor.hpp"

namespace sluice::file {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class StreamInputTest : public testing::Test {
protected:
    StreamInputTest() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        reading_ = FileDescriptor(ends[0]);
        writing_ = FileDescriptor(ends[1]);
    }
    void write(std::string_view text) { ASSERT_TRUE(write_all(writing_.get(), text)); }
    void end() { writing_ = FileDescriptor(); }

    FileDescriptor reading_;
    FileDescriptor writing_;
    Collector host_;
};

TEST_F(StreamInputTest, DeliversLinesUntilTheStreamEnds) {
    StreamInput input(reading_.get(), host_.sink(), 100, 4096);
    write("one\ntw");
    EXPECT_EQ(input.poll(10, 1min), SLUICE_OK);
    EXPECT_THAT(host_.bodies(), ElementsAre("one"));
    write("o\nthree");
    end();
    while (input.poll(10, 1min) != SLUICE_END) {
    }
    EXPECT_THAT(host_.bodies(), ElementsAre("one", "two", "three"));
    EXPECT_EQ(input.poll(10, 1min), SLUICE_END);
}

TEST_F(StreamInputTest, IsWokenWhileNothingComes) {
    StreamInput input(reading_.get(), host_.sink(), 100, 4096);
    auto poll = std::async(std::launch::async, [&] { return input.poll(1, 1h); });
    input.wake();
    EXPECT_EQ(poll.get(), SLUICE_OK);
    EXPECT_THAT(host_.received, IsEmpty());
}

TEST_F(StreamInputTest, KeepsTheLineTheHostHasNoRoomFor) {
    StreamInput input(reading_.get(), host_.sink(), 100, 4096);
    write("one\ntwo\n");
    end();
    host_.room = 1;
    EXPECT_EQ(input.poll(10, 0ms), SLUICE_OK);
    EXPECT_EQ(input.poll(10, 0ms), SLUICE_OK);
    host_.room = 2;
    EXPECT_EQ(input.poll(10, 0ms), SLUICE_OK);
    EXPECT_THAT(host_.bodies(), ElementsAre("one", "two"));
    EXPECT_EQ(input.poll(10, 0ms), SLUICE_END);
}

TEST_F(StreamInputTest, ClaimsNoPositionsAndTakesNothingBack) {
    StreamInput input(reading_.get(), host_.sink(), 100, 4096);
    write("one\ntwo\n");
    EXPECT_EQ(input.poll(10, 0ms), SLUICE_OK);
    EXPECT_EQ(host_.received[1].stream, "");
    EXPECT_EQ(host_.received[1].position_end, 0u);
    EXPECT_THAT(host_.ids(), ElementsAre("stdin:0", "stdin:4"));
    const sluice_settlement acks[] = {host_.ack(0)};
    EXPECT_EQ(input.settle(acks), SLUICE_OK);
    const sluice_settlement both[] = {host_.ack(0), host_.release(1)};
    EXPECT_EQ(input.settle(both), SLUICE_QUEUED);
    EXPECT_THAT(host_.settled,
                ElementsAre(std::pair{host_.received[0].tag, SLUICE_OK}, std::pair{host_.received[1].tag, SLUICE_INVALID}));
}

TEST_F(StreamInputTest, RefusesALineThatIsTooLong) {
    StreamInput input(reading_.get(), host_.sink(), 10, 4096);
    write(std::string(5000, 'x') + "\none\n");
    end();
    while (input.poll(10, 0ms) != SLUICE_END) {
    }
    ASSERT_EQ(host_.received.size(), 2u);
    EXPECT_EQ(
        host_.received[0].refused,
        "the line at offset 0 of standard input is 5000 bytes long, more than max_line (10): raise it, at most to 64MiB, or "
        "shorten the line");
    EXPECT_EQ(host_.received[1].body, "one");
}

TEST_F(StreamInputTest, RefusesADescriptorThatCannotBeRead) {
    const auto refusal = [&](int descriptor) -> std::string {
        try {
            StreamInput(descriptor, host_.sink(), 100, 4096);
        } catch (const Failure& failure) {
            EXPECT_EQ(failure.code(), SLUICE_INVALID);
            return failure.what();
        }
        return "none";
    };
    EXPECT_EQ(refusal(-1), "standard input is closed: give it the lines, or correct `path`");
    // As the host leaves it where it was closed.
    const FileDescriptor write_only(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(refusal(write_only.get()), "standard input is closed: give it the lines, or correct `path`");
    const FileDescriptor folder(::open("/", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(refusal(folder.get()), "standard input is a folder: give it the lines, or correct `path`");
}

}  // namespace
}  // namespace sluice::file
