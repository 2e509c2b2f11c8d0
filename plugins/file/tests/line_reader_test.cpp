#include "line_reader.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "temporary_folder.hpp"

namespace sluice::file {
namespace {

using testing::ElementsAre;

struct Copy {
    std::string text;
    Line line;
};

class LineReaderTest : public testing::Test {
protected:
    std::vector<Copy> read(std::string_view text, std::size_t max_line = 100, std::size_t buffer = 16) {
        file_ = FileDescriptor(::open(folder_.write("lines", text).c_str(), O_RDONLY));
        LineReader reader(file_.get(), LineReader::Access::positioned, max_line, buffer);
        std::vector<Copy> lines;
        for (Line line;;) {
            if (reader.next(line)) {
                lines.push_back({std::string(line.text), line});
            } else if (reader.at_end()) {
                return lines;
            } else {
                reader.fill();
            }
        }
    }
    static std::vector<std::string> texts(const std::vector<Copy>& lines) {
        std::vector<std::string> all;
        for (const Copy& each : lines) all.push_back(each.text);
        return all;
    }

    TemporaryFolder folder_;
    FileDescriptor file_;
};

TEST_F(LineReaderTest, GivesEachLineWithoutItsEnd) {
    EXPECT_THAT(texts(read("one\ntwo\nthree\n")), ElementsAre("one", "two", "three"));
}

TEST_F(LineReaderTest, TakesTheLastLineAlsoWithoutALineEnd) {
    EXPECT_THAT(texts(read("one\ntwo")), ElementsAre("one", "two"));
    EXPECT_EQ(read("one\ntwo")[1].line.end, 7u);
}

TEST_F(LineReaderTest, FindsNothingInAnEmptyFileOrBlankLines) {
    EXPECT_TRUE(read("").empty());
    EXPECT_TRUE(read("\n\r\n\n").empty());
    EXPECT_TRUE(read("\n\r").empty());
}

TEST_F(LineReaderTest, DropsACarriageReturnBeforeTheLineEndOnly) {
    EXPECT_THAT(texts(read("o\rne\r\ntwo\r\nthree\r")), ElementsAre("o\rne", "two", "three"));
}

TEST_F(LineReaderTest, CoversTheFileWithSpansThatTouch) {
    const auto lines = read("\n\none\r\n\n\ntwo\nthree");
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0].line.position, 0u);
    EXPECT_EQ(lines[0].line.offset, 2u);
    EXPECT_EQ(lines[0].line.end, lines[1].line.position);
    EXPECT_EQ(lines[1].line.offset, 9u);
    EXPECT_EQ(lines[1].line.end, lines[2].line.position);
    EXPECT_EQ(lines[2].line.end, 18u);
}

TEST_F(LineReaderTest, PassesNulAndBytesThatAreNotUtf8) {
    using namespace std::string_literals;
    EXPECT_THAT(texts(read("a\0b\n\xff\xfe\n"s)), ElementsAre("a\0b"s, "\xff\xfe"s));
}

TEST_F(LineReaderTest, TakesALineOfExactlyTheLimitWithEitherLineEnd) {
    const std::string limit(100, 'x');
    for (const std::string& text : {limit + "\n", limit + "\r\n", limit, limit + "\r"}) {
        const auto lines = read(text);
        ASSERT_EQ(lines.size(), 1u);
        EXPECT_FALSE(lines[0].line.too_long);
        EXPECT_EQ(lines[0].text, limit);
    }
}

TEST_F(LineReaderTest, SkipsALineThatIsTooLongAndGoesOnBehindIt) {
    for (const std::string end : {"\n", "\r\n"}) {
        for (const std::size_t length : {101u, 5000u}) {
            const auto lines = read("one\n" + std::string(length, 'x') + end + "two\n");
            ASSERT_EQ(lines.size(), 3u);
            EXPECT_TRUE(lines[1].line.too_long);
            EXPECT_EQ(lines[1].line.length, length);
            EXPECT_EQ(lines[1].line.offset, 4u);
            EXPECT_EQ(lines[1].line.end, 4 + length + end.size());
            EXPECT_LE(lines[1].text.size(), LineReader::sample_bytes);
            EXPECT_EQ(lines[2].text, "two");
        }
    }
}

TEST_F(LineReaderTest, EndsALongLineAtTheEndOfTheFile) {
    const auto lines = read(std::string(5000, 'x'));
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].line.length, 5000u);
    EXPECT_EQ(lines[0].line.end, 5000u);
}

TEST_F(LineReaderTest, GivesTheSameLinesWhateverTheBufferHolds) {
    std::string text;
    for (int i = 0; i < 300; ++i) text.append(static_cast<std::size_t>(i * 7 % 101), 'a').append(i % 3 == 0 ? "\r\n" : "\n");
    const auto expected = texts(read(text, 100, 1 << 16));
    for (std::size_t buffer : {1u, 2u, 3u, 101u, 102u, 103u, 4096u})
        EXPECT_EQ(texts(read(text, 100, buffer)), expected) << buffer;
}

TEST_F(LineReaderTest, ReadsOnFromWhereItIsSent) {
    file_ = FileDescriptor(::open(folder_.write("lines", "one\ntwo\nthree\nfour\n").c_str(), O_RDONLY));
    LineReader reader(file_.get(), LineReader::Access::positioned, 100, 6);
    Line line;
    for (const auto& [offset, text] : {std::pair{8u, "three"}, {0u, "one"}, {14u, "four"}, {4u, "two"}}) {
        reader.seek(offset);
        while (!reader.next(line)) reader.fill();
        EXPECT_EQ(line.text, text);
        EXPECT_EQ(line.position, offset);
    }
}

TEST_F(LineReaderTest, LeavesAByteOrderMarkOutOfTheFirstLine) {
    const auto lines = read("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n");
    EXPECT_THAT(texts(lines), ElementsAre("one", "\xef\xbb\xbftwo"));
    EXPECT_EQ(lines[0].line.position, 0u);
    EXPECT_EQ(lines[0].line.offset, 3u);
    EXPECT_EQ(lines[0].line.end, 7u);
    EXPECT_THAT(texts(read("\xef\xbb\xbf")), ElementsAre());
    EXPECT_THAT(texts(read("\xef\xbb\xbf\r\n\none")), ElementsAre("one"));
    EXPECT_THAT(texts(read("\xef\xbb\xbf" + std::string(100, 'x'))), ElementsAre(std::string(100, 'x')));
    const auto long_line = read("\xef\xbb\xbf" + std::string(101, 'x') + "\n");
    EXPECT_TRUE(long_line.at(0).line.too_long);
    EXPECT_EQ(long_line[0].line.length, 101u);
}

TEST_F(LineReaderTest, SaysWhereReadingFailed) {
    const FileDescriptor folder(::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY));
    LineReader reader(folder.get(), LineReader::Access::positioned, 100, 16);
    try {
        reader.fill();
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), SLUICE_UNAVAILABLE);
        EXPECT_THAT(failure.what(),
                    testing::StartsWith("cannot read " + folder_.path("").substr(0, folder_.path("").size() - 1)));
    }
}

}  // namespace
}  // namespace sluice::file
