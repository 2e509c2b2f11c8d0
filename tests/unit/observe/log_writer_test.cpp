#include "observe/log_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "core/limits.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::string dropped_line(std::uint64_t count) {
    return std::to_string(count) + " dropped\n";
}

// A pipe or a pair of sockets whose other end is read only when asked to.
class Ends {
public:
    explicit Ends(bool sockets) {
        std::array<int, 2> ends{};
        if ((sockets ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) : ::pipe2(ends.data(), O_CLOEXEC)) !=
            0)
            throw std::runtime_error("no pipe");
        reader_ = Descriptor(ends[0]);
        writer_ = Descriptor(ends[1]);
    }
    int writer() const { return writer_.get(); }
    // The next bytes, which are waited for.
    std::string read() const {
        std::array<char, 65'536> buffer{};
        const ssize_t size = ::read(reader_.get(), buffer.data(), buffer.size());
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }
    std::string read_until(std::string_view end) const {
        std::string all;
        while (!all.ends_with(end)) all += read();
        return all;
    }

private:
    Descriptor reader_, writer_;
};

class LogWriterTest : public testing::TestWithParam<bool> {
protected:
    Ends ends{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(PipeAndSocket, LogWriterTest, testing::Bool());

const std::string long_line = std::string(999, 'x') + "\n";

TEST_P(LogWriterTest, WritesALineAtOnceWhereThereIsRoom) {
    LogWriter writer(ends.writer(), dropped_line);
    writer.write("hello\n");
    EXPECT_EQ(ends.read(), "hello\n");
    EXPECT_TRUE(writer.flush(0ms));
}

TEST_P(LogWriterTest, NeverWaitsForAReaderAndWritesWhatItHasKeptOnceItReads) {
    LogWriter writer(ends.writer(), dropped_line);
    for (int i = 0; i < 1000; ++i) writer.write(long_line);  // a pipe holds 64 KiB, a socket some 200
    EXPECT_FALSE(writer.flush(0ms));
    writer.write("the last\n");
    const std::string all = ends.read_until("the last\n");
    EXPECT_EQ(all.size(), 1000 * long_line.size() + 9) << "nothing is missing, nothing is there twice";
}

TEST_P(LogWriterTest, SaysHowManyLinesWereDropped) {
    LogWriter writer(ends.writer(), dropped_line);
    constexpr std::uint64_t lines = 5000;
    static_assert(lines * 1000 > 2 * limits::log_pending_bytes);
    for (std::uint64_t i = 0; i < lines; ++i) writer.write(long_line);
    const std::string all = ends.read_until(" dropped\n");
    const std::size_t last = all.rfind('\n', all.size() - 2) + 1;
    const std::uint64_t kept = last / long_line.size();
    EXPECT_EQ(last % long_line.size(), 0u) << "no line is torn";
    EXPECT_EQ(all.substr(last), std::to_string(lines - kept) + " dropped\n");
    EXPECT_GT(kept * long_line.size(), limits::log_pending_bytes);
    writer.write("after it\n");
    EXPECT_EQ(ends.read_until("after it\n"), "after it\n");
}

TEST_P(LogWriterTest, EndsThoughNobodyReads) {
    const auto begun = std::chrono::steady_clock::now();
    {
        LogWriter writer(ends.writer(), dropped_line);
        for (int i = 0; i < 1000; ++i) writer.write(long_line);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

TEST_P(LogWriterTest, LeavesTheDescriptorAsItIs) {
    const int flags = ::fcntl(ends.writer(), F_GETFL);
    LogWriter writer(ends.writer(), dropped_line);
    for (int i = 0; i < 1000; ++i) writer.write(long_line);
    EXPECT_EQ(::fcntl(ends.writer(), F_GETFL), flags) << "other processes share it";
}

TEST_P(LogWriterTest, LeavesOutWhatWouldComeTooLate) {
    LogWriter writer(ends.writer(), dropped_line);
    writer.write_or_skip("now ");
    EXPECT_EQ(ends.read(), "now ");
    for (int i = 0; i < 1000; ++i) writer.write(long_line);
    writer.write_or_skip("late ");
    writer.write("the last\n");
    EXPECT_EQ(ends.read_until("the last\n").find("late"), std::string::npos);
}

TEST(LogWriterWithoutReader, TakesEverythingWhereNobodyIsLeft) {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    const Descriptor writer_end(pair[1]);
    ::close(pair[0]);
    LogWriter writer(writer_end.get(), dropped_line);
    writer.write("hello\n");
    EXPECT_TRUE(writer.flush(0ms));
}

}  // namespace
}  // namespace sluice
