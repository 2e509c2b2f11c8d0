#include "admin/socket/control_server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "admin/socket/control_client.hpp"
#include "admin/socket/control_socket.hpp"
#include "observe/memory_log.hpp"
#include "text/json_read.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Says back what the client sends, in pieces of up to a kilobyte, and ends when it has ended.
class Echo final : public Conversation {
public:
    void go_on(Talk& talk) override {
        while (!talk.input().empty() && !talk.congested()) {
            const std::size_t size = std::min<std::size_t>(talk.input().size(), 1000);
            bytes_ += size;
            talk.use(size);
            talk.say("{\"got\":" + std::to_string(bytes_) + "}");
        }
        if (talk.input_ended() && talk.input().empty()) talk.end(0, {}, "\"bytes\":" + std::to_string(bytes_));
    }

private:
    std::uint64_t bytes_ = 0;
};

struct ControlBench : testing::Test {
    ControlBench() {
        folder = fs::temp_directory_path() / ("sluice-control-" + std::to_string(::getpid()));
        fs::create_directories(folder);
        server.add("hello", [](const Node& request, Talk& talk) -> std::unique_ptr<Conversation> {
            talk.say("{\"hello\":\"" + std::string(text_of(request, "name")) + "\"}");
            talk.end(3, "and a reason");
            return nullptr;
        });
        server.add("echo", [](const Node&, Talk&) { return std::make_unique<Echo>(); });
        server.add("throws",
                   [](const Node&, Talk&) -> std::unique_ptr<Conversation> { throw std::runtime_error("unforeseen"); });
    }
    ~ControlBench() override {
        server.stop();
        fs::remove_all(folder);
    }
    Result<Answered> ask(const std::string& request, int input = -1) {
        const Result<Descriptor> socket = connect_in(folder);
        if (!socket) return socket.error();
        return converse(*socket, request, input, [this](const Node& line) { lines.push_back(line); });
    }

    fs::path folder;
    SystemClock clock;
    MemoryFile log;
    Logging logging{{}, clock, log.file()};
    ControlServer server{logging.logger("host"), clock};
    std::vector<Node> lines;
};

TEST_F(ControlBench, AnswersWithLinesAndAnEnd) {
    ASSERT_TRUE(server.listen(folder));
    server.start();
    const Result<Answered> answered = ask(R"({"verb":"hello","name":"you"})");
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(answered->exit, 3);
    EXPECT_EQ(answered->error, "and a reason");
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(text_of(lines[0], "hello"), "you");
}

TEST_F(ControlBench, RefusesWhatIsNoRequest) {
    ASSERT_TRUE(server.listen(folder));
    server.start();
    EXPECT_EQ(ask("hello")->exit, 2);
    EXPECT_EQ(ask(R"({"verb":"fly"})")->exit, 2);
    EXPECT_NE(ask(R"({"verb":"fly"})")->error.find("\"fly\""), std::string::npos);
    const auto long_one = ask(R"({"verb":")" + std::string(limits::control_request_bytes, 'x') + "\"}");
    EXPECT_EQ(long_one->error, "the request is longer than 1048576 bytes");
    EXPECT_EQ(ask(R"({"verb":"throws"})")->error, "unforeseen");
    EXPECT_EQ(ask(R"({"verb":"hello"})")->exit, 3) << "and goes on";
}

TEST_F(ControlBench, PassesOnMoreThanItKeepsWhateverTheClientReads) {
    ASSERT_TRUE(server.listen(folder));
    server.start();
    const std::size_t size = 20u << 20;
    std::ofstream(folder / "input") << std::string(size, 'x');
    const Descriptor input(::open((folder / "input").c_str(), O_RDONLY));
    const Result<Answered> answered = ask(R"({"verb":"echo"})", input.get());
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(integer_of(answered->last, "bytes"), static_cast<std::int64_t>(size));
    EXPECT_GE(lines.size(), size / 1000);
}

TEST_F(ControlBench, IsForTheOwnerAndItsGroup) {
    const mode_t before = ::umask(0);
    ASSERT_TRUE(server.listen(folder));
    ::umask(before);
    struct stat found {};
    ASSERT_EQ(::stat((folder / control_socket_name).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0660u);
}

TEST_F(ControlBench, ReplacesASocketThatNobodyListensAt) {
    { ASSERT_TRUE(listen_in(folder)); }  // as a process that was killed leaves it
    EXPECT_EQ(connect_in(folder).error().kind, ErrorKind::unavailable);
    ASSERT_TRUE(server.listen(folder));
    server.start();
    EXPECT_EQ(ask(R"({"verb":"hello"})")->exit, 3);
    server.stop();
    EXPECT_FALSE(fs::exists(folder / control_socket_name));
}

TEST_F(ControlBench, IsReachedThroughAPathThatIsTooLongForASocket) {
    const fs::path deep = folder / std::string(90, 'a') / std::string(90, 'b');
    fs::create_directories(deep);
    ASSERT_TRUE(server.listen(deep));
    server.start();
    const Result<Descriptor> socket = connect_in(deep);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_EQ(converse(*socket, R"({"verb":"hello"})", -1, [](const Node&) {})->exit, 3);
    server.stop();
    EXPECT_FALSE(fs::exists(deep / control_socket_name));
}

TEST_F(ControlBench, TurnsAwayMoreClientsThanItServes) {
    ASSERT_TRUE(server.listen(folder));
    server.start();
    std::vector<Descriptor> idle;
    for (std::size_t i = 0; i < limits::control_clients; ++i) idle.push_back(std::move(connect_in(folder)).value());
    EXPECT_NE(ask(R"({"verb":"hello"})")->error.find("serves 32 clients already"), std::string::npos);
    idle.pop_back();
    // The next turn has seen that one is gone.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    int exit = 0;
    while (exit != 3 && std::chrono::steady_clock::now() < deadline) {
        const auto answered = ask(R"({"verb":"hello"})");
        exit = answered ? answered->exit : 0;
    }
    EXPECT_EQ(exit, 3);
}

TEST_F(ControlBench, DropsAClientThatAsksForNothing) {
    FakeClock fake;
    ControlServer strict(logging.logger("host"), fake);
    ASSERT_TRUE(strict.listen(folder));
    strict.start();
    const Result<Descriptor> socket = connect_in(folder);
    ASSERT_TRUE(socket);
    // In steps: the client may be accepted after the first.
    char byte;
    ssize_t got = -1;
    for (int step = 0; step < 50 && got != 0; ++step) {
        fake.advance(std::chrono::seconds(11));
        strict.waker()->wake();
        pollfd polled{socket->get(), POLLIN, 0};
        if (::poll(&polled, 1, 500) > 0) got = ::recv(socket->get(), &byte, 1, MSG_DONTWAIT);
    }
    EXPECT_EQ(got, 0) << "the server has closed it";
    strict.stop();
    EXPECT_NE(log.text().find("it connected and asked for nothing"), std::string::npos);
}

// Lowers the limit of open files to those that are open.
class NoDescriptors {
public:
    NoDescriptors() {
        EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
        rlimit none = before_;
        const Descriptor next(::dup(STDERR_FILENO));
        none.rlim_cur = static_cast<rlim_t>(next.get());
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~NoDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

private:
    rlimit before_{};
};

TEST_F(ControlBench, RestsWhileThereIsNoDescriptorForAClientAndServesItLater) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer opens pipes of its own";  // to see whether an object may be read
#endif
    ASSERT_TRUE(server.listen(folder));
    const Result<Descriptor> socket = connect_in(folder);
    ASSERT_TRUE(socket);
    const auto used_ns = [] {
        timespec used{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return used.tv_sec * 1'000'000'000 + used.tv_nsec;
    };
    {
        const NoDescriptors none;
        server.start();
        const std::int64_t deadline = clock.now() + 20'000'000'000;
        while (log.text().find("cannot be served yet") == std::string::npos && clock.now() < deadline)
            std::this_thread::yield();
        EXPECT_NE(log.text().find("raise the limit of open files"), std::string::npos) << log.text();
        const std::int64_t before = used_ns();
        ::poll(nullptr, 0, 400);  // the time that is measured
        EXPECT_LT(used_ns() - before, 100'000'000) << "it spins";
    }
    const Result<Answered> answered =
        converse(*socket, R"({"verb":"hello","name":"you"})", -1, [this](const Node& line) { lines.push_back(line); });
    ASSERT_TRUE(answered) << answered.error().message;
    EXPECT_EQ(lines.size(), 1u);
}

TEST_F(ControlBench, SaysThatTheHostWentAway) {
    ASSERT_TRUE(server.listen(folder));
    server.start();
    const Result<Descriptor> socket = connect_in(folder);
    ASSERT_TRUE(socket);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const Descriptor read_end(ends[0]), write_end(ends[1]);
    ASSERT_EQ(::write(write_end.get(), "x", 1), 1);
    // The echo has answered once and waits for more when the server stops.
    const Result<Answered> answered = converse(*socket, R"({"verb":"echo"})", read_end.get(),
                                               [this](const Node&) { std::thread([this] { server.stop(); }).join(); });
    ASSERT_FALSE(answered);
    EXPECT_EQ(answered.error().kind, ErrorKind::unavailable);
}

}  // namespace
}  // namespace sluice
