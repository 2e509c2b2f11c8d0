#include "record.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace sluice::trace {
namespace {

class RecordFileTest : public testing::Test {
protected:
    RecordFileTest() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-trace-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
    }
    ~RecordFileTest() override { std::filesystem::remove_all(folder_); }

    std::string path() const { return folder_ + "/calls"; }
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        std::ifstream file(path());
        for (std::string line; std::getline(file, line);) all.push_back(line);
        return all;
    }
    static sluice_message message(std::string_view key, std::uint32_t worker) {
        sluice_message message{};
        message.struct_size = sizeof message;
        message.key = bytes(key);
        message.id = bytes("7:1");
        message.attempt = 2;
        message.worker = worker;
        return message;
    }

    std::string folder_;
};

TEST_F(RecordFileTest, AppendsALineACall) {
    const auto raw = message("LAX", 3);
    RecordFile(path()).append(Message(raw), {10, 20, "done"});
    RecordFile(path()).append(Message(raw), {30, 40, "retry"});
    EXPECT_EQ(lines(), (std::vector<std::string>{
                           R"({"start_ns":10,"end_ns":20,"worker":3,"attempt":2,"key":"LAX","id":"7:1","verdict":"done"})",
                           R"({"start_ns":30,"end_ns":40,"worker":3,"attempt":2,"key":"LAX","id":"7:1","verdict":"retry"})"}));
}

TEST_F(RecordFileTest, NeverMixesTheLinesOfTenWorkers) {
    const std::string key(3000, 'k');
    std::vector<std::thread> workers;
    for (std::uint32_t worker = 0; worker < 10; ++worker) {
        workers.emplace_back([&, worker] {
            RecordFile file(path());
            const auto raw = message(key, worker);
            for (int i = 0; i < 100; ++i) file.append(Message(raw), {1, 2, "done"});
        });
    }
    for (std::thread& worker : workers) worker.join();
    const auto all = lines();
    EXPECT_EQ(all.size(), 1000u);
    for (const std::string& line : all) {
        EXPECT_EQ(line.size(), all[0].size());
        EXPECT_TRUE(line.starts_with("{\"start_ns\"") && line.ends_with("\"done\"}"));
    }
}

TEST_F(RecordFileTest, SaysWhichFileCannotBeOpened) {
    try {
        RecordFile file(folder_);
        FAIL() << "a folder was opened";
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.what(), "cannot open " + folder_ + ": Is a directory");
    }
}

TEST(Quoting, EscapesWhatJsonCannotHoldAndKeepsBytesApart) {
    const auto quoted = [](std::string_view text) {
        std::string line;
        append_quoted(line, text);
        return line;
    };
    using namespace std::string_view_literals;
    EXPECT_EQ(quoted("a\"b\\c\n\0"sv), R"("a\"b\\c\u000a\u0000")");
    EXPECT_EQ(quoted("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
    EXPECT_EQ(quoted("caf\xe9"), R"("caf\u00e9")");
}

}  // namespace
}  // namespace sluice::trace
