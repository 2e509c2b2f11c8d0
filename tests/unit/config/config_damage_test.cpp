// A configuration that was damaged on the way: whatever it holds, reading it ends with a configuration or with problems.
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "config/configuration.hpp"
#include "config/print.hpp"

namespace sluice {
namespace {

class ReadingADamagedConfiguration : public ConfigurationTest {};

TEST_F(ReadingADamagedConfiguration, EndsWithAConfigurationOrWithProblems) {
    std::stringstream example;
    example << std::ifstream(SLUICE_ROOT "/docs/examples/flights.yaml").rdbuf();
    const std::string original = example.str();
    const std::string letters = "{}[]:,&*#?|->!%@`'\"\\ \n\t<~$x0\x04\xff";
    std::mt19937 random(20010101);
    const auto below = [&](std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random); };
    std::size_t read_well = 0, refused = 0;
    for (int round = 0; round < 1500; ++round) {
        std::string text = original;
        for (std::size_t change = 0; change <= below(4); ++change) {
            const std::size_t at = below(text.size());
            switch (below(4)) {
                case 0: text[at] = letters[below(letters.size())]; break;
                case 1: text.insert(at, 1, letters[below(letters.size())]); break;
                case 2: text.erase(at, 1 + below(20)); break;
                case 3: text.insert(at, text.substr(below(text.size()), below(40))); break;
            }
        }
        const ReadConfig result = read(text);
        if (result.problems.empty()) {
            ++read_well;
            EXPECT_FALSE(print_config(result.config).empty());
        } else {
            ++refused;
            for (const std::string& line : result.problems.lines())
                ASSERT_EQ(line.rfind((folder_ / "c.yaml:").string(), 0), 0u) << line;
        }
    }
    EXPECT_GT(read_well, 100u);
    EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace sluice
