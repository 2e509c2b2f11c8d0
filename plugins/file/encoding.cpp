#include "encoding.hpp"

#include <array>

#include "file_descriptor.hpp"

namespace sluice::file {
namespace {

using namespace std::string_view_literals;

struct Known {
    std::string_view magic;
    std::string_view what;
    std::string_view tool;  // prints it as lines
};

// The first bytes that each format's specification gives. That of UTF-16 begins that of UTF-32, which therefore comes first.
constexpr std::array known{
    Known{"\x1f\x8b"sv, "compressed with gzip", "zcat"}, Known{"\x28\xb5\x2f\xfd"sv, "compressed with zstd", "zstdcat"},
    Known{"\xfd"
          "7zXZ\0"sv,
          "compressed with xz", "xzcat"},
    Known{"\x04\x22\x4d\x18"sv, "compressed with lz4", "lz4cat"}, Known{"PK\x03\x04"sv, "a zip archive", "unzip -p"},
    Known{"\xff\xfe\0\0"sv, "UTF-32 text", "iconv -f UTF-32 -t UTF-8"},
    Known{"\0\0\xfe\xff"sv, "UTF-32 text", "iconv -f UTF-32 -t UTF-8"},
    Known{"\xff\xfe"sv, "UTF-16 text", "iconv -f UTF-16 -t UTF-8"},
    Known{"\xfe\xff"sv, "UTF-16 text", "iconv -f UTF-16 -t UTF-8"},
    // Without a byte order mark, JSON is known by its zero bytes (RFC 4627, section 3).
    Known{"{\0\0\0"sv, "UTF-32 text", "iconv -f UTF-32LE -t UTF-8"},
    Known{"\0\0\0{"sv, "UTF-32 text", "iconv -f UTF-32BE -t UTF-8"},
    Known{"{\0\"\0"sv, "UTF-16 text", "iconv -f UTF-16LE -t UTF-8"},
    Known{"\0{\0\""sv, "UTF-16 text", "iconv -f UTF-16BE -t UTF-8"}};

bool is_bzip2(std::string_view bytes) {
    return bytes.size() >= 10 && bytes.starts_with("BZh") && bytes.substr(4, 6) == "1AY&SY"sv;
}

}  // namespace

void refuse_foreign(std::string_view beginning, const std::string& name, sluice_status status) {
    const auto refuse = [&](std::string_view what, std::string_view tool) {
        throw Failure(status, name + " is " + std::string(what) +
                                  ", and lines are read as UTF-8 only: convert it first, such as with `" + std::string(tool) +
                                  " FILE`, into another file or into standard input with `path: \"-\"`");
    };
    if (is_bzip2(beginning)) refuse("compressed with bzip2", "bzcat");
    for (const Known& each : known)
        if (beginning.starts_with(each.magic)) refuse(each.what, each.tool);
}

bool is_foreign_file(int descriptor) {
    try {
        refuse_foreign_file(descriptor, {}, SLUICE_INVALID);
    } catch (const Failure& failure) {
        return failure.code() == SLUICE_INVALID;
    }
    return false;
}

void refuse_foreign_file(int descriptor, const std::string& name, sluice_status status) {
    std::array<char, telling_bytes> bytes;
    refuse_foreign({bytes.data(), read_at(descriptor, bytes.data(), bytes.size(), 0)}, name, status);
}

}  // namespace sluice::file
