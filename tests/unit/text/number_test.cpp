#include "text/number.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/limits.hpp"

namespace sluice {
namespace {

std::string canonical(std::string_view number) {
    std::string scratch = "left over";
    EXPECT_NE(number_form(number), NumberForm::none) << number;
    return std::string(canonical_number(number, scratch));
}

TEST(Number, IsWhatJsonSaysItIs) {
    for (const char* text : {"0", "-1", "10", "123456789012345678901234567890"})
        EXPECT_EQ(number_form(text), NumberForm::canonical) << text;
    for (const char* text : {"-0", "0.0", "1.5", "1e3", "1E+3", "1e-3", "-0.0e0"})
        EXPECT_EQ(number_form(text), NumberForm::other) << text;
    for (const char* text :
         {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "1_000", "--1", "1.e5", "inf", "nan", "1 ", "1.5.5"})
        EXPECT_EQ(number_form(text), NumberForm::none) << text;
}

TEST(Number, HasOneFormHoweverItIsWritten) {
    for (const auto& [form, texts] : std::map<std::string, std::vector<std::string>>{
             {"1", {"1", "1.0", "1e0", "10e-1", "0.1E1", "1.000e+00"}},
             {"10", {"10", "1e1", "10.0", "1E+01", "100e-1"}},
             {"0", {"0", "-0", "0.0", "-0.0", "0e400", "0.000e-99999999999999999999"}},
             {"-1.5", {"-1.5", "-1.50", "-15e-1", "-0.15e1"}},
             {"0.00012", {"0.00012", "1.2e-4", "12E-5"}},
             {"1e400", {"1e400", "1.0E400", "10e399", "0.1e+401"}},
             {"1e-400", {"1e-400", "10e-401"}},
             {"123456789012345678901234567890", {"123456789012345678901234567890", "123456789012345678901234567890.0"}}})
        for (const std::string& text : texts) EXPECT_EQ(canonical(text), form) << text;
}

TEST(Number, StaysItselfWhereADoubleWouldRound) {
    EXPECT_NE(canonical("123456789012345678901234567890"), canonical("123456789012345678901234567891"));
    EXPECT_NE(canonical("0.1"), canonical("0.1000000000000000055511151231257827"));
    EXPECT_NE(canonical("1e400"), canonical("1e401"));
    EXPECT_NE(canonical("9007199254740993"), canonical("9007199254740992"));
}

TEST(Number, HasAFormThatIsNoLongerThanItselfOrSixtyFourDigits) {
    EXPECT_EQ(canonical("1e63"), "1" + std::string(63, '0'));
    EXPECT_EQ(canonical("1e64"), "1e64");
    EXPECT_EQ(canonical("1" + std::string(64, '0')), "1e64");
    EXPECT_EQ(canonical("1e999999999999999999"), "1e999999999999999999");
    const std::string digits = std::string(200, '7');
    EXPECT_EQ(canonical(digits), digits);
    EXPECT_EQ(canonical(digits + ".5"), digits + ".5");
    EXPECT_EQ(canonical(digits + "0"), digits + "e1");
    EXPECT_EQ(canonical("1e1000000000000000000000"), "1e1000000000000000000000") << "left as it is written";
}

// A number moved by a power of ten and back is the same number.
TEST(Number, KeepsItsFormUnderEverySpelling) {
    std::mt19937 random(20010101);
    const auto below = [&](int bound) { return std::uniform_int_distribution(0, bound - 1)(random); };
    for (int round = 0; round < 20'000; ++round) {
        std::string digits(1, static_cast<char>('1' + below(9)));
        for (int left = below(30); left > 0; --left) digits += static_cast<char>('0' + below(10));
        const int exponent = below(120) - 60;
        const std::string sign = below(2) == 0 ? "-" : "";
        const std::string plain = sign + digits + "e" + std::to_string(exponent);
        const std::string form = canonical(plain);
        EXPECT_EQ(canonical(form), form);
        EXPECT_EQ(other_spelling(form), std::nullopt) << form;
        const int point = below(static_cast<int>(digits.size()) + 1);
        std::string shifted =
            digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point)) + "0";
        if (point == 0) shifted.insert(0, "0");
        const int moved = exponent + static_cast<int>(digits.size()) - point;
        const std::string other = sign + shifted + "E" + (moved < 0 ? "" : "+") + std::to_string(moved);
        EXPECT_EQ(canonical(other), form) << plain << " " << other;
    }
}

TEST(Number, IsConvertedToTheNearestReal) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(real_of("7627.3333333333333333"), 7627.3333333333333333);
    EXPECT_EQ(real_of("0.95000000000000000000"), 0.95);
    EXPECT_EQ(real_of("5e-324"), std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(real_of("1.7976931348623157e308"), std::numeric_limits<double>::max());
    EXPECT_EQ(real_of("1e400"), infinity);
    EXPECT_EQ(real_of("-1e400"), -infinity);
    EXPECT_EQ(real_of("1" + std::string(400, '0')), infinity);
    EXPECT_EQ(real_of(std::string(400, '7')), infinity);
    EXPECT_EQ(real_of("1e-400"), 0);
    EXPECT_EQ(real_of("0." + std::string(400, '0') + "1"), 0);
    EXPECT_EQ(real_of("1e99999999999999999999"), infinity);
    EXPECT_EQ(real_of("1E-99999999999999999999"), 0);
}

}  // namespace
}  // namespace sluice
