// What a handler has done with a message, as the fake host keeps it: testing.hpp.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sluice::inline sdk {

// A statement that a handler ran, its values as SQL would write them: 'text', 42, 1.5, NULL, TRUE, x'00ff'.
struct FakeWrite {
    std::string database;
    std::string sql;
    std::vector<std::string> values;
    bool in_unit = true;  // false: query_committed
};

struct FakePublished {
    std::string target{};
    std::string body{};
    std::string key{};
    std::string id{};
    std::vector<std::pair<std::string, std::string>> headers{};
    std::chrono::milliseconds delay{0};
};

}  // namespace sluice::inline sdk
