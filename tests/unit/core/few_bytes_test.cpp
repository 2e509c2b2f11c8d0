#include "core/few_bytes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

constexpr std::size_t sizes = 70;  // past each of the ways it is done

std::string letters(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
    return text;
}

TEST(FewBytes, AreCopiedWholeAndNothingAroundThem) {
    for (std::size_t size = 0; size < sizes; ++size) {
        std::string to(size + 2, '-');
        copy_few(to.data() + 1, letters(size).data(), size);
        EXPECT_EQ(to, "-" + letters(size) + "-");
    }
}

TEST(FewBytes, AreEqualOnlyIfEveryByteIs) {
    for (std::size_t size = 0; size < sizes; ++size) {
        const std::string text = letters(size);
        EXPECT_TRUE(equal_few(text, letters(size)));
        EXPECT_FALSE(equal_few(text, letters(size + 1)));
        for (std::size_t at = 0; at < size; ++at) {
            std::string other = text;
            other[at] = '-';
            EXPECT_FALSE(equal_few(text, other)) << size << " bytes, at " << at;
        }
    }
}

}  // namespace
}  // namespace sluice
