// Everything that is wrong with a configuration, gathered so that a person fixes it in one go.
//
// Threads      one.
// Limits       text() shows limits::config_errors_shown lines and counts the rest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/node.hpp"

namespace sluice {

class Problems {
public:
    // `path` is the key's path, or empty for a problem of the whole file. `sentence` says what is wrong and the remedy.
    void add(const Mark& mark, std::string_view path, std::string_view sentence);

    bool empty() const { return problems_.empty(); }
    std::size_t size() const { return problems_.size(); }

    // "flights.yaml:14:5: pools.airports.wokers: unknown key; did you mean "workers"?", by position in the file.
    std::vector<std::string> lines() const;
    std::string text() const;

private:
    struct Problem {
        std::uint32_t line;
        std::uint32_t column;
        std::string text;
    };
    std::vector<Problem> problems_;
};

}  // namespace sluice
