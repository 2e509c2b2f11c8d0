#include "encoding.hpp"

#include <gmock/gmock.h>

namespace sluice::file {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

std::string refusal(std::string_view beginning) {
    try {
        refuse_foreign(beginning, "in.jsonl", SLUICE_INVALID);
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), SLUICE_INVALID);
        return failure.what();
    }
    return {};
}

TEST(Encoding, NamesWhatIsNoTextAndWhatToDo) {
    EXPECT_EQ(
        refusal("\x1f\x8b\x08\0\0"sv),
        "in.jsonl is compressed with gzip, and lines are read as UTF-8 only: convert it first, such as with `zcat FILE`, into "
        "another file or into standard input with `path: \"-\"`");
    EXPECT_THAT(refusal("\x28\xb5\x2f\xfd\x24"sv), HasSubstr("compressed with zstd"));
    EXPECT_THAT(refusal("BZh91AY&SY\x01"sv), HasSubstr("compressed with bzip2"));
    EXPECT_THAT(refusal("\xfd"
                        "7zXZ\0\0"sv),
                HasSubstr("compressed with xz"));
    EXPECT_THAT(refusal("\xff\xfe{\0\"\0"sv), HasSubstr("UTF-16 text"));
    EXPECT_THAT(refusal("\xfe\xff\0{\0\""sv), HasSubstr("UTF-16 text"));
    EXPECT_THAT(refusal("{\0\"\0a\0"sv), HasSubstr("iconv -f UTF-16LE"));
    EXPECT_THAT(refusal("\0{\0\"\0a"sv), HasSubstr("iconv -f UTF-16BE"));
    EXPECT_THAT(refusal("\xff\xfe\0\0{\0\0\0"sv), HasSubstr("UTF-32 text"));
    EXPECT_THAT(refusal("{\0\0\0\"\0\0\0"sv), HasSubstr("UTF-32 text"));
}

TEST(Encoding, LeavesAllOtherBytesAlone) {
    for (const std::string_view text :
         {""sv, "{\"a\":1}\n"sv, "\xef\xbb\xbf{}"sv, "\x1f"sv, "BZh is a word\n"sv, "a\0b"sv, "\0\0\0\0"sv, "\xff\n"sv})
        EXPECT_EQ(refusal(text), "") << text;
}

}  // namespace
}  // namespace sluice::file
